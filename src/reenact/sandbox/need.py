"""Starting a sandbox, or one line that says why there is none and what to do instead.

Importable on any system, unlike what it starts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reenact.base.errors import MachineError
from reenact.sandbox.check import EXPLICIT, Check

if TYPE_CHECKING:
    from reenact.sandbox.process import Sandbox
    from reenact.sandbox.spec import SandboxSpec


def diagnose() -> list[Check]:
    """What `reenact doctor` tells: on Linux every check, elsewhere that it is not Linux."""
    if sys.platform != "linux":
        return [Check("Linux", False, f"this is {sys.platform}", f"use Linux, or {EXPLICIT}")]
    from reenact.sandbox import doctor

    return doctor.diagnose()


def linux() -> None:
    """Raises MachineError on any other system."""
    if sys.platform != "linux":
        raise MachineError(f"no sandbox here: this is {sys.platform}; use Linux, or {EXPLICIT}")


def start(spec: SandboxSpec) -> Sandbox:
    """`process.start`; a MachineError names the reason as `reenact doctor` does, and the remedy."""
    linux()
    from reenact.sandbox import process

    try:
        return process.start(spec)
    except (process.NoClock, process.NoSeed):
        raise
    except MachineError:
        from reenact.sandbox import doctor

        if (reason := doctor.supported()) is None:
            raise
        raise MachineError(f"no sandbox here: {reason}") from None
