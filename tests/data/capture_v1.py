"""Makes capture-v1.reenact; see README.md."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from reenact.model.segment import Role, SegmentKind, Side
from reenact.store.writer import CaptureWriter
from tests.store.recordings import META, flow


def make(path: Path) -> None:
    writer = CaptureWriter(path, META, print)
    writer.flow(flow(1))
    writer.keep(1, Side.CLIENT, SegmentKind.OPEN, 0)
    writer.keep(1, Side.CLIENT, SegmentKind.DATA, 10, b"GET / HTTP/1.1\r\n\r\n")
    writer.flush()
    writer.flow(msgspec.structs.replace(flow(2, Role.OUTBOUND), tls=True, sni="db.example"))
    writer.keep(2, Side.CLIENT, SegmentKind.OPEN, 20)
    writer.keep(2, Side.SERVER, SegmentKind.RESET, 30, b"connect: Connection refused")
    writer.keep(1, Side.SERVER, SegmentKind.DATA, 40, b"HTTP/1.1 204 No Content\r\n\r\n")
    writer.keep(1, Side.SERVER, SegmentKind.EOF, 50)
    writer.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
