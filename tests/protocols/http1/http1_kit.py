"""What the tests of this folder share: a flow, turns of bytes, and the laws over them."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.model.exchange import Exchange
from reenact.model.message import Message
from reenact.model.segment import Endpoint, Flow, Role, Side
from reenact.protocols.http1 import PLUGIN

CLIENT, SERVER = Side.CLIENT, Side.SERVER
FLOW = Flow(id=7, role=Role.OUTBOUND, client=Endpoint("a", 1), server=Endpoint("b", 80))

Turns = Sequence[tuple[Side, bytes]]


def decode(turns: Turns) -> list[Message]:
    codec = PLUGIN.codec(FLOW)
    found: list[Message] = []
    for at, (side, data) in enumerate(turns):
        found += codec.feed(side, data, at)
    for side in Side:
        found += codec.close(side, len(turns))
        assert codec.buffered(side) == 0
    return found


def payloads(turns: Turns, side: Side) -> list[object]:
    return [message.payload for message in decode(turns) if message.side is side]


def pair(found: Sequence[Message]) -> list[Exchange]:
    pairer = PLUGIN.pairer(FLOW)
    made = [exchange for message in found for exchange in pairer.add(message)]
    return made + pairer.finish(0)


def exchanges(*turns: tuple[Side, bytes]) -> list[Exchange]:
    return pair(decode(turns))


def stream(turns: Turns, side: Side) -> bytes:
    return b"".join(data for s, data in turns if s is side)


def by_bytes(turns: Turns) -> list[tuple[Side, bytes]]:
    return [(side, data[i : i + 1]) for side, data in turns for i in range(len(data))]


def untimed(found: Sequence[Message]) -> list[tuple[object, ...]]:
    return [(m.side, m.payload, m.spans) for side in Side for m in found if m.side is side]


def check_tiles(found: Sequence[Message], side: Side, total: int) -> None:
    at = 0
    for start, end in sorted((s.start, s.end) for m in found if m.side is side for s in m.spans):
        assert start == at
        assert end > start
        at = end
    assert at == total


def check_laws(turns: Turns) -> list[Message]:
    """Chunking, tiling, pairing; gives the messages."""
    found = decode(turns)
    assert untimed(decode(by_bytes(turns))) == untimed(found)
    for side in Side:
        check_tiles(found, side, len(stream(turns, side)))
    landed = [message for exchange in pair(found) for message in exchange.messages]
    assert sorted(map(id, landed)) == sorted(map(id, found))
    return found


def encoded(found: Sequence[Message], side: Side) -> bytes:
    encoder = PLUGIN.encoder(FLOW, side)
    return b"".join(encoder.encode(m.payload) for m in found if m.side is side)
