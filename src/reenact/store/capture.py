"""A recording on disk: one append-only file (docs/capture-format.md)."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from reenact.base.errors import StoreError
from reenact.model.segment import Flow, Segment
from reenact.store.blocks import MAGIC, OLDEST, VERSION, Kind, Torn, scan, unpack
from reenact.store.files import Piece

T = TypeVar("T")


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """`started_ns` is wall clock, nanoseconds since the epoch. `addresses` are the service's own
    in its sandbox; none without one. `cwd` is the folder it was started in, and `owner` the user
    and group who recorded; neither is known of a recording without files. `hash_seed` is
    that of CPython's sets (0: the service's own)."""

    reenact: str
    command: tuple[str, ...]
    started_ns: int
    addresses: tuple[str, ...] = ()
    cwd: str = ""
    owner: tuple[int, int] | None = None
    hash_seed: int = 0


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """What the recorder saw, stored and lost, exactly: what was seen is what was stored and what
    was lost, for bytes and for connections. `files` counts what is told of changed files.
    `notes` are for people."""

    connections: int = 0
    stored_connections: int = 0
    lost_connections: int = 0
    lost_connections_why: dict[str, int] = {}
    seen_bytes: int = 0
    stored_bytes: int = 0
    lost_bytes: int = 0
    lost_why: dict[str, int] = {}
    files: int = 0
    lost_files: int = 0
    notes: tuple[str, ...] = ()


class BlockOfSegments(msgspec.Struct, frozen=True, array_like=True):
    """One line of the index: the block at this offset tells of these flows."""

    at: int
    flows: tuple[int, ...]


class Capture:
    """An opened recording. Its blocks were checked; segments are read when asked for.

    `torn` says why its end is missing ("" when it is whole): the last block of a recorder that was
    killed, or everything from a damaged place on. `accounting` is None then.
    `digest` names the content: equal files have equal digests.
    """

    def __init__(self, path: Path, data: memoryview) -> None:
        self.path = path
        self.digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        self.torn = ""
        self.accounting: Accounting | None = None
        self._blocks: dict[int, memoryview] = {}
        self._files: list[memoryview] = []
        self._flows: dict[int, Flow] = {}
        self._index: dict[int, list[int]] | None = None
        self._grouped: dict[int, list[Segment]] | None = None
        meta: Meta | None = None
        try:
            for kind, at, packed in scan(data, len(MAGIC) + 1):
                if kind is Kind.META:
                    meta = self._decoded(packed, Meta)
                else:
                    self._take(kind, at, packed)
        except Torn as torn:
            self.torn = f"{torn} (at byte {torn.at})"
        if meta is None:
            raise StoreError(
                f"{path}: the recording was cut before it began ({self.torn or 'no content'}); "
                "record again"
            )
        self.meta = meta

    @property
    def flows(self) -> dict[int, Flow]:
        """By id. A flow whose bytes were stored is always there."""
        return self._flows

    @property
    def started_wall_ns(self) -> int:
        return self.meta.started_ns

    def segments(self, flow: int) -> list[Segment]:
        """One flow's, in order. The first flow asked for is read by the index; from the second
        on, everything is read once and kept, so that asking for all flows stays linear."""
        if self._grouped is None and self._index is not None:
            blocks, self._index = self._index.get(flow, []), None
            return [s for at in blocks for s in self._of_block(at) if s.flow == flow]
        if self._grouped is None:
            self._grouped = {}
            for segment in self.all_segments():
                self._grouped.setdefault(segment.flow, []).append(segment)
        return self._grouped.get(flow, [])

    def all_segments(self) -> Iterator[Segment]:
        """In order of `seq`, one block in memory at a time."""
        for at in self._blocks:
            yield from self._of_block(at)

    def pieces(self) -> Iterator[Piece]:
        """Of the files that the service changed, one block in memory at a time."""
        for packed in self._files:
            yield from self._decoded(packed, list[Piece])

    def _of_block(self, at: int) -> list[Segment]:
        return self._decoded(self._blocks[at], list[Segment])

    def _take(self, kind: Kind, at: int, packed: memoryview) -> None:
        if kind is Kind.FLOWS:
            for flow in self._decoded(packed, list[Flow]):
                self._flows[flow.id] = flow
        elif kind is Kind.SEGMENTS:
            self._blocks[at] = packed
        elif kind is Kind.FILES:
            self._files.append(packed)
        elif kind is Kind.INDEX:
            self._index = {}
            for row in self._decoded(packed, list[BlockOfSegments]):
                for flow_id in row.flows:
                    self._index.setdefault(flow_id, []).append(row.at)
        else:
            self.accounting = self._decoded(packed, Accounting)

    def _decoded(self, packed: memoryview, kind: type[T]) -> T:
        """The checksum held, so a block that makes no sense was written by somebody else."""
        try:
            return msgspec.msgpack.decode(unpack(packed), type=kind)
        except (ValueError, msgspec.DecodeError) as bad:
            raise StoreError(
                f"{self.path}: a block holds something else than it says ({bad}); record again"
            ) from None


def open_capture(path: Path) -> Capture:
    """Raises StoreError, one line with the remedy, for what is no readable recording."""
    data = _mapped(path)
    head = bytes(data[: len(MAGIC) + 1])
    if head[: len(MAGIC)] != MAGIC[: len(head)]:
        raise StoreError(f"{path}: this is no reenact recording")
    if len(head) <= len(MAGIC):
        raise StoreError(f"{path}: the recording was cut before it began; record again")
    version = head[len(MAGIC)]
    if not OLDEST <= version <= VERSION:
        raise StoreError(
            f"{path}: capture format {version}, this version reads {OLDEST} to {VERSION}; "
            "upgrade reenact or record again"
        )
    return Capture(path, data)


def _mapped(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise StoreError(f"{path}: the file is empty; record again")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise StoreError(f"{path}: no such recording; make one with `reenact record`") from None
    except OSError as bad:
        raise StoreError(f"{path}: cannot be read: {bad.strerror}; check the path") from None
