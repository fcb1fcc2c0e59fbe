"""`reenact compile`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reenact.cli import making
from reenact.cli.options import DEFAULT_SUITE, SuiteDir


def compile_(
    capture: Annotated[Path, typer.Argument(help="A recording made by reenact record.")],
    suite: SuiteDir = DEFAULT_SUITE,
) -> int:
    """Make the suite of a recording anew, without the rehearsals.

    The same recording gives the same files. Edits in the cases are lost.

    \b
      reenact compile reenact/.local/recording.capture
      reenact rehearse
    """
    from reenact.store.suite import save_suite

    made = making.compiled(capture, suite)
    save_suite(made, suite)
    return making.tell(made, suite, making.say_on_stderr)
