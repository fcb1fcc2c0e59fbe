"""Record real drivers against a real server, then play the recording to them again.

`recording` is a relay that stamps bytes; `replaying` runs the plugin's responder with the simplest
possible engine: a recorded call is found by comparing its normal tree, exactly, and served once
(reads and housekeeping again and again).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reenact.model.exchange import Exchange, Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Endpoint, Flow, Role, Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.postgres import PLUGIN


def flow(number: int) -> Flow:
    return Flow(id=number, role=Role.OUTBOUND, client=Endpoint("c", 1), server=Endpoint("db", 5432))


@dataclass
class Tape:
    """What passed: (flow, side, bytes or None at the end of that side), in order."""

    events: list[tuple[int, Side, bytes | None]] = field(default_factory=list)

    def exchanges(self) -> list[Exchange]:
        """In the order of their first bytes."""
        found: list[Exchange] = []
        for number in sorted({f for f, _, _ in self.events}):
            found += self._one(number)
        return sorted(found, key=lambda e: e.asked_ns)

    def _one(self, number: int) -> list[Exchange]:
        codec, pairer = PLUGIN.codec(flow(number)), PLUGIN.pairer(flow(number))
        out: list[Exchange] = []
        for at, (f, side, data) in enumerate(self.events, 1):
            if f == number:
                found = codec.close(side, at) if data is None else codec.feed(side, data, at)
                out += [e for message in found for e in pairer.add(message)]
        return out + pairer.finish(len(self.events) + 1)

    def interactions(self) -> list[Interaction]:
        return [
            Interaction(
                id=e.id,
                protocol="postgres",
                destination="db:5432",
                connection=e.flow,
                outcome=e.outcome,
                request=e.request,
                response=e.response,
                asked_ns=e.asked_ns,
            )
            for e in self.exchanges()
        ]


@contextlib.contextmanager
def recording(upstream: int) -> Iterator[tuple[int, Tape]]:
    """Yields the relay's port and the tape, which is whole when the block ends."""
    tape = Tape()
    numbers = itertools.count(1)

    async def copy(
        number: int, side: Side, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                tape.events.append((number, side, data))
                sink.write(data)
                await sink.drain()
        tape.events.append((number, side, None))
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(
            copy(number, Side.CLIENT, reader, far_writer),
            copy(number, Side.SERVER, far_reader, writer),
        )

    with _served(serve) as port:
        yield port, tape


class Engine:
    """One for all connections of a replay."""

    def __init__(self, recorded: Sequence[Interaction]) -> None:
        self.recalled = PLUGIN.recall(recorded)
        self.used: set[str] = set()
        self.missed: list[Value] = []
        self.faults: list[str] = []
        self._calls = [i for i in recorded if i.outcome is not Outcome.PUSH]
        self._recorded = list(recorded)

    def answer(self, request: Value) -> Answer | Refuse:
        matcher = PLUGIN.matcher
        wanted = (matcher.key(request), matcher.normal(request))
        same = [
            i for i in self._calls if (matcher.key(i.request), matcher.normal(i.request)) == wanted
        ]
        unused = [i for i in same if i.id not in self.used]
        if not unused and same and not self._repeatable(same[-1]):
            same = []
        if not same:
            self.missed.append(request)
            return Refuse("nothing like it")
        chosen = (unused or same[-1:])[0]
        self.used.add(chosen.id)
        return Answer(chosen, chosen.response)

    def _repeatable(self, call: Interaction) -> bool:
        traits = PLUGIN.matcher.traits(call.request, call.response)
        return traits.housekeeping or traits.reads

    def pushes(self) -> list[Interaction]:
        """Recorded pushes whose turn it is: every assertable call before them was made."""
        out = []
        for i in self._recorded:
            if i.outcome is Outcome.PUSH and i.id not in self.used:
                out.append(i)
            elif self._asserted(i) and i.id not in self.used:
                break
        return out

    def _asserted(self, call: Interaction) -> bool:
        if call.outcome is not Outcome.COMPLETE:
            return False
        return not PLUGIN.matcher.traits(call.request, call.response).housekeeping

    def left(self) -> list[Value]:
        """Recorded effects that nobody asked for."""
        return [i.request for i in self._calls if self._asserted(i) and i.id not in self.used]


class _Stage:
    """One connection of the replay."""

    def __init__(self, engine: Engine, number: int, writer: asyncio.StreamWriter) -> None:
        self.engine = engine
        self.writer = writer
        self.responder = PLUGIN.responder(flow(number), engine.recalled)

    async def act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    self.writer.write(action.data)
                case Ask():
                    await asyncio.sleep(0)  # the engine may answer later
                    reply = self.engine.answer(action.request)
                    await self.act(self.responder.answer(action.token, reply, 0))
                case Faulty():
                    self.engine.faults.append(action.reason)
                case Close():
                    self.writer.close()


@contextlib.contextmanager
def replaying(
    recorded: Sequence[Interaction], *, chunk: int = 65536
) -> Iterator[tuple[int, Engine]]:
    engine = Engine(recorded)
    numbers = itertools.count(1001)
    stages: list[_Stage] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stage = _Stage(engine, next(numbers), writer)
        stages.append(stage)
        with contextlib.suppress(ConnectionError):
            await stage.act(stage.responder.start(0))
            while data := await reader.read(chunk):
                await stage.act(stage.responder.receive(data, 0))
                await push()
                await writer.drain()
        await stage.act(stage.responder.eof(0))

    async def push() -> None:
        for pushed in engine.pushes():
            for stage in stages:
                actions = stage.responder.push(pushed.response, 0)
                if actions is not None:
                    engine.used.add(pushed.id)
                    await stage.act(actions)
                    break

    with _served(serve) as port:
        yield port, engine


_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@contextlib.contextmanager
def _served(serve: _Serve) -> Iterator[int]:
    """An asyncio server in a thread of its own; left only when all its connections are done."""
    ready: threading.Event = threading.Event()
    ports: list[int] = []
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        done = asyncio.Event()
        open_tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            open_tasks.add(task)
            try:
                await serve(reader, writer)
            finally:
                open_tasks.discard(task)
                writer.close()

        async with _listening(accept) as server:
            ports.append(server.sockets[0].getsockname()[1])
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(done.set))
            ready.set()
            await done.wait()
            server.close()
            if open_tasks:
                await asyncio.wait(open_tasks, timeout=10)

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        stop[0]()
        thread.join(20)


@contextlib.asynccontextmanager
async def _listening(accept: _Serve) -> AsyncIterator[asyncio.Server]:
    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server
    finally:
        server.close()
