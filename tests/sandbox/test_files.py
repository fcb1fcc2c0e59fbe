"""What a service writes and reads."""

from __future__ import annotations

import errno
import importlib.util
import os
import py_compile
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from reenact.base.errors import MachineError
from reenact.sandbox.files import laying
from reenact.sandbox.inside import kernel, mounts
from reenact.sandbox.spec import Laid
from tests.sandbox.conftest import as_someone
from tests.sandbox.running import WAIT_S, output_of, run

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

AsUser = Callable[[Callable[[], None]], None]


def test_without_an_overlay_files_are_the_machine_s(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        assert output_of("sh", "-c", "echo 1 > a", cwd=str(folder)) == (0, "")
        assert (folder / "a").read_text() == "1\n"

    as_user(body)


WRITE = "echo new > made; echo more >> changed; rm gone; mkdir -p deep/er; echo x > deep/er/file; cat changed"


def _prepare(folder: Path) -> None:
    (folder / "changed").write_text("old\n")
    (folder / "gone").write_text("")


def test_in_an_overlay_what_is_written_vanishes(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        _prepare(folder)
        code, said = output_of("sh", "-ec", WRITE, cwd=str(folder), overlay=True)
        assert (code, said) == (0, "old\nmore\n")
        assert sorted(os.listdir(folder)) == ["changed", "gone"]
        assert (folder / "changed").read_text() == "old\n"

    as_user(body)


def test_what_was_written_can_be_kept(as_user: AsUser, folder: Path) -> None:
    def body() -> None:
        work, kept = folder / "work", folder / "kept"
        work.mkdir()
        _prepare(work)
        code, _ = output_of("sh", "-ec", WRITE, cwd=str(work), overlay=True, keep_files=str(kept))
        assert code == 0
        below = kept / str(work).lstrip("/")
        assert (below / "made").read_text() == "new\n"
        assert (below / "changed").read_text() == "old\nmore\n"
        assert (below / "deep/er/file").read_text() == "x\n"
        assert (kept / "deleted.txt").read_text() == f"{work}/gone\n"
        assert not (below / "gone").exists()

    as_user(body)


def test_nothing_is_kept_that_the_sandbox_wrote_itself(folder: Path) -> None:
    """Python keeps what it compiled, where it may write; inside an overlay it may."""
    cached = Path(importlib.util.cache_from_source(laying.__file__))
    kept, laid = folder / "kept", Laid(path=f"{folder}/gone", kind="absent")
    try:
        cached.unlink(missing_ok=True)
        options = {"cwd": str(folder), "overlay": True, "keep_files": str(kept), "files": (laid,)}
        assert output_of("sh", "-c", "echo new > made", **options) == (0, "")
    finally:
        py_compile.compile(laying.__file__)
    assert [path.name for path in kept.rglob("*") if path.is_file()] == ["made"]


def test_an_overlay_can_be_written_as_the_user_nobody(folder: Path) -> None:
    """Whose number is also what the kernel shows for owners that have no name inside."""

    def body() -> None:
        _prepare(folder)
        assert output_of("sh", "-ec", WRITE, cwd=str(folder), overlay=True) == (0, "old\nmore\n")

    if os.geteuid() == 0:
        as_someone(body, 65534)


def test_folders_of_others_that_anybody_may_write_can_be_written(
    as_user: AsUser, folder: Path
) -> None:
    deep = folder / "of-root" / "open"
    deep.mkdir(parents=True)
    deep.chmod(0o777)

    def body() -> None:
        script = f"echo x > {deep}/file; cat {deep}/file"
        assert output_of("sh", "-ec", script, overlay=True) == (0, "x\n")
        assert not (deep / "file").exists()

    as_user(body)


def test_what_cannot_be_kept_is_listed(folder: Path) -> None:
    def body() -> None:
        script = "echo x > shut; chmod 0 shut; mkdir dark; chmod 0 dark; echo y > open"
        kept = folder / "kept"
        options = {"cwd": str(folder), "overlay": True, "keep_files": str(kept)}
        assert output_of("sh", "-ec", script, **options) == (0, "")
        assert (kept / str(folder).lstrip("/") / "open").read_text() == "y\n"
        listed = (kept / "not-kept.txt").read_text().splitlines()
        assert listed == [f"{folder}/dark: not readable", f"{folder}/shut: not readable"]

    if os.geteuid() == 0:  # who may read everything
        as_someone(body)
    else:
        body()


def test_files_that_cannot_be_written_out_are_an_error_and_everything_is_released() -> None:
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(MachineError, match="cannot keep the files"):
        run("true", overlay=True, keep_files="/proc/nowhere").close()
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", "/dev/shm"])
def test_an_overlay_covers_every_writable_folder(as_user: AsUser, place: str) -> None:
    path = f"{place}/reenact-test-7415"

    def body() -> None:
        assert output_of("sh", "-ec", f"echo x > {path}; cat {path}", overlay=True) == (0, "x\n")
        assert not os.path.exists(path)

    as_user(body)


def test_a_folder_with_a_mount_below_it_is_covered_too(as_user: AsUser, folder: Path) -> None:
    if os.geteuid() != 0:
        return  # only root can arrange it
    work = folder / "work"
    for path in (work, work / "mounted", work / "sub"):
        path.mkdir()
        path.chmod(0o777)
    (work / "old").write_text("old\n")
    (work / "link").symlink_to("old")
    (work / "large").write_bytes(bytes(1 << 21))
    (work / "sub/deep").write_text("deep\n")
    (work / "old").chmod(0o666)
    with socket.socket(socket.AF_UNIX) as theirs, socket.socket(socket.AF_UNIX) as ours:
        theirs.bind(str(work / "socket"))
        ours.bind(str(folder / "ours"))
    kernel.mount("tmpfs", str(work / "mounted"), "tmpfs", options="mode=777")
    script = "echo more >> old; cat link sub/deep; wc -c < large; touch new mounted/new sub/new; ls; ls *"

    def body() -> None:
        kept = folder / f"kept-{os.getuid()}"
        options = {"cwd": str(work), "overlay": True, "keep_files": str(kept)}
        options["binds"] = ((str(folder / "ours"), str(work / "socket")),)
        code, said = output_of("sh", "-ec", script, **options)
        assert said.startswith(
            "old\nmore\ndeep\n2097152\nlarge\nlink\nmounted\nnew\nold\nsocket\nsub\n"
        )
        assert code == 0
        assert sorted(os.listdir(work)) == ["large", "link", "mounted", "old", "socket", "sub"]
        assert (os.listdir(work / "mounted"), os.listdir(work / "sub")) == ([], ["deep"])
        assert (work / "old").read_text() == "old\n"
        written = {str(p.relative_to(kept)) for p in kept.rglob("*") if p.is_file()}
        here = str(work).lstrip("/")
        assert written == {f"{here}/{name}" for name in ("new", "old", "mounted/new", "sub/new")}

    try:
        as_user(body)
    finally:
        kernel.detach(str(work / "mounted"))


def test_where_an_overlay_cannot_be_writing_is_refused_rather_than_leaked() -> None:
    code, _ = output_of("touch", "/reenact-test-7416", overlay=True)
    assert code != 0
    assert not os.path.exists("/reenact-test-7416")


def test_devices_work_in_an_overlay(as_user: AsUser) -> None:
    def body() -> None:
        script = "echo x > /dev/null; head -c 4 /dev/urandom | wc -c; test -r /sys/kernel"
        assert output_of("sh", "-ec", script, overlay=True) == (0, "4\n")

    as_user(body)


def test_an_overlay_is_whole_on_this_machine(as_user: AsUser) -> None:
    def body() -> None:
        with run("true", overlay=True) as box:
            assert box.notes == ()

    as_user(body)


def test_a_bind_shows_our_file_in_place_of_another_inside_only(
    as_user: AsUser, folder: Path
) -> None:
    def body() -> None:
        ours, theirs = folder / "ours", folder / "theirs"
        ours.write_text("ours")
        theirs.write_text("theirs")
        for overlay in (False, True):
            said = output_of("cat", str(theirs), binds=((str(ours), str(theirs)),), overlay=overlay)
            assert said == (0, "ours")
        assert theirs.read_text() == "theirs"

    as_user(body)


def test_our_unix_socket_can_stand_in_for_a_dependency_s(as_user: AsUser, folder: Path) -> None:
    code = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9))"

    def body() -> None:
        ours, theirs = folder / "ours", folder / "theirs"
        with socket.socket(socket.AF_UNIX) as mine, socket.socket(socket.AF_UNIX) as host:
            for sock, path in ((mine, ours), (host, theirs)):
                sock.bind(str(path))
                sock.listen()
            mine.settimeout(WAIT_S)
            for overlay in (False, True):
                with run(
                    *("python3", "-c", code, str(theirs)),
                    binds=((str(ours), str(theirs)),),
                    overlay=overlay,
                    stdout=2,
                ) as box:
                    conn, _ = mine.accept()
                    conn.close()
                    assert box.wait(WAIT_S) == 0
        ours.unlink()
        theirs.unlink()

    as_user(body)


