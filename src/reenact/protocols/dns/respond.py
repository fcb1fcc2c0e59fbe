"""A name server that knows what was looked up while recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dns.flags
import dns.message

from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.dns.codec import DnsCodec, DnsEncoder
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.trees import (
    SIZE_MAX,
    answer,
    format_error,
    parsed,
    question,
    refusal,
    request_tree,
)

PLAIN_MAX = 512
"""Bytes of a datagram for a client that does not say what it takes (RFC 1035, 4.2.1)."""


def recall(interactions: Sequence[Interaction]) -> dict[tuple[str, str, str], Value]:
    """Whole answers by question: the same question may have been answered cut off over UDP and whole
    over TCP, and which is right on replay is for the transport of then to say."""
    return {
        question(one.request): one.response
        for one in interactions
        if isinstance(one.response, dict) and not one.response.get("truncated")
    }


class DnsResponder:
    """A name that was not looked up does not exist: NXDOMAIN."""

    def __init__(self, *, datagrams: bool, whole: Mapping[tuple[str, str, str], Value]) -> None:
        self._codec = DnsCodec(datagrams=datagrams)
        self._encoder = DnsEncoder(datagrams=datagrams)
        self._datagrams = datagrams
        self._whole = whole
        self._queries: dict[int, dns.message.Message] = {}
        self._count = 0

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out: list[Action] = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            assert isinstance(message.payload, Packet)
            out += self._received(message.payload.data)
        return out

    def _received(self, data: bytes) -> list[Action]:
        query = parsed(data)
        if query is None or query.flags & dns.flags.QR:
            error = format_error(data) if query is None else b""
            said = [self._send(error)] if error else []
            return [Faulty(f"{len(data)} bytes that are no DNS query"), *said]
        self._count += 1
        self._queries[self._count] = query
        return [Ask(self._count, request_tree(query))]

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        query = self._queries.pop(token)
        if isinstance(reply, Refuse):
            return [self._send(refusal(query))]
        response = reply.response
        if response is None:
            return []  # it was never answered; the client's time-out says so
        if isinstance(response, dict) and response.get("truncated"):
            response = self._whole.get(question(request_tree(query)), response)
        return [self._send(answer(query, response, self._size_max(query)))]

    def _size_max(self, query: dns.message.Message) -> int:
        return max(query.payload, PLAIN_MAX) if self._datagrams else SIZE_MAX

    def _send(self, data: bytes) -> Action:
        return Send(self._encoder.encode(Packet(data=data)))

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]
