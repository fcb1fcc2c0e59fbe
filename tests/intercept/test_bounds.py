"""Size, number and slowness: much passes as it would without the recorder, and its memory is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from reenact.store.capture import Accounting, open_capture
from tests.intercept.relays import WAIT_S, read_exactly, serving

MIB = 1024 * 1024
CHUNK = bytes(range(256)) * 1024  # 256 KiB

ECHO = """
import asyncio, resource
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
class Echo(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data): self.transport.write(data)
async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


class Recorder:
    def __init__(self, process: subprocess.Popen[str], capture: Path) -> None:
        self._process = process
        self.capture = capture
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def memory(self) -> int:
        """Bytes resident."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def stop(self) -> Accounting:
        out, _ = self._process.communicate("stop\n", timeout=120)
        assert self._process.returncode == 0
        return msgspec.json.decode(out, type=Accounting)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), WAIT_S)


@contextlib.contextmanager
def recorder(folder: Path, upstream: int, loop: str = "uvloop") -> Iterator[Recorder]:
    capture = folder / "r.capture"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.intercept.recorder_process",
            str(upstream),
            str(capture),
            loop,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Recorder(process, capture)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_gibibyte_each_way_passes_whole_and_is_stored_whole(tmp_path, loop):
    size = 1024 * MIB

    def swallows(conn):
        left = size
        while left:
            left -= len(conn.recv(MIB))
        for _ in range(size // len(CHUNK)):
            conn.sendall(CHUNK)

    with serving(swallows) as port, recorder(tmp_path, port, loop) as it:
        with it.connect() as client:
            before = it.memory()
            for _ in range(size // len(CHUNK)):
                client.sendall(CHUNK)
            assert _drained(client) == size
        grown = it.memory() - before
        done = it.stop()
        assert (done.seen_bytes, done.lost_bytes) == (2 * size, 0)
        assert grown < 300 * MIB, f"{grown / MIB:.0f} MiB"


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_slow_reader_slows_its_writer_and_costs_no_memory(tmp_path, loop):
    size, sent = 200 * MIB, [0]

    def floods(conn):
        for _ in range(size // len(CHUNK)):
            conn.sendall(CHUNK)
            sent[0] += len(CHUNK)

    with serving(floods) as port, recorder(tmp_path, port, loop) as it, it.connect() as client:
        before = it.memory()
        read_exactly(client, 1)
        while not sent[0] or _moves(sent):
            pass
        assert sent[0] < 50 * MIB, "the writer waits for the reader"
        assert it.memory() - before < 30 * MIB
        assert 1 + _drained(client) == size
        assert it.memory() - before < 200 * MIB


def _drained(sock: socket.socket) -> int:
    got = 0
    while data := sock.recv(MIB):
        got += len(data)
    return got


def _moves(count: list[int]) -> bool:
    before = count[0]
    threading.Event().wait(0.3)
    return count[0] != before


@pytest.mark.slow
def test_ten_thousand_connections_are_open_at_once(tmp_path):
    """Or as many as the limit on open files allows: each is two in the recorder."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, (hard - 200) // 2)
    echo = subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True)
    assert echo.stdout is not None
    try:
        with recorder(tmp_path, int(echo.stdout.readline())) as it:
            before = it.memory()
            asyncio.run(_many(it, count))
            grown = it.memory() - before
            done = it.stop()
    finally:
        echo.kill()
        echo.communicate()
    assert (done.connections, done.seen_bytes, done.lost_bytes) == (count, 4 * count, 0)
    assert grown < count * 64 * 1024, f"{grown / count:.0f} bytes a connection"
    assert len(open_capture(it.capture).flows) == count


async def _many(it: Recorder, count: int) -> None:
    """All are opened, then each asks and is answered, then all are closed."""
    opened = []
    for start in range(0, count, 500):
        opened += await asyncio.gather(
            *(
                asyncio.open_connection("127.0.0.1", it.port)
                for _ in range(start, min(count, start + 500))
            )
        )
    for _, writer in opened:
        writer.write(b"hi")
    for reader, _ in opened:
        assert await asyncio.wait_for(reader.readexactly(2), WAIT_S) == b"hi"
    for _, writer in opened:
        writer.close()
