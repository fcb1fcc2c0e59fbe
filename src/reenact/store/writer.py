"""Writing a recording beside the event loop, without ever holding up the service."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import msgspec
import zstandard

from reenact.base.errors import UserError
from reenact.model.segment import Flow, FlowId, Segment, SegmentKind, Side
from reenact.store.blocks import Kind, block, start
from reenact.store.capture import Accounting, BlockOfSegments, Meta
from reenact.store.files import Piece, pieces_of

FLUSH_S = 0.2
FLUSH_BYTES = 1024 * 1024
"""What a kill -9 may cost: the segments of the last 200 ms or of the last MiB."""

QUEUED_MAX = 64 * 1024 * 1024
"""Bytes waiting for the disk: what the recorder may hold in memory beside its connections' buffers."""

PATIENCE_S = 2.0
"""How long traffic waits for a disk that is slower than it (1 GB/s is easily reached). A disk that
takes longer hangs: then data is counted as lost instead of kept, and the service goes on."""

SEGMENT_BYTES = 128
"""What a segment weighs beside its data (sys.getsizeof of the struct and its numbers)."""

_DATA = SegmentKind.DATA

TOO_SLOW = "the disk did not keep up"


class _Batch(NamedTuple):
    flows: list[Flow]
    segments: list[Segment]
    size: int
    weight: int


class _File(NamedTuple):
    piece: Piece
    content: int | None
    weight: int


class CaptureWriter:
    """`add` is called in the event loop and costs an append; a thread compresses and writes.

    `on_failure(why)` is called once, from the thread, when the disk takes no more. From then on
    everything is counted as lost for that reason. Where single segments had to be left out, a GAP
    of as many bytes stands in their place.
    """

    def __init__(self, path: Path, meta: Meta, on_failure: Callable[[str], None]) -> None:
        self._pending: list[Segment] = []
        self._size = self._weight = 0
        self._flows: list[Flow] = []
        self._seq = 0
        self._seen = 0
        self._ids: set[FlowId] = set()
        self._gaps: dict[tuple[FlowId, Side], int] = {}
        self._lost: dict[str, int] = {}
        self._done: Accounting | None = None
        self._last_ns = 0
        self._disk = _Disk(path, meta, on_failure)

    def flow(self, flow: Flow) -> None:
        """Say, or say anew, what a flow is. Called before its first segment."""
        self._ids.add(flow.id)
        self._flows.append(flow)

    def add(self, segment: Segment) -> None:
        """Keep a segment; its `seq` is given here."""
        self.keep(segment.flow, segment.side, segment.kind, segment.at_ns, segment.data)

    def keep(
        self, flow: FlowId, side: Side, kind: SegmentKind, at_ns: int, data: bytes = b""
    ) -> None:
        """The path of every byte that passes: one call, unless the disk is in trouble."""
        size = len(data) if kind is _DATA else 0  # the reason of a RESET is no traffic
        self._seen += size
        self._last_ns = at_ns
        disk = self._disk
        in_trouble = disk.failed or disk.hung or self._gaps
        if in_trouble and not self._has_place(flow, side, size):
            return
        self._seq += 1
        self._pending.append(Segment(self._seq, flow, side, kind, at_ns, data, 0))
        self._size += size
        self._weight += size + SEGMENT_BYTES
        if self._weight >= FLUSH_BYTES:
            self.flush()

    def _has_place(self, flow: FlowId, side: Side, size: int) -> bool:
        """Whether a segment of `size` bytes of traffic can be kept; else it is counted as lost."""
        if self._disk.failed:
            _count(self._lost, self._disk.failed, size)
            return False
        if size and self._disk.hangs():
            _count(self._lost, TOO_SLOW, size)
            self._gaps[flow, side] = self._gaps.get((flow, side), 0) + size
            return False
        if (flow, side) in self._gaps:
            self._tell_gap(flow, side)
        return True

    def _tell_gap(self, flow: FlowId, side: Side) -> None:
        lost = self._gaps.pop((flow, side))
        self._seq += 1
        self._weight += SEGMENT_BYTES
        gap = Segment(self._seq, flow, side, SegmentKind.GAP, self._last_ns, b"", lost)
        self._pending.append(gap)

    def file(self, piece: Piece, content: int | None = None) -> None:
        """Keep what is told of a changed file; `content`, a descriptor, is closed."""
        self._disk.put(_File(piece, content, SEGMENT_BYTES + len(piece.data)))
        self._disk.wait()

    def flush(self) -> None:
        """Hand what is pending to the thread; the shell calls it every FLUSH_S."""
        if self._pending or self._flows:
            self._disk.put(_Batch(self._flows, self._pending, self._size, self._weight))
            self._disk.wait()
            self._flows, self._pending, self._size, self._weight = [], [], 0, 0

    def close(self, notes: tuple[str, ...] = ()) -> Accounting:
        """Write what is left, and the accounting. May be repeated."""
        if self._done is None:
            for flow, side in list(self._gaps):
                self._tell_gap(flow, side)
            self.flush()
            self._disk.drain()
            self._done = self._account(notes)
            self._disk.close(self._done)
        return self._done

    def _account(self, notes: tuple[str, ...]) -> Accounting:
        """The thread has ended: nobody else touches the numbers any more."""
        lost = self._disk.lost | {
            why: count + self._disk.lost.get(why, 0) for why, count in self._lost.items()
        }
        unstored = len(self._ids - self._disk.stored_flows)
        done = Accounting(
            connections=len(self._ids),
            stored_connections=len(self._disk.stored_flows),
            lost_connections=unstored,
            lost_connections_why={self._disk.failed: unstored} if unstored else {},
            seen_bytes=self._seen,
            stored_bytes=self._disk.stored,
            lost_bytes=sum(lost.values()),
            lost_why=dict(sorted((why, count) for why, count in lost.items() if count)),
            files=self._disk.files,
            lost_files=self._disk.lost_files,
            notes=notes,
        )
        assert done.seen_bytes == done.stored_bytes + done.lost_bytes, done
        assert done.connections == done.stored_connections + done.lost_connections, done
        return done


