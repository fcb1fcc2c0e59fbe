"""The example's payment provider, over HTTPS with a private authority."""

from __future__ import annotations

import contextlib
import functools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import free_port, listens, running

PROGRAM = Path(__file__).parents[2] / "examples" / "orders" / "payments.py"


@dataclass(frozen=True)
class Payments:
    """`ca` is what REQUESTS_CA_BUNDLE has to name."""

    port: int
    ca: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


@contextlib.contextmanager
def payments(*, port: int | None = None, folder: Path | None = None) -> Iterator[Payments]:
    """The CA's file outlives the block when `folder` is given, as the service's settings do."""
    kept = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="reenact-payments-"))
    folder.mkdir(parents=True, exist_ok=True)
    server = Payments(port=port or free_port(), ca=folder / "ca.pem")
    command = [sys.executable, str(PROGRAM), "--port", str(server.port), "--folder", str(folder)]
    try:
        with running(command, folder / "payments.log", functools.partial(listens, server.port)):
            yield server
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
