"""The commands there are, and running one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import typer

from reenact.base.errors import Exit
from reenact.cli import (
    accept,
    compile,
    doctor,
    errors,
    inspect,
    lint,
    record,
    rehearse,
    test,
    version,
)

HELP = """Record a running service, then re-enact it against a new build.

\b
  reenact record -- python -m orders      start it, use it, stop it with Ctrl-C
  reenact test -- python -m orders        sealed: every dependency played back

The suite in reenact/ is YAML to read, review and edit. `reenact COMMAND --help` has examples.
"""
# Options end where the service's command begins, with or without `--`.
COMMAND_LAST = {"allow_interspersed_args": False}

app = typer.Typer(
    help=HELP,
    add_completion=False,
    rich_markup_mode=None,  # plain help: rich costs 100 ms before the first line
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _add(name: str, function: Callable[..., int], short: str, **settings: Any) -> None:
    """`settings` are click's, for reading this command's line."""  # hence Any

    @functools.wraps(function)
    def command(*args: Any, **given: Any) -> int:
        # Here and not only in `run`: click has exit codes of its own for Ctrl-C and pipes.
        return errors.guarded(lambda: function(*args, **given))

    app.command(name, short_help=short, context_settings=settings)(command)


_add("record", record.record, "Start the service, record it, make a suite", **COMMAND_LAST)
_add("test", test.run_test, "Start it sealed, say what changed", **COMMAND_LAST)
_add("accept", accept.accept, "Make what changed the expectation")
_add("rehearse", rehearse.rehearse, "Learn what varies by itself", **COMMAND_LAST)
_add("compile", compile.compile_, "Make the suite of a recording anew")
_add("inspect", inspect.inspect, "Show what a suite or recording holds")
_add("lint", lint.lint, "Say what is wrong with a suite that passes")
_add("doctor", doctor.doctor, "Say what this machine supports")
_add("version", version.version, "Say which versions these are")


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command line `arguments`; never raises. Without any: the help."""
    words = list(arguments) or ["--help"]
    code = errors.guarded(lambda: app(args=words, prog_name="reenact", standalone_mode=False))
    return code if arguments else Exit.USAGE
