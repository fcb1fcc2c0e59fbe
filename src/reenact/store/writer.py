"""Writing a recording beside the event loop, without ever holding up the service."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import msgspec

from reenact.base.errors import UserError
from reenact.model.segment import Flow, Segment
from reenact.store.blocks import Kind, block, start
from reenact.store.capture import Accounting, Meta

FLUSH_S = 0.2
FLUSH_BYTES = 1024 * 1024
"""What a kill -9 may cost: the segments of the last 200 ms or of the last MiB."""

QUEUED_MAX = 256 * 1024 * 1024
"""Bytes waiting for the disk. Beyond it segments are counted as lost instead of kept: memory
stays bounded and the service is never held up."""


class CaptureWriter:
    """`add` is called in the event loop and costs an append; a thread compresses and writes.

    `on_failure(why)` is called once, from the thread, when the disk takes no more.
    """

    def __init__(self, path: Path, meta: Meta, on_failure: Callable[[str], None]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as bad:
            raise UserError(f"{path}: cannot be written: {bad.strerror}") from None
        self._file = os.fdopen(fd, "wb", buffering=0)
        self._on_failure = on_failure
        self._failed = ""
        self._pending: list[Segment] = []
        self._pending_bytes = 0
        self._flows: list[Flow] = []
        self._seq = 0
        self._lock = threading.Lock()
        self._queued = 0
        self._seen = self._stored = 0
        self._ids: set[int] = set()
        self._lost: dict[str, int] = {}
        self._queue: SimpleQueue[tuple[list[Flow], list[Segment], int] | None] = SimpleQueue()
        self._write(start() + block(Kind.META, msgspec.msgpack.encode(meta)))
        self._thread = threading.Thread(target=self._run, name="capture-writer", daemon=True)
        self._thread.start()

    def flow(self, flow: Flow) -> None:
        """Say, or say anew, what a flow is. Called before its first segment."""
        self._ids.add(flow.id)
        self._flows.append(flow)

    def add(self, segment: Segment) -> None:
        """Keep a segment; its `seq` is given here. Full memory or disk: counted as lost."""
        size = len(segment.data)
        self._seen += size
        why = self._failed or ("the disk is too slow" if self._queued > QUEUED_MAX else "")
        if why:
            self._lost[why] = self._lost.get(why, 0) + size
            return
        self._seq += 1
        self._pending.append(msgspec.structs.replace(segment, seq=self._seq))
        self._pending_bytes += size
        if self._pending_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand what is pending to the thread; the shell calls it every FLUSH_S."""
        if not (self._pending or self._flows):
            return
        with self._lock:
            self._queued += self._pending_bytes
        self._queue.put((self._flows, self._pending, self._pending_bytes))
        self._flows, self._pending, self._pending_bytes = [], [], 0

    def close(self, notes: tuple[str, ...] = ()) -> Accounting:
        self.flush()
        self._queue.put(None)
        self._thread.join()
        done = Accounting(
            connections=len(self._ids),
            seen_bytes=self._seen,
            stored_bytes=self._stored,
            lost_bytes=self._seen - self._stored,
            lost_why=dict(sorted(self._lost.items())),
            notes=notes,
        )
        if not self._failed:
            self._write(block(Kind.END, msgspec.msgpack.encode(done)))
        self._file.close()
        return done

    def _run(self) -> None:
        encoder = msgspec.msgpack.Encoder()
        while (batch := self._queue.get()) is not None:
            flows, segments, size = batch
            data = b""
            if flows:
                data += block(Kind.FLOWS, encoder.encode(flows))
            if segments:
                data += block(Kind.SEGMENTS, encoder.encode(segments), level=1)
            if not self._failed and self._write(data):
                self._stored += size
            else:
                self._lost[self._failed] = self._lost.get(self._failed, 0) + size
            with self._lock:
                self._queued -= size

    def _write(self, data: bytes) -> bool:
        """All of it or nothing that counts: after a failure the file ends with whole blocks."""
        good = self._file.tell()
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as bad:
            self._failed = f"the recording cannot be written: {bad.strerror}"
            self._file.truncate(good)
            self._on_failure(self._failed)
            return False
        return True
