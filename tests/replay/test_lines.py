"""Which lines of a Python service each case reaches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reenact.replay import lines_hook
from reenact.replay.lines import Span, by_case

SERVICE = """\
import os, threading
import helper

def asked():
    return helper.twice(2)

thread = threading.Thread(target=asked)
thread.start()
thread.join()
def forked():
    return 1
if os.fork() == 0:
    forked()
    os._exit(0)
os.wait()
os.kill(os.getpid(), 9)
"""


def test_a_line_belongs_to_the_case_that_was_open_when_it_ran() -> None:
    spans = [Span("b", 200, 300), Span("a", 100, 150)]
    notes = ["99 1 /s.py", "100 2 /s.py", "150 3 /s.py", "175 4 /s.py", "250 5 /my s.py", "26", ""]
    assert by_case(spans, notes) == {
        "a": frozenset({("/s.py", 2), ("/s.py", 3)}),
        "b": frozenset({("/my s.py", 5)}),
    }


def test_the_hook_sees_threads_and_children_and_survives_a_kill(tmp_path: Path) -> None:
    for folder in ("hook", "own", "service"):
        (tmp_path / folder).mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(Path(lines_hook.__file__).read_text())
    (tmp_path / "own/sitecustomize.py").write_text("import own_was_here")
    (tmp_path / "own/own_was_here.py").write_text("open('own', 'w').close()")
    (tmp_path / "service/main.py").write_text(SERVICE)
    (tmp_path / "service/helper.py").write_text("def twice(n):\n    return 2 * n\n")
    env = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}/hook{os.pathsep}{tmp_path}/own",
        "REENACT_LINES_ROOT": str(tmp_path / "service"),
        "REENACT_LINES": str(tmp_path / "out"),
    }
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path / "service", env=env)
    assert done.returncode == -9
    assert (tmp_path / "service/own").exists()
    files = list((tmp_path / "out").iterdir())
    assert len(files) == 2
    notes = [line for path in files for line in path.read_text().splitlines()]
    [reached] = by_case([Span("all", 0, 2**63)], notes).values()
    names = {(Path(file).name, number) for file, number in reached}
    assert {("main.py", 5), ("helper.py", 2), ("main.py", 11)} <= names
    assert {name for name, _ in names} == {"main.py", "helper.py"}