def test_a_unix_socket_of_the_machine_cannot_be_reached_through_an_overlay(
    as_user: AsUser, folder: Path
) -> None:
    """A sealed service reaches only what was put in its place."""
    code = (
        "import socket,sys; raise SystemExit(socket.socket(socket.AF_UNIX).connect_ex(sys.argv[1]))"
    )

    def body() -> None:
        path = str(folder / "machine.sock")
        with socket.socket(socket.AF_UNIX) as host:
            host.bind(path)
            host.listen()
            assert output_of("python3", "-c", code, path)[0] == 0
            assert output_of("python3", "-c", code, path, overlay=True)[0] == errno.ECONNREFUSED
        os.unlink(path)

    as_user(body)


def test_a_bind_onto_nothing_is_an_error_that_names_it(folder: Path) -> None:
    (folder / "ours").write_text("")
    with pytest.raises(MachineError, match="in place of /nowhere: No such file"):
        run("true", binds=((str(folder / "ours"), "/nowhere"),))


def test_the_resolver_asks_an_address_that_leads_to_us() -> None:
    before = Path("/etc/resolv.conf").read_text()
    said = output_of("cat", "/etc/resolv.conf")[1]
    servers = [line for line in said.splitlines() if line.startswith("nameserver")]
    assert servers == ["nameserver 127.0.0.53"]
    assert Path("/etc/resolv.conf").read_text() == before


def test_mount_points_with_odd_names_are_read() -> None:
    assert mounts.unescaped("/mnt/a\\040b\\134c") == "/mnt/a b\\c"
