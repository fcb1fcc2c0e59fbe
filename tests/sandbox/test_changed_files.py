"""What stood at a path before the service changed it is told, once, with its content."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reenact.sandbox.files import before, calls, seccomp
from reenact.sandbox.files.before import ABSENT, APPENDED, FILE, FOLDER, LEFT_OUT, LINK, Told
from reenact.sandbox.files.calls import Change, Way
from reenact.sandbox.spec import Laid, Watch
from tests.sandbox.running import WAIT_S, output_of, run

AsUser = Callable[[Callable[[], None]], None]
sandboxed = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(not seccomp.supported(os.uname().machine), reason="not on this machine"),
]


def inside(function: Callable[..., None]) -> Callable[..., None]:
    for mark in sandboxed:
        function = mark(function)
    return function


def told(script: str, folder: Path, **bounds: Any) -> list[Told]:
    """In order; content that came as a file is read from it."""
    options: dict[str, Any] = {"file_bytes": 1 << 20, "total_bytes": 1 << 22, **bounds}
    spec = Watch(spool=str(folder), **options)
    with run("sh", "-ec", script, cwd=str(folder), watch=spec) as box:
        assert box.notes == ()
        assert box.wait(WAIT_S) == 0
        assert box.changed_files is not None
        out = []
        while True:
            message, descriptors, _, _ = socket.recv_fds(box.changed_files, 1 << 18, 1)
            if not message:
                return out
            one = before.read(message)
            for descriptor in descriptors:
                one = one._replace(text=os.pread(descriptor, one.size, 0))
                os.close(descriptor)
            out.append(one)


def short(folder: Path, found: list[Told]) -> list[tuple[int, str, bytes]]:
    return [(one.kind, os.path.relpath(os.fsdecode(one.path), folder), one.text) for one in found]


@inside
def test_each_path_is_told_once_as_it_was(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        (folder / "old").write_text("was here\n")
        (folder / "gone").write_text("will go\n")
        (folder / "link").symlink_to("old")
        script = "cat old; echo 1 > old; echo 2 > old; rm gone link; echo 3 > new; echo 4 > new"
        assert short(folder, told(script, folder)) == [
            (FILE, "old", b"was here\n"),
            (FILE, "gone", b"will go\n"),
            (LINK, "link", b"old"),
            (ABSENT, "new", b""),
        ]

    as_user(body)


@inside
def test_what_is_only_read_is_not_told(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        (folder / "old").write_text("was here\n")
        assert told("cat old < old > /dev/null; test -d .; ls > /dev/null", folder) == []

    as_user(body)


@inside
def test_mode_owner_and_time_are_those_of_before(folder: Path) -> None:
    path = folder / "old"
    path.write_text("")
    path.chmod(0o640)
    os.utime(path, ns=(1, 12345678901234567))
    (found,) = told("chmod 600 old; echo 1 > old", folder)[:1]
    # Changing only the mode is no change of the file: it is told with the mode that it has then.
    assert (found.mode, found.mtime_ns) == (0o600, 12345678901234567)
    assert found.owner == (os.geteuid(), os.getegid())


@inside
def test_a_renamed_folder_is_told_with_all_that_was_in_it(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        (folder / "a/deep").mkdir(parents=True)
        (folder / "a/deep/file").write_text("x")
        (folder / "b").mkdir()
        (folder / "b/other").write_text("y")
        script = "mv a c; mv b a; echo z > a/other; echo new > a/more; mkdir made; echo n > made/n"
        found = told(script, folder)
        assert sorted(short(folder, found)) == [
            (ABSENT, "c", b""),
            (ABSENT, "made", b""),
            (FILE, "a/deep/file", b"x"),
            (FILE, "b/other", b"y"),
            (FOLDER, "a", b""),
            (FOLDER, "a/deep", b""),
            (FOLDER, "b", b""),
        ]
        assert all(one.whole for one in found if one.kind == FOLDER)

    as_user(body)


@inside
def test_a_link_stands_for_its_file_when_it_is_written_through(folder: Path) -> None:
    (folder / "there").mkdir()
    (folder / "there/file").write_text("x")
    (folder / "link").symlink_to("there/file")
    (folder / "dangling").symlink_to("there/nothing")
    found = told("echo 1 > link; echo 2 > dangling; cd there; echo 3 > ../there/third", folder)
    assert short(folder, found) == [
        (FILE, "there/file", b"x"),
        (ABSENT, "there/nothing", b""),
        (ABSENT, "there/third", b""),
    ]


@inside
def test_a_file_that_is_added_to_is_told_with_what_it_was_only_when_it_is_changed(
    folder: Path,
) -> None:
    (folder / "log").write_text("first\n")
    (folder / "rotated").write_text("first\n")
    script = "echo more >> log; echo more >> rotated; mv rotated rotated.1"
    assert short(folder, told(script, folder)) == [
        (APPENDED, "log", b""),
        (APPENDED, "rotated", b""),
        (FILE, "rotated", b"first\n"),
        (ABSENT, "rotated.1", b""),
    ]


@inside
def test_large_files_come_as_files_of_their_own(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        content = bytes(range(256)) * 1024
        (folder / "large").write_bytes(content)
        (found,) = told("echo 1 > large", folder)
        assert (found.kind, found.size, found.text) == (FILE, len(content), content)
        assert os.listdir(folder) == ["large"]

    as_user(body)


@inside
def test_what_is_over_a_bound_is_named_and_the_service_goes_on(folder: Path) -> None:
    for name in ("large", "one", "two"):
        (folder / name).write_bytes(bytes(2000 if name == "large" else 900))
    found = told("for f in large one two; do echo 1 > $f; done", folder, file_bytes=1000,
                 total_bytes=1000)  # fmt: skip
    assert [(one.kind, os.path.basename(one.path), one.text[:12]) for one in found] == [
        (LEFT_OUT, b"large", b"a file too l"),
        (FILE, b"one", bytes(12)),
        (LEFT_OUT, b"two", b"too much in "),
    ]
    assert (folder / "large").read_text() == "1\n"


@inside
def test_programs_devices_pipes_and_what_is_ignored_are_no_state(folder: Path) -> None:
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "cache").mkdir()
    os.mkfifo(folder / "pipe")
    script = (
        "echo x > /dev/null; echo 1 > run.sh; echo 2 > cache/x; echo 3 > a.pyc; exec 3<> pipe;"
        "echo 4 > /proc/self/comm; mkdir __x__; echo 5 > __x__/y"
    )
    ignored = ("*.pyc", "__x__", str(folder / "cache"))
    assert told(script, folder, ignored=ignored) == []


@inside
def test_a_service_with_threads_signals_and_children_is_not_disturbed(folder: Path) -> None:
    script = """
