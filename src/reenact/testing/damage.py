"""What happens to conversations: cut up, cut short, garbled. Deterministic: the same every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from reenact.model.segment import Side

Turns: TypeAlias = Sequence[tuple[Side, bytes]]
"""Who said what, in order: a sample conversation as it was on the wire."""


def split(turns: Turns, size: int) -> list[tuple[Side, bytes]]:
    """The same bytes in chunks of at most `size`."""
    return [(side, data[i : i + size]) for side, data in turns for i in range(0, len(data), size)]


def joined(turns: Turns) -> list[tuple[Side, bytes]]:
    """The same bytes with neighbouring chunks of a side made one."""
    out: list[tuple[Side, bytes]] = []
    for side, data in turns:
        if out and out[-1][0] is side:
            out[-1] = (side, out[-1][1] + data)
        else:
            out.append((side, data))
    return out


def prefixes(turns: Turns, steps: int) -> Iterator[list[tuple[Side, bytes]]]:
    """The conversation ended early, at about `steps` places spread evenly (every byte if short)."""
    total = sum(len(data) for _, data in turns)
    for cut in range(0, total, max(1, total // steps)):
        left, out = cut, []
        for side, data in turns:
            out.append((side, data[:left]))
            left -= len(data)
            if left <= 0:
                break
        yield [turn for turn in out if turn[1]]


def numbers(seed: str) -> Iterator[int]:
    """Numbers below 2**32 that are the same for the same seed (chance is an argument here)."""
    block, count = b"", 0
    while True:
        if not block:
            block = hashlib.sha256(f"{seed} {count}".encode()).digest()
            count += 1
        yield int.from_bytes(block[:4])
        block = block[4:]


def mutations(turns: Turns, count: int, seed: str = "") -> Iterator[list[tuple[Side, bytes]]]:
    """`count` versions of the conversation, each with one to four bytes changed, lost or added."""
    draw = numbers(f"mutations {seed}")
    for _ in range(count):
        out = [(side, bytearray(data)) for side, data in turns if data]
        for _ in range(1 + next(draw) % 4):
            _garble(out[next(draw) % len(out)][1], draw)
        yield [(side, bytes(data)) for side, data in out if data]


def _garble(data: bytearray, draw: Iterator[int]) -> None:
    at = next(draw) % (len(data) + 1)
    match next(draw) % 4:
        case 0:
            data.insert(at, next(draw) % 256)
        case 1:
            del data[at : at + 1 + next(draw) % 3]
        case 2:
            data[at : at + 1] = b"0123456789\r\n\0\xff"[next(draw) % 14 :][:1]
        case _:
            data[at : at + 1] = bytes([next(draw) % 256])


def noise(count: int, seed: str = "") -> Iterator[list[tuple[Side, bytes]]]:
    """`count` conversations of bytes that mean nothing."""
    draw = numbers(f"noise {seed}")
    for _ in range(count):
        yield [
            (Side(next(draw) % 2), bytes(next(draw) % 256 for _ in range(1 + next(draw) % 40)))
            for _ in range(1 + next(draw) % 8)
        ]
