"""A line protocol and a service made of a function: enough to see the engine think.

A request is `VERB word word\\n`, a response is a line. `# ` lines from the server are pushes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Close,
    Confidence,
    ProtocolPlugin,
    Received,
    Refuse,
    Send,
    Traits,
)
from reenact.model.segment import Endpoint, Flow, Role
from reenact.model.value import Value
from reenact.replay.core import Engine
from reenact.replay.core.events import (
    CaseDone,
    Command,
    Dial,
    Finished,
    MoveClock,
    Shut,
    WakeAt,
    Write,
)


class ToyMatcher:
    def key(self, request: Value) -> str:
        return str(request).split()[0]

    def normal(self, request: Value) -> Value:
        return list(str(request).split())

    def normal_response(self, response: Value) -> Value:
        return list(str(response).split())

    def label(self, request: Value) -> str:
        return str(request)

    def traits(self, request: Value, response: Value) -> Traits:
        verb = self.key(request)
        return Traits(
            housekeeping=verb == "HELLO",
            reads=verb == "GET",
            waits=verb == "TAKE",
            opens=verb == "BEGIN",
            closes=verb == "COMMIT",
        )


class ToyResponder:
    def __init__(self) -> None:
        self._held = b""
        self._token = 0

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        *lines, self._held = (self._held + data).split(b"\n")
        out: list[Action] = []
        for line in lines:
            self._token += 1
            out.append(Ask(self._token, line.decode()))
        return out

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        text = reply.response if isinstance(reply, Answer) else f"REFUSED {reply.reason}"
        return [Send(f"{text}\n".encode())]

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return [Send(f"# {response}\n".encode())]

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close()]


class ToyCaller:
    def call(self, token: int, request: Value, now_ns: int) -> list[Action]:
        self._at = token
        return [Send(f"{request}\n".encode())]

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        return [Received(self._at, data.decode().strip())]

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Received(self._at, None, "the service closed the connection")]

    def reusable(self) -> bool:
        return True


def _never(*args: object) -> object:
    raise AssertionError(args)


TOY = ProtocolPlugin(
    name="toy",
    payloads=(),
    detect=lambda flow, client, server: Confidence.SURE,
    codec=_never,  # type: ignore[arg-type]
    encoder=_never,  # type: ignore[arg-type]
    pairer=_never,  # type: ignore[arg-type]
    matcher=ToyMatcher(),
    recall=lambda interactions: None,
    responder=lambda flow, recalled: ToyResponder(),
    caller=lambda flow: ToyCaller(),
)


BEAT_NS = 5 * 10**8


class Simulator:
    """Drives an engine with a service that is a generator: it yields calls, is sent answers,
    and returns its response. `late` calls are made after the response, the call `beat` every
    half second by a thread that no request has started."""

    def __init__(
        self,
        engine: Engine,
        service: Callable[[str], Generator[str, str, str]],
        late: Callable[[str], Iterable[str]] = lambda request: (),
        beat: str = "",
    ) -> None:
        self.engine = engine
        self.service = service
        self.late = late
        self.beat = beat
        self.now = 0
        self.moved: list[int] = []
        self.done: list[CaseDone] = []
        self.finished: Finished | None = None
        self.answers: dict[int, list[str]] = {}
        self._wakes: list[int] = []

    def run(self) -> Simulator:
        self._open(1)
        self._do(self.engine.begin(self.now))
        while self.finished is None:
            assert self._wakes, "the engine waits for nothing"
            assert self.now < 60 * 10**9, "the engine waits for ever"
            if self.beat and min(self._wakes) > self.now + BEAT_NS:
                self.now += BEAT_NS
                self.ask(self.beat)
                continue
            self._wait()
        return self

    def wait(self, conn: int, call: str) -> None:
        """A worker of the service asks on a connection of its own; see `answers`."""
        if conn not in self.answers:
            self._open(conn)
        self._do(self.engine.received(conn, f"{call}\n".encode(), self.now))

    def _open(self, conn: int) -> None:
        where = Flow(
            id=conn, role=Role.OUTBOUND, client=Endpoint("s", 1), server=Endpoint("10.0.0.1", 1)
        )
        self._do(self.engine.opened(conn, where, self.now))

    def _wait(self) -> None:
        self.now = max(self.now, min(self._wakes))
        self.tick()

    def tick(self) -> None:
        self._wakes = [at for at in self._wakes if at > self.now]
        self._do(self.engine.tick(self.now))

    def ask(self, call: str) -> str:
        self.now += 1000
        self.answers[1] = []
        self._do(self.engine.received(1, f"{call}\n".encode(), self.now))
        while not self.answers[1] and self._wakes and self.finished is None:
            self._wait()
        return self.answers[1][-1] if self.answers[1] else ""

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Dial(conn=conn):
                    self._do(self.engine.dialled(conn, self.now))
                case Write(conn=conn, data=data) if conn < 0:
                    self._request(conn, data.decode().strip())
                case Write(conn=conn, data=data):
                    self.answers.setdefault(conn, []).append(data.decode().strip())
                case MoveClock(by_ns=by_ns):
                    self.moved.append(by_ns)
                case WakeAt(at_ns=at_ns):
                    self._wakes.append(at_ns)
                case CaseDone():
                    self.done.append(command)
                case Finished():
                    self.finished = command
                case Shut():
                    pass

    def _request(self, conn: int, request: str) -> None:
        running = self.service(request)
        try:
            call = next(running)
            while True:
                call = running.send(self.ask(call))
        except StopIteration as stop:
            response = stop.value
        self.now += 1000
        self._do(self.engine.received(conn, f"{response}\n".encode(), self.now))
        for call in self.late(request):
            self.ask(call)
