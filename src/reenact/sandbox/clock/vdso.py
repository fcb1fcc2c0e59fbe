"""Which bytes of a vDSO image to change so that programs find our functions in it.

Programs look the functions up by name in the image's dynamic symbols (glibc, musl and Go all
do; there is no other way: the vDSO has no fixed place). Those symbols are pointed at a blob
that calls the kernel's functions, which stay as they are. The blob lies in the unused end of
the last page, or over the section headers, which nothing reads from a loaded image.
ELF: System V gABI, chapters 4 and 5.
"""

from __future__ import annotations

import struct

from reenact.sandbox.clock import code

_PAGE = 4096
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_HASH, _DT_STRTAB, _DT_SYMTAB = 4, 5, 6
_E_SHOFF_AT, _E_SHNUM_AT = 40, 60
_X86_64 = 62

_FUNCTIONS = ("__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time")


class Unsuitable(Exception):
    """The image cannot be changed; the text says why."""


def supported(machine: str) -> bool:
    """By `os.uname().machine`."""
    return machine == "x86_64"


def changes(image: bytes, offset_ns: int) -> tuple[list[tuple[int, bytes]], int]:
    """What to write where, and where the blob is; places count from the image's begin.

    `image`: whole pages, as mapped. Raises Unsuitable.
    """
    try:
        return _changes(image, offset_ns)
    except (struct.error, IndexError, ValueError) as error:
        raise Unsuitable(f"the vDSO is not as expected: {error}") from error


def _changes(image: bytes, offset_ns: int) -> tuple[list[tuple[int, bytes]], int]:
    header = _HEADER.unpack_from(image)
    if header[0][:5] != b"\x7fELF\x02" or header[2] != _X86_64:
        raise Unsuitable("a program of another architecture")
    symbols = _symbols(image, header)
    originals = {name: value for _, name, value in symbols if name in _FUNCTIONS}
    if "__vdso_clock_gettime" not in originals:
        raise Unsuitable("the vDSO has no clock_gettime")
    size = len(code.x86_64(0, originals, 0)[0])
    at, out = _room(image, header, size)
    blob, ours = code.x86_64(at, originals, offset_ns)
    out.append((at, blob))
    moved = {originals[name]: place for name, place in ours.items()}  # for aliases too
    for place, _, value in symbols:
        if value in moved:
            out.append((place, struct.pack("<Q", moved[value])))
    return out, at


def _symbols(image: bytes, header: tuple[int, ...]) -> list[tuple[int, str, int]]:
    """(place of the value, name, value) of each dynamic symbol."""
    dynamic = _dynamic(image, header)
    count = struct.unpack_from("<I", image, dynamic[_DT_HASH] + 4)[0]  # nchain
    out = []
    for index in range(count):
        at = dynamic[_DT_SYMTAB] + index * _SYMBOL.size
        name, _, _, _, value, _ = _SYMBOL.unpack_from(image, at)
        begin = dynamic[_DT_STRTAB] + name
        text = image[begin : image.index(b"\0", begin)].decode("ascii", "replace")
        out.append((at + 8, text, value))
    return out


def _dynamic(image: bytes, header: tuple[int, ...]) -> dict[int, int]:
    """The dynamic section's entries; a vDSO is linked at 0, so addresses are offsets."""
    segments = [_SEGMENT.unpack_from(image, header[5] + i * header[9]) for i in range(header[10])]
    if any(s[0] == _PT_LOAD and (s[2], s[3]) != (0, 0) for s in segments):
        raise Unsuitable("the vDSO is not linked at 0")
    out: dict[int, int] = {}
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind == _PT_DYNAMIC:
            out.update(struct.iter_unpack("<qQ", image[offset : offset + size]))
    if not {_DT_HASH, _DT_STRTAB, _DT_SYMTAB} <= out.keys():
        raise Unsuitable("the vDSO has no symbols")
    return out


def _room(image: bytes, header: tuple[int, ...], size: int) -> tuple[int, list[tuple[int, bytes]]]:
    """Where `size` bytes may go, and what to write to make that so."""
    sections = header[6]
    end = -(-max(len(image.rstrip(b"\0")), sections + header[11] * header[12]) // 16) * 16
    if end + size <= len(image):
        return end, []
    at = -(-sections // 16) * 16
    if not sections or at + size > len(image):
        raise Unsuitable("the vDSO has no room")
    return at, [(_E_SHOFF_AT, bytes(8)), (_E_SHNUM_AT, bytes(4))]
