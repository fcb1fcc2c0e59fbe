"""What a program finds of randomness when it begins: 16 bytes beside its arguments (AT_RANDOM,
which C libraries and Go's runtime take as their first seed), and a function in the vDSO that
draws without a system call (Linux 6.11, used by glibc 2.41 and Go 1.24)."""

from __future__ import annotations

import os
import struct

AT_RANDOM = 25
AT_RANDOM_BYTES = 16
_NAMES = (b"\0__vdso_getrandom\0", b"\0__kernel_getrandom\0")


def set_start_bytes(memory: int, auxiliary: dict[int, int], data: bytes) -> None:
    """`memory` is a descriptor of /proc/<pid>/mem, `auxiliary` the vector. Raises OSError."""
    assert len(data) == AT_RANDOM_BYTES
    if address := auxiliary.get(AT_RANDOM, 0):
        os.pwrite(memory, data, address)


def without_getrandom(image: bytes) -> list[tuple[int, bytes]]:
    """What to write where, so that programs find no such function in a vDSO and ask the kernel:
    they look it up by name. Places count from the image's begin."""
    out = []
    for name in _NAMES:
        at = image.find(name)
        if at >= 0:
            out.append((at, name.replace(b"getrandom", b"not_here_")))
    return out


def auxiliary_vector(pid: str) -> dict[int, int]:
    """By type (getauxval(3)); of a 64-bit program. Raises OSError."""
    with open(f"/proc/{pid}/auxv", "rb") as source:
        data = source.read()
    return dict(struct.iter_unpack("<QQ", data[: len(data) // 16 * 16]))
