"""A recording on disk: one append-only file (docs/capture-format.md)."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec

from reenact.base.errors import StoreError
from reenact.model.segment import Flow, Segment
from reenact.store.blocks import MAGIC, VERSION, Kind, Torn, read_blocks


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """`started_ns` is wall clock, nanoseconds since the epoch."""

    reenact: str
    command: tuple[str, ...]
    started_ns: int


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """What the recorder saw, stored and lost, exactly. `notes` are for people."""

    connections: int = 0
    seen_bytes: int = 0
    stored_bytes: int = 0
    lost_bytes: int = 0
    lost_why: dict[str, int] = {}
    notes: tuple[str, ...] = ()


class Capture:
    """An opened recording. `torn` says why its end is missing ("" when it is whole)."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        self.torn = ""
        self.accounting: Accounting | None = None
        self._flows: dict[int, Flow] = {}
        self._segments: dict[int, list[Segment]] = {}
        meta: Meta | None = None
        try:
            for kind, block in read_blocks(data, len(MAGIC) + 1):
                if kind is Kind.META:
                    meta = msgspec.msgpack.decode(block, type=Meta)
                else:
                    self._take(kind, block)
        except Torn as torn:
            self.torn = str(torn)
        if meta is None:
            raise StoreError(
                f"{path}: the recording was cut before it began ({self.torn or 'no content'}); "
                "record again"
            )
        self.meta = meta

    def _take(self, kind: Kind, block: bytes) -> None:
        if kind is Kind.FLOWS:
            for flow in msgspec.msgpack.decode(block, type=list[Flow]):
                self._flows[flow.id] = flow
        elif kind is Kind.SEGMENTS:
            for segment in msgspec.msgpack.decode(block, type=list[Segment]):
                self._segments.setdefault(segment.flow, []).append(segment)
        else:
            self.accounting = msgspec.msgpack.decode(block, type=Accounting)

    @property
    def flows(self) -> dict[int, Flow]:
        """By id. A flow whose bytes were stored is always there."""
        return self._flows

    def segments(self, flow: int) -> list[Segment]:
        return self._segments.get(flow, [])

    def all_segments(self) -> Iterator[Segment]:
        everything = [s for segments in self._segments.values() for s in segments]
        return iter(sorted(everything, key=lambda s: s.seq))


def open_capture(path: Path) -> Capture:
    """Raises StoreError, one line with the remedy, for what is no readable recording."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size == 0:
                raise StoreError(f"{path}: the file is empty; record again")
            data = cast(bytes, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise StoreError(f"{path}: no such recording; make one with `reenact record`") from None
    except OSError as bad:
        raise StoreError(f"{path}: cannot be read: {bad}") from None
    if data[: len(MAGIC)] != MAGIC[:size]:
        raise StoreError(f"{path}: this is no reenact recording")
    if size <= len(MAGIC):
        raise StoreError(f"{path}: the recording was cut before it began; record again")
    if data[len(MAGIC)] > VERSION:
        raise StoreError(
            f"{path}: capture format {data[len(MAGIC)]}, this version reads 1 to {VERSION}; "
            "upgrade reenact or record again"
        )
    return Capture(path, data)
