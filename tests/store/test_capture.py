"""The capture file: what was written is what is read, whatever happened to it in between."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.base.errors import StoreError
from reenact.model.segment import Segment, SegmentKind, Side
from reenact.store import blocks
from reenact.store.blocks import MAGIC, Kind
from reenact.store.capture import Capture, open_capture
from tests.store import recordings
from tests.store.recordings import META, flow

OLD = Path(__file__).parent.parent / "data" / "capture-v1.reenact"


def content(capture: Capture) -> list[tuple[object, ...]]:
    return [told(segment) for segment in capture.all_segments()]


def told(s: Segment) -> tuple[object, ...]:
    return (s.flow, s.side, s.kind, s.at_ns, s.data)


@pytest.fixture
def some(tmp_path):
    said = [
        Segment(0, 1 + n % 3, Side(n % 2), SegmentKind.DATA, 10 * n, b"bytes %d" % n)
        for n in range(20)
    ]
    path = tmp_path / "r.capture"
    accounting = recordings.write(path, said)
    return path, said, accounting


@given(recordings.segments, st.integers(1, 5))
@settings(deadline=None)
def test_what_was_written_is_read(said, per_block):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.capture"
        done = recordings.write(path, said, per_block=per_block)
        capture = open_capture(path)
        assert content(capture) == [told(s) for s in said]
        assert [s.seq for s in capture.all_segments()] == list(range(1, len(said) + 1))
        assert capture.flows == {n: flow(n) for n in (1, 2, 3)}
        assert (capture.meta, capture.torn, capture.accounting) == (META, "", done)
        assert done.stored_bytes == done.seen_bytes == sum(len(s.data) for s in said)


@given(recordings.segments)
@settings(deadline=None, max_examples=30)
def test_one_flow_is_the_same_by_the_index_and_by_reading_everything(said):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.capture"
        recordings.write(path, said)
        for number in (1, 2, 3, 4):
            of_it = [told(s) for s in said if s.flow == number]
            capture = open_capture(path)
            assert [told(s) for s in capture.segments(number)] == of_it
            assert [told(s) for s in capture.segments(number)] == of_it


def test_cut_at_every_byte_a_prefix_is_left_and_the_loss_is_told(some, tmp_path):
    path, said, _ = some
    whole, cut = path.read_bytes(), tmp_path / "cut.capture"
    everything, boundaries, seen = [told(s) for s in said], 0, []
    for size in range(len(whole)):
        cut.write_bytes(whole[:size])
        try:
            capture = open_capture(cut)
        except StoreError:
            assert not seen, "only before the first whole block"
            continue
        left = content(capture)
        assert left == everything[: len(left)]
        assert capture.accounting is None
        boundaries += not capture.torn
        seen.append(len(left))
    assert seen == sorted(seen) and seen[-1] == len(said)
    assert boundaries == 1 + 1 + 7 + 1, "only between blocks: META, FLOWS, 7 of segments, INDEX"


def test_any_damaged_byte_is_noticed(some, tmp_path):
    path, said, _ = some
    whole, bad = path.read_bytes(), tmp_path / "bad.capture"
    everything = [told(s) for s in said]
    for at in range(len(whole)):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            capture = open_capture(bad)
        except StoreError:
            continue
        left = content(capture)
        assert capture.torn and capture.accounting is None, at
        assert left == everything[: len(left)]


def test_a_later_record_of_a_flow_replaces_the_earlier(tmp_path):
    writer = recordings.CaptureWriter(tmp_path / "r.capture", META, print)
    writer.flow(flow(1))
    writer.flush()
    writer.flow(msgspec.structs.replace(flow(1), tls=True, sni="a.test"))
    assert writer.close().connections == 1
    assert open_capture(tmp_path / "r.capture").flows[1].sni == "a.test"


def test_it_is_for_its_owner_only(some, tmp_path):
    path = tmp_path / "new" / "r.capture"
    recordings.write(path, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    recordings.write(path, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_digest_tells_contents_apart(some, tmp_path):
    path, said, _ = some
    other = tmp_path / "other.capture"
    recordings.write(other, said)
    assert open_capture(other).digest == open_capture(path).digest
    recordings.write(other, said[:-1])
    assert open_capture(other).digest != open_capture(path).digest


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty; record again"),
        (MAGIC[:5], "cut before it began"),
        (MAGIC, "cut before it began"),
        (MAGIC + b"\x01", "cut before it began (no content)"),
        (MAGIC + b"\x03", "capture format 3, this version reads 1 to 2; upgrade reenact"),
        (MAGIC + b"\x00", "capture format 0"),
        (b"PK\x03\x04 something else", "this is no reenact recording"),
    ],
)
def test_what_is_no_recording_is_one_line_with_the_remedy(tmp_path, data, says):
    path = tmp_path / "r.capture"
    path.write_bytes(data)
    with pytest.raises(StoreError) as refused:
        open_capture(path)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    with pytest.raises(StoreError, match="no such recording; make one with"):
        open_capture(tmp_path / "none")
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        open_capture(tmp_path)


@pytest.mark.parametrize("content", [b"\xc1 no msgpack", msgspec.msgpack.encode({"id": "no list"})])
def test_a_crafted_block_is_an_error_and_not_a_crash(tmp_path, content):
    path = tmp_path / "r.capture"
    meta = blocks.block(Kind.META, msgspec.msgpack.encode(META))
    path.write_bytes(blocks.start() + meta + blocks.block(Kind.FLOWS, content))
    with pytest.raises(StoreError, match="a block holds something else than it says"):
        open_capture(path)


def test_a_crafted_block_cannot_claim_the_memory_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_MAX", 1000)
    path = tmp_path / "r.capture"
    recordings.write(path, [Segment(0, 1, Side.CLIENT, SegmentKind.DATA, 0, bytes(2000))])
    with pytest.raises(StoreError, match="larger than any is"):
        list(open_capture(path).all_segments())


def test_the_first_format_stays_readable():
    """Written by the command in tests/data/README.md."""
    capture = open_capture(OLD)
    assert (capture.torn, capture.meta.command) == ("", META.command)
    assert content(capture) == [
        (1, Side.CLIENT, SegmentKind.OPEN, 0, b""),
        (1, Side.CLIENT, SegmentKind.DATA, 10, b"GET / HTTP/1.1\r\n\r\n"),
        (2, Side.CLIENT, SegmentKind.OPEN, 20, b""),
        (2, Side.SERVER, SegmentKind.RESET, 30, b"connect: Connection refused"),
        (1, Side.SERVER, SegmentKind.DATA, 40, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (1, Side.SERVER, SegmentKind.EOF, 50, b""),
    ]
    assert capture.accounting is not None and capture.accounting.stored_bytes == 45
    assert capture.flows[2].sni == "db.example"


KILLED = """
import os, signal, sys
from tests.store import recordings
from reenact.model.segment import Segment, SegmentKind, Side
writer = recordings.CaptureWriter(recordings.Path(sys.argv[1]), recordings.META, print)
writer.flow(recordings.flow(1))
for n in range(10_000):
    writer.add(Segment(0, 1, Side.CLIENT, SegmentKind.DATA, n, b"%06d" % n))
    if n % 1000 == 999:
        writer.flush()
while writer._disk.queued:
    pass
writer.add(Segment(0, 1, Side.CLIENT, SegmentKind.DATA, 0, b"never flushed"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_killed_recorder_loses_what_was_not_flushed_and_nothing_else(tmp_path):
    path = tmp_path / "r.capture"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert done.returncode == -9
    capture = open_capture(path)
    assert [s.data for s in capture.segments(1)] == [b"%06d" % n for n in range(10_000)]
    assert capture.accounting is None