import os, signal, subprocess, threading
signal.signal(signal.SIGALRM, lambda *_: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def write(n):
    for i in range(200):
        with open(f"f{n}.{i % 7}", "a+") as file:
            file.write("x")
        os.replace(f"f{n}.{i % 7}", f"g{n}.{i % 7}")
threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
for one in threads: one.start()
write(8)
for one in threads: one.join()
signal.setitimer(signal.ITIMER_REAL, 0)
subprocess.run(["sh", "-c", "echo 1 > child"], check=True)
assert sum(os.path.getsize(f"g{n}.{i}") for n in range(9) for i in range(7)) > 0
"""
    (folder / "busy.py").write_text(script)
    found = told("exec /usr/bin/python3 busy.py", folder)
    names = [name for _, name, _ in short(folder, found)]
    assert len(names) == len(set(names)) == 9 * 7 * 2 + 1
    assert {one.kind for one in found} == {ABSENT}


# -- and back --------------------------------------------------------------------------------------


@inside
def test_files_are_laid_into_the_overlay_and_the_machine_s_stay(
    as_user: AsUser, folder: Path
) -> None:
    def body() -> None:
        work, content = folder / "work", folder / "content"
        (work / "whole/sub").mkdir(parents=True)
        for name in ("changed", "later", "whole/later", "whole/sub/later"):
            (work / name).write_text("of today\n")
        content.write_text("of then\n")
        wanted = (
            Laid(path=f"{work}/changed", kind="file", mode=0o640, mtime_ns=10**18, source=str(content)),
            Laid(path=f"{work}/deep/er/missing", kind="file", mode=0o600, source=str(content)),
            Laid(path=f"{work}/later", kind="absent"),
            Laid(path=f"{work}/link", kind="link", source="changed"),
            Laid(path=f"{work}/whole", kind="folder", mode=0o700, whole=True),
            Laid(path=f"{work}/whole/then", kind="file", mode=0o600, source=str(content)),
        )  # fmt: skip
        script = (
            "find . | sort | tr '\\n' ' '; cat changed link deep/er/missing whole/then;"
            "stat -c '%a %Y' changed; mv whole moved; ls moved; echo more >> changed"
        )
        code, said = output_of("sh", "-ec", script, cwd=str(work), overlay=True, files=wanted)
        assert said == (
            ". ./changed ./deep ./deep/er ./deep/er/missing ./link ./whole ./whole/then "
            + "of then\n" * 4
            + "640 1000000000\nthen\n"
        )
        assert code == 0
        assert (work / "changed").read_text() == "of today\n"
        assert sorted(os.listdir(work)) == ["changed", "later", "whole"]

    as_user(body)


@inside
def test_what_cannot_be_laid_is_told_and_nothing_of_the_machine_s_is_touched(folder: Path) -> None:
    wanted = (Laid(path="/dev/shm/reenact-test-7417", kind="link", source="x"),)
    with run("true", overlay=True, files=wanted) as box:
        assert box.unlaid == ("/dev/shm/reenact-test-7417 (not covered by the overlay)",)
    assert not os.path.lexists("/dev/shm/reenact-test-7417")


# -- which calls, which paths ----------------------------------------------------------------------


def memory(*texts: tuple[int, bytes]) -> calls.Read:
    def read(address: int, size: int) -> bytes:
        for at, text in texts:
            if at <= address < at + len(text) + 1:
                return (text + b"\0")[address - at :][:size]
        raise OSError(14, "nowhere")

    return read


HERE = 2**64 - 100
"""AT_FDCWD, as a register holds it."""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (os.O_RDWR, [Change(Way.WRITE, b"/a", follow=True, makes=False)]),
        (os.O_WRONLY | os.O_CREAT | os.O_TRUNC, [Change(Way.WRITE, b"/a", follow=True)]),
        (os.O_RDWR | os.O_CREAT | os.O_EXCL, [Change(Way.MAKE, b"/a")]),
        (os.O_WRONLY | os.O_APPEND | os.O_CREAT, [Change(Way.APPEND, b"/a", follow=True)]),
        (os.O_RDWR | os.O_APPEND, [Change(Way.WRITE, b"/a", follow=True, makes=False)]),
        (os.O_RDWR | os.O_NOFOLLOW, [Change(Way.WRITE, b"/a", makes=False)]),
        (os.O_RDWR | os.O_TMPFILE, []),
        (os.O_RDONLY, []),
    ],
)
def test_what_a_file_is_opened_for_decides(flags: int, expected: list[Change]) -> None:
    read = memory((0x1000, b"/a"))
    assert calls.changes("openat", (HERE, 0x1000, flags, 0, 0, 0), read) == expected
    how = struct.pack("=QQQ", flags, 0, 0)
    read = memory((0x1000, b"/a"), (0x2000, how))
    assert calls.changes("openat2", (HERE, 0x1000, 0x2000, 24, 0, 0), read) == expected


def test_a_rename_is_about_both_its_paths() -> None:
    read = memory((0x1000, b"old"), (0x2000, b"new"))
    assert calls.changes("renameat2", (HERE, 0x1000, 7, 0x2000, 0, 0), read) == [
        Change(Way.MOVE, b"old"),
        Change(Way.MOVE, b"new", 7),
    ]


def test_a_path_is_read_across_pages_and_no_further_than_it_goes() -> None:
    path = b"/" + b"x" * 3000
    asked: list[tuple[int, int]] = []

    def read(address: int, size: int) -> bytes:
        asked.append((address, size))
        return memory((0x1F00, path))(address, size)

    assert calls.text_at(read, 0x1F00) == path
    assert asked == [(0x1F00, 0x100), (0x2000, 0x1000)]


@pytest.mark.parametrize("machine", sorted(seccomp.MACHINES))
def test_every_call_that_the_filter_stops_is_understood(machine: str) -> None:
    assert set(seccomp.MACHINES[machine].numbers) <= set(calls._READERS)
    assert len(seccomp.program(seccomp.MACHINES[machine])) % 8 == 0


WRITES_ON = """
import os
while True:
    try:
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT))
        os.write(1, b".")
    except OSError as error:
        os.write(1, str(error).encode())
"""


@inside
def test_a_service_that_is_killed_sees_no_call_fail(as_user: AsUser, folder: Path) -> None:
    """Who answers its calls ends with it, and no sooner: a call that nobody answers is ENOSYS."""

    def body() -> None:
        spool, work = folder / "spool", folder / "work"
        for path in (spool, work):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
        watch = Watch(spool=str(spool), file_bytes=1 << 20, total_bytes=1 << 20)
        for _ in range(10):
            read, write = os.pipe()
            box = run("/usr/bin/python3", "-c", WRITES_ON, cwd=str(work), watch=watch, stdout=write)
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                assert pipe.read(10) == b"." * 10
                box.close()
                assert set(pipe.read()) <= set(b".")

    as_user(body)
