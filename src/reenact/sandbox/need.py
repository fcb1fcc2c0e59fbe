"""Starting a sandbox, or one line that says why there is none and what to do instead.

Importable on any system, unlike what it starts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reenact.base.errors import MachineError

if TYPE_CHECKING:
    from reenact.sandbox.process import Sandbox
    from reenact.sandbox.spec import SandboxSpec


def linux() -> None:
    """Raises MachineError on any other system."""
    if sys.platform != "linux":
        raise MachineError(
            f"no sandbox here: this is {sys.platform}; use Linux, or `--mode explicit`, which "
            "works without"
        )


def start(spec: SandboxSpec) -> Sandbox:
    """`process.start`; a MachineError names the reason as `reenact doctor` does, and the remedy."""
    linux()
    from reenact.sandbox import process

    try:
        return process.start(spec)
    except MachineError:
        from reenact.sandbox import doctor

        if (reason := doctor.supported()) is None:
            raise
        raise MachineError(f"no sandbox here: {reason}") from None
