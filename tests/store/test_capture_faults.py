"""A disk that fills or cannot keep up: the service goes on, and every byte is accounted for."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reenact.base.errors import UserError
from reenact.model.segment import Segment, SegmentKind, Side
from reenact.store import writer as writing
from reenact.store.capture import open_capture
from reenact.store.writer import CaptureWriter
from tests.store.recordings import META, flow

FULL = Path("/dev/full")


def data(n: int, at_ns: int = 0, side: Side = Side.CLIENT) -> Segment:
    return Segment(0, 1, side, SegmentKind.DATA, at_ns, bytes(n))


def test_a_full_disk_is_told_once_and_everything_is_lost_for_that_reason():
    told: list[str] = []
    writer = CaptureWriter(FULL, META, told.append)
    for number in (1, 2):
        writer.flow(flow(number))
    for _ in range(100):
        writer.add(data(50))
        writer.flush()
    done = writer.close()
    assert told == ["the recording cannot be written: No space left on device"]
    assert (done.seen_bytes, done.stored_bytes, done.lost_bytes) == (5000, 0, 5000)
    assert done.lost_why == {told[0]: 5000}
    assert (done.connections, done.stored_connections) == (2, 0)
    assert done.lost_connections_why == {told[0]: 2}


LIMITED = """
import resource, sys
from tests.store.recordings import META, flow
from tests.store.test_capture_faults import data
from reenact.store.writer import CaptureWriter
import os, pathlib
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
told = []
writer = CaptureWriter(pathlib.Path(sys.argv[1]), META, told.append)
writer.flow(flow(1))
from reenact.model.segment import Segment, SegmentKind, Side
for n in range(20):
    writer.add(Segment(0, 1, Side.CLIENT, SegmentKind.DATA, n, os.urandom(4000)))
    writer.flush()
done = writer.close()
print(done.seen_bytes, done.stored_bytes, done.lost_bytes, *told, sep="|")
"""


@pytest.mark.slow
def test_a_disk_that_fills_midway_leaves_whole_blocks_and_the_accounting(tmp_path):
    path = tmp_path / "r.capture"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    seen, stored, lost, told = done.stdout.strip().split("|")
    assert told == "the recording cannot be written: File too large"
    assert int(seen) == 80_000 == int(stored) + int(lost) and 20_000 < int(stored) < 30_000
    capture = open_capture(path)
    assert capture.torn == ""
    assert sum(len(s.data) for s in capture.all_segments()) == int(stored)
    assert capture.accounting is not None and capture.accounting.lost_bytes == int(lost)


def test_a_disk_that_hangs_leaves_gaps_and_ends_stay(tmp_path, monkeypatch):
    """The thread is held; what exceeds the queue becomes a GAP of as many bytes."""
    monkeypatch.setattr(writing, "QUEUED_MAX", 1000)
    monkeypatch.setattr(writing, "PATIENCE_S", 0.01)
    held = threading.Event()
    stores = writing._Disk._stores
    monkeypatch.setattr(writing._Disk, "_stores", lambda s, b: held.wait() and stores(s, b))
    writer = CaptureWriter(tmp_path / "r.capture", META, print)
    writer.flow(flow(1))
    writer.add(data(2000, 1))
    writer.flush()
    writer.add(data(300, 2))
    writer.add(data(400, 3))
    writer.add(data(70, 4, Side.SERVER))
    writer.keep(1, Side.SERVER, SegmentKind.EOF, 5)
    held.set()
    while writer._disk.queued:
        threading.Event().wait(0.001)
    writer.add(data(10, 6))
    done = writer.close()
    assert (done.seen_bytes, done.stored_bytes) == (2780, 2010)
    assert done.lost_why == {"the disk did not keep up": 770}
    read = open_capture(tmp_path / "r.capture").segments(1)
    assert [(s.seq, s.side, s.kind.name, len(s.data), s.lost) for s in read] == [
        (1, Side.CLIENT, "DATA", 2000, 0),
        (2, Side.SERVER, "GAP", 0, 70),
        (3, Side.SERVER, "EOF", 0, 0),
        (4, Side.CLIENT, "GAP", 0, 700),
        (5, Side.CLIENT, "DATA", 10, 0),
    ]


def test_a_disk_that_is_merely_slow_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "QUEUED_MAX", 1000)
    stores, pause = writing._Disk._stores, threading.Event()
    monkeypatch.setattr(
        writing._Disk, "_stores", lambda s, b: not pause.wait(0.002) and stores(s, b)
    )
    writer = CaptureWriter(tmp_path / "r.capture", META, print)
    writer.flow(flow(1))
    for n in range(30):
        writer.add(data(700, n))
        writer.flush()
        assert writer._disk.queued <= 1000
    assert writer.close().lost_bytes == 0


def test_a_place_that_cannot_be_written_is_a_mistake_of_the_user(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written: File exists"):
        CaptureWriter(tmp_path / "file" / "r.capture", META, print)
    with pytest.raises(UserError, match="cannot be written: Is a directory; name another"):
        CaptureWriter(tmp_path, META, print)


def test_closing_twice_is_closing_once(tmp_path):
    writer = CaptureWriter(tmp_path / "r.capture", META, print)
    assert writer.close(("said",)) is writer.close()
