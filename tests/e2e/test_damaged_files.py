"""Recordings, suites and settings that are not what they must be: one line, exit code 3."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reenact.store.blocks import MAGIC
from tests.e2e.service import Service
from tests.servers import reenact
from tests.store import recordings

OLD_SUITE = Path(__file__).parents[1] / "data" / "suite-v1"

pytestmark = [pytest.mark.e2e]


@pytest.fixture
def project(tmp_path: Path) -> Service:
    shutil.copytree(OLD_SUITE, tmp_path / "reenact")
    return Service(tmp_path)


def refused(done: reenact.Done) -> str:
    (line,) = done.output.splitlines()
    assert done.returncode == 3, line
    assert line.startswith("reenact: error: ")
    return line.removeprefix("reenact: error: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty; record again"),
        (MAGIC[:3], "the recording was cut before it began"),
        (MAGIC + b"\x63", "capture format 99, this version reads 1 to 2; upgrade reenact"),
        (b"\x7fELF and more", "this is no reenact recording"),
        (None, "some.capture"),
    ],
)
@pytest.mark.parametrize("command", ["compile", "inspect"])
def test_a_recording_that_is_none(
    project: Service, command: str, content: bytes | None, says: str
) -> None:
    path = project.folder / "some.capture"
    if content is not None:
        path.write_bytes(content)
    assert says in refused(project.reenact(command, str(path)))


def test_a_recording_that_was_cut_gives_what_is_left_of_it(project: Service) -> None:
    path = project.folder / "some.capture"
    recordings.write(path, [])
    path.write_bytes(path.read_bytes()[:-5])
    done = project.reenact("compile", str(path), "--suite", "new")
    assert done.returncode == 2
    assert "the end of the recording is missing: the file ends inside a block" in done.output


def test_compile_does_not_overwrite_a_folder_that_is_no_suite(project: Service) -> None:
    recordings.write(project.folder / "some.capture", [])
    (project.folder / "src").mkdir()
    (project.folder / "src" / "suite.yaml").write_text("mine: yes\n")
    done = project.reenact("compile", "some.capture", "--suite", "src")
    assert done.returncode == 3, done.output
    assert (project.folder / "src" / "suite.yaml").read_text() == "mine: yes\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "expected a mapping of fields, found nothing"),
        ("format: 99\n", "99"),
        ("format: 1\ncommand: [a", "not YAML"),
        ("!!python/object/apply:os.system [touch hacked]\n", "no place in a suite"),
        ("format: &a 1\n", "anchors (&name) have no place in a suite"),
        ("format: 1\n---\nformat: 1\n", "more than one document"),
        ("[" * 5000, "nested deeper"),
        ("format: 1\nformat: 1\n", "there twice"),
        ("\x00\x01", "not YAML"),
        ("format: 1\ncommand: [a]\nports: [1]\naddresses: [here]\n", "expected an IP address"),
        ("format: 1\ncomand: [a]\nports: [1]\n", "comand"),
    ],
)
def test_a_suite_file_that_is_none(project: Service, content: str, says: str) -> None:
    (project.folder / "reenact/suite.yaml").write_text(content)
    line = refused(project.test())
    assert line.startswith("reenact/suite.yaml:")
    assert says in line
    assert not (project.folder / "hacked").exists()


def test_a_suite_that_is_not_there(project: Service) -> None:
    shutil.rmtree(project.folder / "reenact")
    assert "no suite here (no suite.yaml); make one with" in refused(project.test())


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_case_that_was_cut(project: Service, cut: int) -> None:
    path = next((project.folder / "reenact/cases").iterdir())
    text = path.read_text()
    path.write_text(text[: len(text) * cut // 4])
    line = refused(project.test())
    assert line.startswith(f"reenact/cases/{path.name}:")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("protocol:", "protocl:", "did you mean protocol?"),
        ("port:", "port: eighty #", "expected a whole number"),
        ("request:", "request: &x", "anchors"),
        ("case:", "cases:", "case"),
    ],
)
def test_a_slip_in_a_case_is_named_with_its_line(
    project: Service, right: str, wrong: str, says: str
) -> None:
    path = sorted((project.folder / "reenact/cases").iterdir())[0]
    path.write_text(path.read_text().replace(right, wrong, 1))
    line = refused(project.test())
    assert line.startswith(f"reenact/cases/{path.name}:") and says in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[tls\n", "reenact.toml"),
        ("[tls]\npasstrough = ['a']\n", "passtrough"),
        ("[tls]\npassthrough = 'a'\n", "passthrough"),
        ("[tls]\ntrust_files = ['none.pem']\n", "none.pem is no file"),
        ("[tls]\nservice_cert = 'none.pem'\n", "none.pem is no file"),
        ("[tls]\nservice_cert = 'reenact.toml'\n", "are no certificate and its key in PEM"),
        (
            "[[tls.client_certs]]\nhost = 'a'\ncert = 'none.pem'\nkey = 'reenact.toml'\n",
            "none.pem is no file",
        ),
    ],
)
def test_settings_that_are_none(project: Service, content: str, says: str) -> None:
    (project.folder / "reenact.toml").write_text(content)
    line = refused(project.record(["true"], "--suite", "new"))
    assert says in line


def test_a_capture_that_cannot_be_written(project: Service) -> None:
    done = project.record(project.command, "--capture", "reenact/suite.yaml/x")
    assert "cannot be written" in done.output.splitlines()[-1]
    assert done.returncode == 3
