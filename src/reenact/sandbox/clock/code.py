"""Machine code that is put into a vDSO, as bytes: nothing is compiled at run time.

Each function calls the kernel's own one and adds the offset, if the clock is one of wall time
(CLOCK_REALTIME 0, _COARSE 5, _ALARM 8, TAI 11). So a call costs what it did, and a few cycles.

The offset is one word, so that a reader never sees half of a change:
`seconds << 30 | nanoseconds`, with 0 <= nanoseconds < 10**9 and seconds signed, 34 bits.
"""

from __future__ import annotations

import struct

MARK = b"reenact\1"
"""Stands before the offset's word, at the blob's begin: tells our blob from anything else."""

WORD_AT = len(MARK)
_CODE_AT = WORD_AT + 8
_SECOND_NS = 10**9


def word(offset_ns: int) -> bytes:
    """An offset as the code reads it."""
    seconds, nanoseconds = divmod(offset_ns, _SECOND_NS)
    return struct.pack("<q", seconds << 30 | nanoseconds)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


# -- x86-64 ----------------------------------------------------------------------------------

_X86_CLOCK_GETTIME = (  # int f(edi: clock, rsi: struct timespec *)
    "57",  # push rdi
    "56",  # push rsi
    "4883ec08",  # sub rsp, 8           keeps the stack aligned
    "e8 CLOCK_GETTIME",  # call the kernel's
    "4883c408",  # add rsp, 8
    "5e",  # pop rsi
    "5f",  # pop rdi
    "85c0",  # test eax, eax
    "7544",  # jne out                  it failed
    "83ff0b",  # cmp edi, 11
    "773f",  # ja out
    "b921090000",  # mov ecx, 0x921      bits 0, 5, 8, 11
    "0fa3f9",  # bt ecx, edi
    "7335",  # jnc out                  not wall time
    "488b15 WORD",  # mov rdx, [word]
    "4889d1",  # mov rcx, rdx
    "48c1fa1e",  # sar rdx, 30          seconds
    "81e1ffffff3f",  # and ecx, 2^30-1  nanoseconds
    "480316",  # add rdx, [rsi]
    "48034e08",  # add rcx, [rsi+8]
    "4881f900ca9a3b",  # cmp rcx, 10^9
    "7c0a",  # jl store
    "4881e900ca9a3b",  # sub rcx, 10^9
    "48ffc2",  # inc rdx
    "488916",  # store: mov [rsi], rdx
    "48894e08",  # mov [rsi+8], rcx
    "c3",  # out: ret
)
_X86_GETTIMEOFDAY = (  # int f(rdi: struct timeval *, rsi: struct timezone *)
    "57",  # push rdi
    "e8 GETTIMEOFDAY",  # call the kernel's   for the time zone and for errors
    "5e",  # pop rsi
    "85c0",  # test eax, eax
    "7520",  # jne out
    "4885f6",  # test rsi, rsi
    "741b",  # je out
    "56",  # push rsi
    "31ff",  # xor edi, edi
    "e8 OURS",  # call our clock_gettime(0, tv)
    "5e",  # pop rsi
    "48694e08d34d6210",  # imul rcx, [rsi+8], ceil(2^38/1000)
    "48c1e926",  # shr rcx, 38          nanoseconds to microseconds
    "48894e08",  # mov [rsi+8], rcx
    "31c0",  # xor eax, eax
    "c3",  # out: ret
)
_X86_TIME = (  # long f(rdi: long *)
    "57",  # push rdi
    "4883ec10",  # sub rsp, 16
    "bf05000000",  # mov edi, 5         the coarse clock, as the kernel's time() has it
    "4889e6",  # mov rsi, rsp
    "e8 OURS",  # call our clock_gettime
    "58",  # pop rax
    "59",  # pop rcx
    "5f",  # pop rdi
    "4885ff",  # test rdi, rdi
    "7403",  # je out
    "488907",  # mov [rdi], rax
    "c3",  # out: ret
)


def x86_64(at: int, originals: dict[str, int], offset_ns: int) -> tuple[bytes, dict[str, int]]:
    """The blob to put at `at`, and where its functions then are, by their vDSO names.

    `originals`: the kernel's functions by name. All places count from the image's begin.
    """
    blob = bytearray(MARK + word(offset_ns))
    places = {"WORD": at + WORD_AT}
    places["CLOCK_GETTIME"] = originals["__vdso_clock_gettime"]
    places["GETTIMEOFDAY"] = originals.get("__vdso_gettimeofday", 0)
    out = {}
    for name, lines in (
        ("__vdso_clock_gettime", _X86_CLOCK_GETTIME),
        ("__vdso_gettimeofday", _X86_GETTIMEOFDAY),
        ("__vdso_time", _X86_TIME),
    ):
        if name not in originals:
            continue
        out[name] = at + len(blob)
        for line in lines:
            operation, _, target = line.partition(" ")
            blob += _hex(operation)
            if target:  # relative to the next instruction
                blob += struct.pack("<i", places[target] - (at + len(blob) + 4))
        places.setdefault("OURS", out["__vdso_clock_gettime"])
        blob += bytes(-len(blob) % 16)
    return bytes(blob), out
