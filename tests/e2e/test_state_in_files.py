"""A service that keeps state in files is tested with the files of its recording."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reenact.store.capture import open_capture
from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.servers.process import free_port, wait_ready

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]

PROGRAM = Path(__file__).with_name("notebook.py")


@dataclass
class Notebook:
    folder: Path
    journal: str = "delete"
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for name in ("data", "uploads", "archive"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "uploads/first").write_text("1")
        self.write("first")

    def write(self, text: str) -> None:
        """As somebody else does, who has the same database."""
        with contextlib.closing(sqlite3.connect(self.folder / "data/notes.db")) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
            db.execute("INSERT INTO notes (text) VALUES (?)", (text,))

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.port)]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "JOURNAL": self.journal}

    def ask(self, method: str, path: str, text: str | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, text)
            return connection.getresponse().read().decode()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/") == '"here"'
        except OSError:
            return False

    def use(self) -> None:
        assert self.ask("POST", "/notes", "second") == "2"
        assert self.ask("GET", "/notes") == '[[1, "first"], [2, "second"]]'
        assert self.ask("POST", "/uploads", "other") == "2"
        assert self.ask("DELETE", "/uploads/first") == '["other"]'
        assert self.ask("POST", "/archive", "january") == '["january"]'
        assert self.ask("POST", "/uploads", "last") == "1"

    def record(self, *options: str) -> reenact.Done:
        return reenact.record(
            self.command,
            self.use,
            self.answers,
            cwd=self.folder,
            env=self.env,
            log=self.folder.parent / "record.txt",
            options=options,
        )

    def test(self, *options: str, cwd: Path | None = None) -> reenact.Done:
        log = self.folder.parent / "test.txt"
        return reenact.replay(
            self.command, cwd=cwd or self.folder, env=self.env, log=log, options=options
        )


@pytest.fixture(params=["delete", "wal"])
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Notebook:
    notebook = Notebook(tmp_path / "service", journal=request.param)
    done = notebook.record()
    assert done.returncode == 0, done.output
    assert " 0 set aside" in done.output
    return notebook


def test_it_is_green_though_its_files_have_changed_meanwhile(recorded: Notebook) -> None:
    recorded.write("of another day")
    (recorded.folder / "uploads/of-another-day").write_text("")
    shutil.rmtree(recorded.folder / "archive/january")
    before = _tree(recorded.folder)
    done = recorded.test()
    assert done.returncode == 0, done.output
    assert _tree(recorded.folder) == before


def test_it_is_red_when_what_it_kept_then_was_something_else(recorded: Notebook) -> None:
    (kept,) = [f for f in load_suite(recorded.folder / "reenact").files if f.path.endswith(".db")]
    content = recorded.folder / "reenact/files" / kept.content
    content.write_bytes(content.read_bytes().replace(b"first", b"other"))
    done = recorded.test()
    assert done.returncode == 1, done.output


def test_it_is_green_in_another_folder_without_the_files(recorded: Notebook) -> None:
    checkout = recorded.folder.parent / "checkout"
    checkout.mkdir()
    shutil.copytree(recorded.folder / "reenact", checkout / "reenact")
    (checkout / "archive").mkdir()
    done = recorded.test(cwd=checkout)
    assert done.returncode == 0, done.output


def test_cases_that_build_on_what_others_wrote_stay_together(recorded: Notebook) -> None:
    for options in (["--jobs", "3"], ["--restart", "each"]):
        done = recorded.test(*options)
        assert done.returncode == 0, done.output


def test_missing_content_is_an_error_that_names_the_remedy(recorded: Notebook) -> None:
    shutil.rmtree(recorded.folder / "reenact/files")
    done = recorded.test()
    assert done.returncode == 3
    assert "what data/notes.db held is missing or cut; restore it, or take" in done.output


def test_what_was_kept_is_listed_and_for_its_owner_only(recorded: Notebook) -> None:
    listed = {one.path: one.kind.value for one in load_suite(recorded.folder / "reenact").files}
    journals = {name for name in listed if "-" in name}
    assert {name: what for name, what in listed.items() if name not in journals} == {
        "archive/january": "absent",
        "data/notes.db": "file",
        "notebook.log": "absent",
        "uploads": "folder",
        "uploads/first": "file",
    }
    assert journals <= {f"data/notes.db-{end}" for end in ("journal", "wal", "shm")}
    for path in (recorded.folder / "reenact/files").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (recorded.folder / "reenact/files").stat().st_mode & 0o777 == 0o700


def test_a_file_over_the_bound_is_named_with_the_remedy(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "service")
    (notebook.folder / "uploads/first").write_bytes(bytes(3 << 20))
    (notebook.folder / "reenact.toml").write_text("[files]\nfile_mib = 2\n")
    done = notebook.record("--no-rehearse")
    assert done.returncode == 0, done.output
    assert (
        f"not kept as before it was changed: {notebook.folder}/uploads/first: a file too large; "
        "raise file_mib of [files] in reenact.toml, or ignore it there"
    ) in done.output


def test_a_killed_recorder_leaves_what_it_had_and_nothing_else(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "service")
    (notebook.folder / "uploads/first").write_bytes(bytes(3 << 20))
    line = [sys.executable, "-m", "reenact", "record", "--", *notebook.command]
    with subprocess.Popen(line, cwd=notebook.folder, env=notebook.env) as process:
        wait_ready(process, notebook.answers, None)
        notebook.use()
        capture = notebook.folder / "reenact/.local/recording.capture"
        seen = -1
        while capture.stat().st_size != seen:  # what is on its way comes within 200 ms
            seen = capture.stat().st_size
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        process.send_signal(signal.SIGKILL)
    assert sorted(os.listdir(capture.parent)) == [".gitignore", "recording.capture"]
    kept = {piece.path: piece.size for piece in open_capture(capture).pieces()}
    assert kept[f"{notebook.folder}/uploads/first"] == 3 << 20
    assert kept[f"{notebook.folder}/data/notes.db"] > 0


def test_in_a_user_namespace_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unprivileged = ["setpriv", "--bounding-set", "-sys_admin", "--"] if os.geteuid() == 0 else []
    line = [*unprivileged, sys.executable, "-m", "reenact"]
    monkeypatch.setattr(reenact, "_reenact", lambda: line)
    notebook = Notebook(tmp_path / "service")
    done = notebook.record()
    assert done.returncode == 0 and " 0 set aside" in done.output, done.output
    notebook.write("of another day")
    done = notebook.test()
    assert done.returncode == 0, done.output


def _tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".local" not in path.parts)
    return {str(path): path.read_bytes() for path in files}
