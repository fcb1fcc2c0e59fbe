"""What is said to the client, and the one question that may be open to the engine."""

from __future__ import annotations

from collections.abc import Callable

from reenact.model.message import Payload
from reenact.model.protocol import Action, Ask, Close, Faulty, Send, StartTls
from reenact.model.value import Value
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.replies import Reply


class Connection:
    def __init__(self) -> None:
        self.closed = False
        self._out: list[Action] = []
        self._token = 0
        self._waiting: Callable[[Reply], None] | None = None

    @property
    def waits(self) -> bool:
        """For the engine's reply: until then no further message is handled."""
        return self._waiting is not None

    def say(self, *payloads: Payload) -> None:
        if payloads:
            self._out.append(Send(serve.join(payloads)))

    def encrypt(self, *, agreed: bool) -> None:
        """The answer to a request for encryption, one letter ("SSL Session Encryption")."""
        self._out += [Send(b"S"), StartTls()] if agreed else [Send(b"N")]

    def faulty(self, reason: str) -> None:
        self._out.append(Faulty(reason))

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._out.append(Close())

    def ask(self, request: Value, then: Callable[[Reply], None]) -> None:
        self._token += 1
        self._waiting = then
        self._out.append(Ask(self._token, request))

    def replied(self, token: int) -> Callable[[Reply], None]:
        """What is to be done with the reply to question `token`, which is no longer open."""
        assert token == self._token and self._waiting, (token, self._token)
        then, self._waiting = self._waiting, None
        return then

    def taken(self) -> list[Action]:
        """Everything to do since this was last called, neighbouring sends joined."""
        out: list[Action] = []
        pending: list[bytes] = []
        for action in self._out:
            if isinstance(action, Send):
                pending.append(action.data)
                continue
            if pending:
                out.append(Send(b"".join(pending)))
                pending = []
            out.append(action)
        if pending:
            out.append(Send(b"".join(pending)))
        self._out = []
        return out
