"""The one place where what went wrong becomes a line on stderr and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from reenact.base.errors import Exit, ReenactError

# Where click lives differs by version of typer (own copy since 0.16); its errors are found here.
_CLICK_ERROR = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def guarded(work: Callable[[], object]) -> int:
    """Run `work`, which returns an exit code or None."""
    try:
        code = work()
        with reader_may_leave():
            sys.stdout.flush()
    except (typer.Exit, SystemExit) as done:
        code = getattr(done, "exit_code", getattr(done, "code", 0))
    except BrokenPipeError:
        _silence()  # `reenact inspect | head` has what it wanted
        code = Exit.AS_RECORDED
    except (KeyboardInterrupt, typer.Abort):
        code = _tell("interrupted: nothing was decided", Exit.UNDECIDED)
    except ReenactError as error:
        code = _tell(f"error: {error}", error.exit)
    except Exception as error:  # noqa: BLE001 (the last place that can answer it)
        code = _unexpected(error)
    return int(code) if isinstance(code, int) else Exit.AS_RECORDED


def _unexpected(error: Exception) -> int:
    if isinstance(error, _CLICK_ERROR):
        return _usage(error)
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        return _tell(f"error: {where}{error.strerror}", Exit.ENVIRONMENT)
    saved = _save_traceback(error)
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return _tell(f"error: a bug in reenact ({what}); please report it with {saved}", Exit.OUR_FAULT)


def _usage(error: BaseException) -> int:
    """`error` is click's: it knows the command that was misused."""
    context = getattr(error, "ctx", None)
    message = str(getattr(error, "format_message", lambda: error)())
    path = context.command_path if context is not None else "reenact"
    return _tell(f"error: {message.rstrip('.')}; see {path} --help", Exit.USAGE)


def _tell(message: str, code: Exit) -> Exit:
    sys.stderr.write(f"reenact: {message}\n")
    return code


def _save_traceback(error: Exception) -> Path:
    handle, name = tempfile.mkstemp(prefix="reenact-crash-", suffix=".txt")  # 0600
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("".join(traceback.format_exception(error)))
    return Path(name)


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """For what is told on the way to an exit code: `reenact test | head` still has that of the test."""
    try:
        yield
    except BrokenPipeError:
        _silence()


def _silence() -> None:
    """Python flushes stdout once more when it ends; let that go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
