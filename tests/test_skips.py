"""Under CI a skip fails the run unless the kernel or the hardware is its reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def outcome(folder: Path, test: str, *options: str, ci: str = "true") -> tuple[int, str]:
    shutil.copyfile(CONFTEST, folder / "conftest.py")
    (folder / "test_it.py").write_text(f"import pytest\n\n{test}\n\ndef test_other():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    env = {**os.environ, "CI": ci}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout


SKIPPED = "@pytest.mark.skip(reason='{}')\ndef test_it():\n    pass"


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("test", "code"),
    [
        (SKIPPED.format("postgres is not installed"), 1),
        ("pytest.importorskip('no_such_module')", 1),
        (SKIPPED.format("kernel: no user namespaces"), 0),
        (SKIPPED.format("hardware: one core"), 0),
        ("@pytest.mark.xfail\ndef test_it():\n    assert False", 0),
    ],
    ids=["skip", "import", "kernel", "hardware", "xfail"],
)
def test_ci_takes_only_the_machine_as_a_reason(
    tmp_path: Path, test: str, code: int, options: tuple[str, ...]
) -> None:
    returned, said = outcome(tmp_path, test, *options)
    assert returned == code, said
    assert ("skipped without a reason that CI accepts" in said) == (code == 1)


@pytest.mark.slow
def test_on_a_developers_machine_skips_are_fine(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPPED.format("no database here"), ci="")[0] == 0