class _Disk:
    """The file and the thread that writes it. What counts and indexes is the thread's own until
    `drain` returned."""

    def __init__(self, path: Path, meta: Meta, on_failure: Callable[[str], None]) -> None:
        self._file = _created(path)
        self._on_failure = on_failure
        self.failed = ""
        self.queued = 0
        self.stored = 0
        self.lost: dict[str, int] = {}
        self.stored_flows: set[FlowId] = set()
        self.files = self.lost_files = 0
        self._at = 0
        self._index: list[BlockOfSegments] = []
        self._moved = threading.Condition()
        self.hung = False
        self._queue: SimpleQueue[_Batch | _File | None] = SimpleQueue()
        self._encoder = msgspec.msgpack.Encoder()
        self._write(start() + block(Kind.META, self._encoder.encode(meta)))
        self._thread = threading.Thread(target=self._run, name="capture-writer", daemon=True)
        self._thread.start()

    def put(self, batch: _Batch | _File) -> None:
        with self._moved:
            self.queued += batch.weight
        self._queue.put(batch)

    def wait(self) -> None:
        """Until the queue has room, but not for long; once only while the disk hangs."""
        if self.queued > QUEUED_MAX and not self.hung:
            with self._moved:
                has_room = self._moved.wait_for(lambda: self.queued <= QUEUED_MAX, PATIENCE_S)
            self.hung = not has_room

    def hangs(self) -> bool:
        """Whether data has to be left out for now."""
        if self.hung and self.queued <= QUEUED_MAX // 2:
            self.hung = False
        return self.hung

    def drain(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def close(self, done: Accounting) -> None:
        """After a full disk the accounting is tried all the same: cutting the last block off has
        made room."""
        end = block(Kind.END, self._encoder.encode(done))
        if not self.failed:
            end = block(Kind.INDEX, self._encoder.encode(self._index)) + end
        self._write(end)
        self._file.close()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, _File):
                self._take_file(item)
            else:
                self._take_batch(item)
            with self._moved:
                self.queued -= item.weight
                self._moved.notify()

    def _take_batch(self, batch: _Batch) -> None:
        if not self.failed and self._stores(batch):
            self.stored += batch.size
            self.stored_flows.update(flow.id for flow in batch.flows)
        else:
            _count(self.lost, self.failed, batch.size)

    def _take_file(self, file: _File) -> None:
        stored = False
        try:
            pieces = [file.piece] if file.content is None else pieces_of(file.piece, file.content)
            stored = all(self._stores_piece(piece) for piece in pieces)
        except OSError:  # of reading the content; without its end the file counts as lost
            stored = False
        finally:
            if file.content is not None:
                os.close(file.content)
        self.files += stored
        self.lost_files += not stored

    def _stores_piece(self, piece: Piece) -> bool:
        if self.failed:
            return False
        return self._write(block(Kind.FILES, self._encoder.encode([piece]), level=1))

    def _stores(self, batch: _Batch) -> bool:
        try:
            data = block(Kind.FLOWS, self._encoder.encode(batch.flows)) if batch.flows else b""
            at = self._at + len(data)
            if batch.segments:
                data += block(Kind.SEGMENTS, self._encoder.encode(batch.segments), level=1)
        except (MemoryError, zstandard.ZstdError) as bad:
            self._fail(f"the recording cannot be compressed: {bad or 'no memory'}")
            return False
        if not self._write(data):
            return False
        if batch.segments:
            flows = tuple(sorted({segment.flow for segment in batch.segments}))
            self._index.append(BlockOfSegments(at, flows))
        return True

    def _write(self, data: bytes) -> bool:
        """All of it or nothing that counts: after a failure the file ends with whole blocks."""
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as bad:
            with contextlib.suppress(OSError):  # a torn tail is mended on reading
                self._file.seek(self._at)
                self._file.truncate()
            self._fail(f"the recording cannot be written: {bad.strerror}")
            return False
        self._at += len(data)
        return True

    def _fail(self, why: str) -> None:
        if not self.failed:
            self.failed = why
            self._on_failure(why)


def make_room(path: Path) -> None:
    """The folder for the capture at `path`. Raises UserError when it can't be had."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as bad:
        raise _unwritable(path, bad) from None


def _created(path: Path) -> FileIO:
    make_room(path)
    try:
        file = FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as bad:
        raise _unwritable(path, bad) from None
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        with contextlib.suppress(OSError):  # a file system without modes
            os.fchmod(file.fileno(), 0o600)
    return file


def _unwritable(path: Path, bad: OSError) -> UserError:
    return UserError(f"{path}: cannot be written: {bad.strerror}; name another --capture")


def _count(counts: dict[str, int], why: str, count: int) -> None:
    counts[why] = counts.get(why, 0) + count
