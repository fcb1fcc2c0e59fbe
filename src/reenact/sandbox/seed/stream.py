"""Which bytes a process gets: by the seed, the process's name, and how often it has drawn."""

from __future__ import annotations

import hashlib


def drawn(seed: int, process: str, source: str, number: int, size: int) -> bytes:
    """`number` counts draws of that `source` ("getrandom", a device's opening ...) from 0."""
    told = f"reenact {seed} {process} {source} {number}".encode()
    return hashlib.shake_256(told).digest(size)
