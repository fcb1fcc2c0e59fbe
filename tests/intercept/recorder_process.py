"""A recorder of its own process, for tests that measure it: `python -m ... UPSTREAM CAPTURE LOOP`.

Prints its port, then on a line from stdin its accounting, and ends.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

import msgspec

from reenact.base.clock import SystemClock
from reenact.intercept.ca import Authority
from reenact.intercept.inbound import Inbound, listen, watch
from reenact.intercept.loop import loop_factory
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder
from reenact.record.keeping import flush_always
from reenact.record.tasks import Tasks
from reenact.store.writer import CaptureWriter
from tests.store.recordings import META


async def run(upstream: int, writer: CaptureWriter, folder: Path) -> None:
    loop = asyncio.get_running_loop()

    async def dial(port: int) -> object:
        import socket

        sock = socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        return sock

    inbound = Inbound(
        Recorder(writer, SystemClock()),
        Authority(folder / "ca"),
        Settings(),
        dial,  # type: ignore[arg-type]
    )
    tasks = Tasks()
    listener = listen("127.0.0.1", 0)
    watch(listener, lambda sock: tasks.start(inbound.relay(sock, "127.0.0.1", upstream)) and None)
    flushing = loop.create_task(flush_always(writer))
    print(listener.getsockname()[1], flush=True)
    asked = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 1000) and asked.set())
    await asked.wait()
    flushing.cancel()
    await tasks.drain(10.0)
    assert tasks.failure is None, tasks.failure


def main() -> None:
    upstream, capture, kind = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    writer = CaptureWriter(capture, META, print)
    factory = loop_factory() if kind == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run(upstream, writer, capture.parent))
    print(msgspec.json.encode(writer.close()).decode(), flush=True)


if __name__ == "__main__":
    main()
