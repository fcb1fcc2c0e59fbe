"""A name server that knows what was looked up while recording."""

from __future__ import annotations

import dns.message

from reenact.model.protocol import Action, Answer, Ask, Close, Refuse, Send
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.dns.codec import DnsCodec, DnsEncoder
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.trees import answer, parsed, refusal, request_tree


class DnsResponder:
    """A name that was not looked up does not exist: NXDOMAIN."""

    def __init__(self, *, datagrams: bool) -> None:
        self._codec = DnsCodec(datagrams=datagrams)
        self._encoder = DnsEncoder(datagrams=datagrams)
        self._queries: dict[int, dns.message.Message] = {}
        self._count = 0

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out: list[Action] = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            assert isinstance(message.payload, Packet)
            query = parsed(message.payload.data)
            if query is None:
                continue
            self._count += 1
            self._queries[self._count] = query
            out.append(Ask(self._count, request_tree(query)))
        return out

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        query = self._queries.pop(token)
        if isinstance(reply, Refuse):
            data = refusal(query)
        elif reply.response is None:
            return []  # it was never answered; the client's time-out says so
        else:
            data = answer(query, reply.response)
        return [Send(self._encoder.encode(Packet(data=data)))]

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]
