"""Where a recording goes: a capture file, flushed while the service runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator

from reenact import __version__
from reenact.base.clock import Clock
from reenact.intercept.tap import Recorder
from reenact.record.options import RecordOptions
from reenact.store.capture import Meta
from reenact.store.writer import FLUSH_S, CaptureWriter


async def flush_always(writer: CaptureWriter) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        writer.flush()


@contextlib.contextmanager
def writing(
    options: RecordOptions,
    clock: Clock,
    say: Callable[[str], None],
    addresses: tuple[str, ...] = (),
) -> Iterator[tuple[CaptureWriter, Recorder]]:
    meta = Meta(
        reenact=__version__,
        command=options.command,
        started_ns=clock.wall_ns(),
        addresses=addresses,
        cwd=os.path.realpath(options.cwd),
        hash_seed=options.hash_seed,
        owner=(os.geteuid(), os.getegid()) if hasattr(os, "geteuid") else None,
    )
    writer = CaptureWriter(
        options.capture, meta, lambda why: say(f"{why}; the service goes on, unrecorded")
    )
    try:
        yield writer, Recorder(writer, clock)
    except BaseException:
        writer.close()
        raise
