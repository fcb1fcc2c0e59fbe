"""The server half of one connection, played from recordings: the plug point and its loop.

Messages are handled one after the other; while a question to the engine is open, later ones wait
in `_inbox`, so answers keep the order of the protocol whatever the engine's pace. What each kind
of message means is told in `backend/`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from reenact.model.message import Malformed, Payload
from reenact.model.protocol import Action, Answer
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.copy_in import CopyFromClient
from reenact.protocols.postgres.backend.describe import DescribePortal
from reenact.protocols.postgres.backend.execute import Execute
from reenact.protocols.postgres.backend.function_call import FunctionCall
from reenact.protocols.postgres.backend.prepare import Prepare
from reenact.protocols.postgres.backend.replies import NO_RECORDING, Reply, is_cut, is_fatal
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.backend.simple_query import SimpleQuery
from reenact.protocols.postgres.backend.startup import StartUp
from reenact.protocols.postgres.codec import LIMIT, PostgresCodec
from reenact.protocols.postgres.recall import Recalled
from reenact.protocols.postgres.values import Unservable


class PostgresResponder:
    def __init__(self, flow: Flow, recalled: Recalled) -> None:
        self._flow = flow
        self._codec = PostgresCodec(flow, LIMIT)
        self._inbox: deque[Payload] = deque()
        self._own_ending = False  # the message in hand ends with a ReadyForQuery of its own
        self._connection = c = Connection()
        self._session = s = Session(flow, c)
        self._copying = CopyFromClient(c)
        self._startup = StartUp(c, s, recalled)
        self._query = SimpleQuery(c, s, recalled, self._copying)
        self._prepare = Prepare(c, s, recalled)
        self._portal = DescribePortal(c, s, recalled, self._prepare)
        self._execute = Execute(c, s, recalled, self._copying)
        self._function = FunctionCall(c, s)

    # -- the plug point -----------------------------------------------------------------------

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            self._inbox.append(message.payload)
        return self._run()

    def answer(self, token: int, reply: Reply, now_ns: int) -> list[Action]:
        then = self._connection.replied(token)
        if self._connection.closed:
            return []
        if isinstance(reply, Answer) and reply.response is None:
            self._connection.close()
        else:
            self._guarded(lambda: then(reply))
            if is_cut(reply):
                self._connection.close()
        return self._run()

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        if not isinstance(response, dict) or self._connection.closed:
            return None
        if "notify" in response:
            return self._connection.taken() if self._session.notify(response) else None
        said = [*serve.notices(response), *serve.parameters(response)]
        if "error" in response:
            said.append(serve.error_message(response["error"]))
        self._connection.say(*said)
        if is_fatal(response):
            self._connection.close()
        return self._connection.taken()

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        self._connection.close()
        return self._connection.taken()

    # -- the loop -----------------------------------------------------------------------------

    def _run(self) -> list[Action]:
        while self._inbox and not self._connection.waits and not self._connection.closed:
            self._guarded(self._next)
        return self._connection.taken()

    def _next(self) -> None:
        upcoming = self._inbox[0]
        if self._prepare.settle(upcoming) and self._portal.settle(upcoming):
            self._handle(self._inbox.popleft())

    def _guarded(self, act: Callable[[], None]) -> None:
        """A recorded (or edited) response that can't be written becomes an error."""
        try:
            act()
        except Unservable as why:
            failure = serve.error(NO_RECORDING, f"reenact: {why}")
            if self._own_ending:
                self._connection.say(failure)
                self._session.failed()
                self._session.ready()
            else:
                self._session.fail(failure)

    def _handle(self, payload: Payload) -> None:
        if self._copying.open:
            if unreadable := self._copying.take(payload):
                self._malformed(unreadable)
        elif self._session.skipping and not isinstance(payload, m.Sync | m.Terminate | Malformed):
            return
        else:
            self._dispatch(payload)

    def _dispatch(self, payload: Payload) -> None:
        self._own_ending = isinstance(payload, m.Query | m.FunctionCall)
        match payload:
            case m.SslRequest():
                self._connection.encrypt(agreed=bool(self._flow.tls))
            case m.GssEncRequest():
                self._connection.encrypt(agreed=False)
            case m.CancelRequest() | m.Terminate():
                self._connection.close()
            case m.Startup():
                self._startup.asked(payload)
            case m.Query():
                self._query.asked(payload)
            case m.Parse():
                self._prepare.parse(payload)
            case m.Bind():
                self._execute.bind(payload)
            case m.Describe(kind=b"P"):
                self._portal.asked(payload)
            case m.Describe():
                self._prepare.describe(payload)
            case m.Execute():
                self._execute.asked(payload)
            case m.CloseTarget():
                self._session.close_target(payload)
            case m.Sync():
                self._session.ready()
            case m.FunctionCall():
                self._function.asked(payload)
            case Malformed():
                self._malformed(payload)

    def _malformed(self, payload: Malformed) -> None:
        self._connection.faulty(payload.reason)
        self._connection.say(serve.error("08P01", f"reenact: {payload.reason}", "FATAL"))
        self._connection.close()
