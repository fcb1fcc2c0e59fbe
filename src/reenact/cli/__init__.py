"""The command line: one file for each command, all else below this floor.

`app` lists the commands, `errors` turns whatever went wrong into one line and an exit code,
`options` what several commands take, `select` reads `-k`, `places` knows the files beside a suite.
Commands import what they run inside their functions, so that `--help` is there at once.
"""

from __future__ import annotations


def main() -> None:
    """The console script."""
    import sys

    from reenact.cli.app import run

    _end_as_by_ctrl_c()
    sys.exit(run(sys.argv[1:]))


def _end_as_by_ctrl_c() -> None:
    """A runner's SIGTERM and a closed terminal's SIGHUP leave as little behind as Ctrl-C does."""
    import signal

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # else: nohup
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
