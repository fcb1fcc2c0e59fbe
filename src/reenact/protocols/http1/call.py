"""The client's half: sends a stimulus, tells the response."""

from __future__ import annotations

from reenact.model.message import Malformed, Message
from reenact.model.protocol import Action, Received, Send
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.http1.codec import HttpCodec
from reenact.protocols.http1.encode import HttpEncoder
from reenact.protocols.http1.grammar import keeps_alive
from reenact.protocols.http1.messages import Response
from reenact.protocols.http1.trees import response_tree, to_request


class HttpCaller:
    """Head and body are sent at once, also where the recorded client waited for 100 (Continue):
    RFC 9110, 10.1.1 allows a client not to wait."""

    def __init__(self, limit: int) -> None:
        self._codec = HttpCodec(limit)
        self._token: int | None = None
        self._early: list[Response] = []
        self._open = True

    def call(self, token: int, request: Value, now_ns: int) -> list[Action]:
        assert self._token is None and self._open
        self._token = token
        payload = to_request(request)
        data = HttpEncoder().encode(payload)
        self._codec.feed(Side.CLIENT, data, now_ns)
        self._open = keeps_alive(payload.version, payload.headers) and payload.method != "CONNECT"
        return [Send(data)]

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out = self._told(self._codec.feed(Side.SERVER, data, now_ns))
        if self._token is not None and self._codec.broken(Side.SERVER):
            return [self._failed("the service sent something that is no HTTP response")]
        return out

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        self._open = False
        out = self._told(self._codec.close(Side.SERVER, now_ns, reset=reset))
        if self._token is None:
            return out
        how = "reset" if reset else "closed"
        return [self._failed(f"the service {how} the connection before its response was whole")]

    def reusable(self) -> bool:
        return self._open and self._token is None

    def _told(self, messages: list[Message]) -> list[Action]:
        for message in messages:
            payload = message.payload
            if isinstance(payload, Malformed) or self._token is None:
                continue
            if isinstance(payload, Response):
                if payload.status < 200 and payload.status != 101:
                    self._early.append(payload)
                    continue
                return [self._done(payload)]
        return []

    def _done(self, response: Response) -> Action:
        token, self._token = self._token, None
        early, self._early = self._early, []
        ends = response.framing == "close" or response.status == 101
        self._open = self._open and not ends and keeps_alive(response.version, response.headers)
        assert token is not None
        return Received(token, response_tree(response, early))

    def _failed(self, why: str) -> Action:
        token, self._token, self._open = self._token, None, False
        assert token is not None
        return Received(token, None, why)
