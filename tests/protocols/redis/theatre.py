"""Record real clients against a real server, then play the recording to them again.

`recording` is a relay that writes segments; `replaying` runs the plugin's responder with the simplest
possible engine: a recorded command is found by comparing its normal tree, exactly, in recorded order,
once (housekeeping again and again); a push is said once all that came before it was asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reenact.decode import decode
from reenact.model.exchange import Exchange, Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Endpoint, Flow, Role, Segment, SegmentKind, Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols import builtin
from reenact.protocols.redis import PLUGIN
from reenact.testing.rehearse import interactions

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def flow(number: int) -> Flow:
    ends = Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 6379)
    return Flow(id=number, role=Role.OUTBOUND, client=ends[0], server=ends[1])


@dataclass
class Tape:
    segments: dict[int, list[Segment]] = field(default_factory=dict)
    _at: Iterator[int] = field(default_factory=itertools.count)

    def write(self, number: int, side: Side, kind: SegmentKind, data: bytes = b"") -> None:
        at = next(self._at)
        one = Segment(seq=at, flow=number, side=side, kind=kind, at_ns=at, data=data)
        self.segments.setdefault(number, []).append(one)

    def exchanges(self) -> tuple[Exchange, ...]:
        flows = {number: flow(number) for number in self.segments}
        read = decode(flows, self.segments.__getitem__, builtin())
        assert set(read.protocols.values()) == {"redis"}, read.protocols
        return read.exchanges

    def interactions(self) -> list[Interaction]:
        return interactions(self.exchanges())


@contextlib.contextmanager
def served(serve: Serve) -> Iterator[int]:
    """The port of a server whose loop runs in a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(serve, "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def recording(upstream: int) -> Iterator[tuple[int, Tape]]:
    """The relay's port and the tape, which is whole when the block ends."""
    tape, numbers = Tape(), itertools.count(1)

    async def copy(
        number: int, side: Side, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                tape.write(number, side, SegmentKind.DATA, data)
                sink.write(data)
                await sink.drain()
        tape.write(number, side, SegmentKind.EOF)
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(
            copy(number, Side.CLIENT, reader, far_writer),
            copy(number, Side.SERVER, far_reader, writer),
        )

    with served(serve) as port:
        yield port, tape


class Engine:
    """One for all connections of a replay."""

    def __init__(self, recorded: Sequence[Interaction]) -> None:
        self.recalled = PLUGIN.recall(recorded)
        self.missed: list[Value] = []
        self.faults: list[str] = []
        self._recorded = recorded
        self._used: set[str] = set()

    def answer(self, request: Value) -> Answer | Refuse:
        normal = PLUGIN.matcher.normal(request)
        same = [
            i
            for i in self._recorded
            if i.request is not None and PLUGIN.matcher.normal(i.request) == normal
        ]
        left = [i for i in same if i.id not in self._used]
        if not left and not (same and _housekeeping(same[-1])):
            self.missed.append(request)
            return Refuse("nothing like it")
        chosen = (left or same[-1:])[0]
        self._used.add(chosen.id)
        return Answer(chosen, chosen.response)

    def due(self) -> list[Interaction]:
        """Pushes before which everything was asked that was asked before them when recorded."""
        out = []
        for one in self._recorded:
            if one.id in self._used or (one.request is not None and _housekeeping(one)):
                continue
            if one.outcome is not Outcome.PUSH:
                break
            out.append(one)
        return out

    def pushed(self, one: Interaction) -> None:
        self._used.add(one.id)

    def left(self) -> list[Value]:
        """What was recorded and did not happen again."""
        return [
            one.request or one.response
            for one in self._recorded
            if one.id not in self._used and not _housekeeping(one)
        ]


def _housekeeping(one: Interaction) -> bool:
    return PLUGIN.matcher.traits(one.request, one.response).housekeeping and bool(one.request)


class _Stage:
    """One connection of the replay."""

    def __init__(self, engine: Engine, number: int, writer: asyncio.StreamWriter) -> None:
        self._engine = engine
        self._writer = writer
        self.responder = PLUGIN.responder(flow(number), engine.recalled)

    def act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Send(data=data):
                    self._writer.write(data)
                case Ask(token=token, request=request):
                    self.act(self.responder.answer(token, self._engine.answer(request), 0))
                case Faulty(reason=reason):
                    self._engine.faults.append(reason)
                case Close():
                    self._writer.close()


@contextlib.contextmanager
def replaying(
    recorded: Sequence[Interaction], *, chunk: int = 65536
) -> Iterator[tuple[int, Engine]]:
    engine, numbers, stages = Engine(recorded), itertools.count(1001), list[_Stage]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stage = _Stage(engine, next(numbers), writer)
        stages.append(stage)
        with contextlib.suppress(ConnectionError):
            stage.act(stage.responder.start(0))
            while data := await reader.read(chunk):
                stage.act(stage.responder.receive(data, 0))
                push()
                await writer.drain()
        stages.remove(stage)
        stage.act(stage.responder.eof(0))

    def push() -> None:
        for one in engine.due():
            for stage in stages:
                actions = stage.responder.push(one.response, 0)
                if actions is not None:
                    engine.pushed(one)
                    stage.act(actions)
                    break

    with served(serve) as port:
        yield port, engine
