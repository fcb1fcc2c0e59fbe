"""What a sandbox with a seed has: names, answers, and what programs begin with."""

from __future__ import annotations

import os

from reenact.sandbox.files import notify, seccomp
from reenact.sandbox.seed.births import Births
from reenact.sandbox.seed.draws import Draws
from reenact.sandbox.seed.start import AT_RANDOM_BYTES
from reenact.sandbox.seed.stream import drawn


def impossible() -> str:
    """Why system calls cannot be answered here, or ""."""
    machine = os.uname().machine
    if not seccomp.supported(machine):
        return f"not supported on {machine} yet"
    if not notify.supported(notify.DESCRIPTORS_SINCE):
        return "Linux 5.9 or later is needed"
    return ""


class Seeded:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.births = Births()
        self.draws = Draws(seed, self.births)

    def start_bytes(self, pid: int) -> bytes:
        """Of a program that has just been loaded. Raises OSError when it is gone."""
        origin = self.births.began(pid)
        return drawn(self._seed, origin.name, "start", 0, AT_RANDOM_BYTES)
