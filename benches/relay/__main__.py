"""`python -m benches.relay [--seconds 5] [--rounds 3]`

Requests a second and latencies of a keep-alive echo: direct, through haproxy in TCP mode, through
mitmdump, and through `reenact record`. Needs wrk; haproxy and mitmdump are left out when missing.
Rounds take turns, so that a change of the machine's speed hits all alike.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.servers.process import free_port, wait_ready

SERVER = str(Path(__file__).with_name("server.py"))
CONNECTIONS = 32


@contextlib.contextmanager
def running(
    line: list[str],
    port: int,
    folder: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[int]:
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(line, stdout=log, stderr=log, cwd=cwd or folder, env=env)
        try:
            wait_ready(process, lambda: _open(port), None)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _open(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def load(port: int, seconds: int, path: str = "/") -> tuple[float, float, float]:
    """(requests a second, p50 ms, p99 ms) by wrk."""
    line = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        f"http://127.0.0.1:{port}{path}",
    ]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    p50, p99 = (_ms(re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", said)) for p in (50, 99))
    return rate, p50, p99


def _ms(found: re.Match[str] | None) -> float:
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


@contextlib.contextmanager
def relays(folder: Path) -> Iterator[dict[str, int]]:
    """Ports by name; all run at once and idle but one."""
    with contextlib.ExitStack() as stack:
        direct, recorded = free_port(), free_port()
        stack.enter_context(running([sys.executable, SERVER, str(direct)], direct, folder))
        ports = {"direct": direct}
        if shutil.which("haproxy"):
            ports["haproxy"] = stack.enter_context(_haproxy(direct, folder))
        if shutil.which("mitmdump"):
            port = free_port()
            line = [
                "mitmdump",
                "-q",
                "-p",
                str(port),
                "--mode",
                f"reverse:http://127.0.0.1:{direct}",
            ]
            ports["mitmdump"] = stack.enter_context(running(line, port, folder))
        record = [sys.executable, "-m", "reenact", "record", "--no-rehearse", "--suite"]
        record += [str(folder / "suite"), "--", sys.executable, SERVER, str(recorded)]
        ports["reenact record"] = stack.enter_context(running(record, recorded, folder))
        yield ports


def _haproxy(upstream: int, folder: Path) -> contextlib.AbstractContextManager[int]:
    port = free_port()
    (folder / "haproxy.cfg").write_text(
        "global\n nbthread 1\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n"
        f" timeout server 60s\nlisten l\n bind 127.0.0.1:{port}\n server s 127.0.0.1:{upstream}\n"
    )
    return running(["haproxy", "-f", str(folder / "haproxy.cfg"), "-db"], port, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, relays(Path(name)) as ports:
        found: dict[str, list[tuple[float, float, float]]] = {relay: [] for relay in ports}
        for _ in range(asked.rounds):
            for relay, port in ports.items():
                found[relay].append(load(port, asked.seconds))
    base = statistics.median(rate for rate, _, _ in found.get("haproxy", found["direct"]))
    print(f"{'':16} {'requests/s':>10} {'of haproxy':>10} {'p50 ms':>8} {'p99 ms':>8}")
    for relay, rounds in found.items():
        rate, p50, p99 = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{relay:16} {rate:10.0f} {rate / base:10.2f} {p50:8.2f} {p99:8.2f}")


if __name__ == "__main__":
    main()
