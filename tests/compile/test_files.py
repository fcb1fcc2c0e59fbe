"""Which of the files that a service changed are laid before a test."""

from __future__ import annotations

from reenact.compile.files import kept
from reenact.model.files import FileBefore, Kind


def absent(path: str) -> FileBefore:
    return FileBefore(path=path, kind=Kind.ABSENT)


def names(
    *files: FileBefore, gone: tuple[str, ...] = (), programs: tuple[str, ...] = ()
) -> list[str]:
    found = kept(files, gone=gone, programs=programs, cwd="/srv/app", owner=(1, 1))
    return [one.path for one in found]


DATABASE = FileBefore(path="/srv/app/data/app.db", kind=Kind.FILE, content="ab" * 32, owner=(1, 1))


def test_paths_below_the_service_s_folder_are_relative_and_in_order() -> None:
    assert names(DATABASE, absent("/srv/application"), absent("/srv/app/a")) == [
        "a",
        "data/app.db",
        "/srv/application",
    ]


def test_what_came_and_went_is_left_out() -> None:
    passing = ("/tmp/tmpx1y2z3", "/srv/app/upload.part")
    assert names(*map(absent, passing), absent("/srv/app/new"), gone=passing) == ["new"]


def test_what_belongs_to_a_kept_file_stays_absent_though_it_went() -> None:
    beside = ("/srv/app/data/app.db-journal", "/srv/app/data/app.db-wal")
    passing = ("/srv/app/data/app.db-x7k2p", "/srv/app/data/other-journal")
    assert names(DATABASE, *map(absent, beside + passing), gone=beside + passing) == [
        "data/app.db",
        "data/app.db-journal",
        "data/app.db-wal",
    ]


def test_a_program_that_was_built_while_recording_is_what_is_tested() -> None:
    assert names(absent("/srv/app/bin/app"), programs=("/srv/app/bin/app",)) == []


def test_the_owner_is_told_only_when_it_is_another_than_who_recorded() -> None:
    (ours,) = kept([DATABASE], gone=(), programs=(), cwd="", owner=(1, 1))
    (theirs,) = kept([DATABASE], gone=(), programs=(), cwd="", owner=(0, 0))
    assert (ours.owner, theirs.owner) == (None, (1, 1))
