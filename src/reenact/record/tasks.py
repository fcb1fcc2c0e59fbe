"""Tasks of one event loop that nobody waits for one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Holds tasks so that none is garbage-collected; a failure of one is ours and surfaces."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()  # Any: results are not looked at
        self.failure: BaseException | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None and self.failure is None:
            self.failure = task.exception()

    async def drain(self, wait_s: float) -> None:
        """Let them end by themselves for so long, then end them."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=wait_s)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
