"""Files in a capture: in pieces, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from reenact.model.files import FileBefore, Kind
from reenact.store.capture import open_capture
from reenact.store.files import GONE, PIECE_BYTES, PROGRAM, Piece, pieces_of, unpack
from reenact.store.writer import CaptureWriter
from tests.store.recordings import META


def test_what_is_written_is_read_back_and_its_content_lies_under_its_hash(tmp_path: Path) -> None:
    content = os.urandom(PIECE_BYTES + 7)
    (tmp_path / "large").write_bytes(content)
    writer = CaptureWriter(tmp_path / "c", META, print)
    writer.file(Piece("/d/small", "file", 0o644, (1, 2), 3, 5, data=b"small"))
    writer.file(
        Piece("/d/large", "file", size=len(content)), os.open(tmp_path / "large", os.O_RDONLY)
    )
    writer.file(Piece("/d/new", "absent"))
    writer.file(Piece("/d", "folder", 0o755, whole=True))
    writer.file(Piece("/l", "link", text="/d"))
    writer.file(Piece("/d/new", GONE))
    writer.file(Piece("/d/built", PROGRAM))
    assert writer.close().files == 7
    found = unpack(open_capture(tmp_path / "c").pieces(), tmp_path / "files")
    assert found.files[0] == FileBefore(
        path="/d/small",
        kind=Kind.FILE,
        content=hashlib.sha256(b"small").hexdigest(),
        size=5,
        mode=0o644,
        mtime_ns=3,
        owner=(1, 2),
    )
    assert [one.kind.value for one in found.files] == ["file", "file", "absent", "folder", "link"]
    assert (tmp_path / "files" / found.files[1].content).read_bytes() == content
    assert len(list((tmp_path / "files").iterdir())) == 2
    assert (found.gone, found.programs, found.cut) == ({"/d/new"}, {"/d/built"}, ())


def test_a_file_whose_end_is_missing_is_left_out_and_named(tmp_path: Path) -> None:
    pieces = [
        Piece("/cut", "file", size=10, data=b"12345"),
        Piece("/empty", "file", size=0),
    ]
    found = unpack(pieces, tmp_path / "files")
    assert [one.path for one in found.files] == ["/empty"]
    assert found.cut == ("/cut",)
    assert len(list((tmp_path / "files").iterdir())) == 1


def test_a_file_that_was_cut_while_it_was_copied_is_no_endless_loop(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    writer = CaptureWriter(tmp_path / "c", META, print)
    writer.file(Piece("/f", "file", size=9), os.open(tmp_path / "short", os.O_RDONLY))
    done = writer.close()
    assert (done.files, done.lost_files) == (0, 1)


def test_content_is_cut_into_pieces_that_tell_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(PIECE_BYTES * 2))
    number = os.open(tmp_path / "f", os.O_RDONLY)
    pieces = list(pieces_of(Piece("/f", "file", size=PIECE_BYTES * 2), number))
    os.close(number)
    assert [piece.at for piece in pieces] == [0, PIECE_BYTES]
