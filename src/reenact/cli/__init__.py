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

    sys.exit(run(sys.argv[1:]))
