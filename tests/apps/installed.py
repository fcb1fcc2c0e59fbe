"""What the applications need, installed once and kept between runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.services.service import INSTALLED, once, python_environment, run

HERE = Path(__file__).parent
FOLDER = INSTALLED / "apps"
MODULES = FOLDER / "node" / "node_modules"


def install() -> None:
    constraints = HERE / "requirements.txt"
    python_environment(FOLDER, constraints, ["-r", str(constraints)])
    folder = FOLDER / "node"

    def make() -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, folder / name)
        run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)

    once(folder, (HERE / "package-lock.json").read_text(), make)


def programs() -> Path:
    """Where python, gunicorn and uvicorn are."""
    return FOLDER / "venv" / "bin"


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{programs()}:{os.environ['PATH']}",
        "NODE_PATH": str(MODULES),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
