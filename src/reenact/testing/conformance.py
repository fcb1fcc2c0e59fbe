"""The laws of a protocol plugin. Each is a function that raises AssertionError when it is broken.

A sample is a conversation as it was on the wire (`Turns`), taken from a real client and server. Give
`check_all` several: one that has every message of the protocol, one that is cut in odd places, one
that fails. Times are the index of the turn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message
from reenact.model.protocol import Codec, Confidence, ProtocolPlugin
from reenact.model.segment import Endpoint, Flow, Role, Side, Transport
from reenact.testing.damage import Turns, joined, mutations, noise, prefixes, split
from reenact.testing.rehearse import check_responder
from reenact.testing.work import calls_made

FLOW = Flow(
    id=1,
    role=Role.OUTBOUND,
    client=Endpoint("127.0.0.1", 40000),
    server=Endpoint("127.0.0.1", 7),
)

FIRST_BYTES = 4096
"""What `detect` sees of each side."""

GROWTH_MAX = 2.6
"""Twice the input may cost this many times the work: linear, with some room for what is
done once."""

LABEL_MAX = 200
"""Characters; `Matcher.label` says 100 or so."""

CUTS = 60
DAMAGED = 150


def check_all(
    plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW, *, playable: bool = True
) -> None:
    """Every law, on one sample. Datagrams are whole as they are, so the laws that cut streams
    anywhere are not theirs. `playable` False: the client answered a challenge that a responder does
    not pose (a password exchange), so its bytes make no sense to one."""
    check_tiling(plugin, turns, flow)
    check_pairing(plugin, turns, flow)
    check_matcher(plugin, turns, flow)
    check_round_trip(plugin, turns, flow)
    check_totality(plugin, turns, flow)
    if flow.transport is not Transport.UDP:
        check_chunking(plugin, turns, flow)
        check_truncation(plugin, turns, flow)
        check_gap(plugin, turns, flow)
        check_linearity(plugin, lambda times: [*turns] * times, flow)
    if playable:
        check_responder(plugin, turns, read_exchanges(plugin, turns, flow), flow)


# -- recognising ----------------------------------------------------------------------------


def check_detects(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """Its own conversation is recognised by what each side says first, is never taken for something
    else before that, and is not doubted once it was certain. Not for `raw`, which nothing is."""
    firsts = {side: _first(turns, side) for side in Side}
    told = [
        plugin.detect(flow, firsts[Side.CLIENT][:n], b"")
        for n in range(len(firsts[Side.CLIENT]) + 1)
    ]
    told.append(plugin.detect(flow, firsts[Side.CLIENT], firsts[Side.SERVER]))
    assert told[-1] >= Confidence.LIKELY, f"not recognised: {firsts}"
    assert Confidence.NO not in told, f"denied after {told.index(Confidence.NO)} bytes"
    certain = told.index(Confidence.SURE) if Confidence.SURE in told else len(told)
    assert set(told[certain:]) <= {Confidence.SURE}, f"certain after {certain} bytes, then not"


def check_ignores(plugin: ProtocolPlugin, others: Turns, flow: Flow = FLOW) -> None:
    """Another protocol's conversation is not taken for this one's, however much of it is seen."""
    client, server = (_first(others, side) for side in Side)
    for n in range(1, len(client) + 1):
        told = plugin.detect(flow, client[:n], b"")
        assert told <= Confidence.WAIT, f"taken for {plugin.name}: {client[:n]!r}"
    told = plugin.detect(flow, client, server)
    assert told <= Confidence.WAIT, f"taken for {plugin.name}: {client!r}, {server!r}"


def _first(turns: Turns, side: Side) -> bytes:
    return b"".join(data for s, data in turns if s is side)[:FIRST_BYTES]


# -- reading --------------------------------------------------------------------------------


def read(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> list[Message]:
    """Every message of the conversation, both sides closed at its end."""
    codec = plugin.codec(flow)
    out: list[Message] = []
    for at, (side, data) in enumerate(turns):
        out += codec.feed(side, data, at)
        assert codec.buffered(side) <= plugin.buffer_limit, (side, codec.buffered(side))
    return out + _closed(codec, len(turns))


def _closed(codec: Codec, at: int) -> list[Message]:
    out = [message for side in Side for message in codec.close(side, at)]
    assert not any(codec.buffered(side) for side in Side), "bytes are held after the end"
    return out


def paired(plugin: ProtocolPlugin, found: Sequence[Message], flow: Flow = FLOW) -> list[Exchange]:
    pairer = plugin.pairer(flow)
    made = [exchange for message in found for exchange in pairer.add(message)]
    return made + pairer.finish(max((m.last_ns for m in found), default=0))


def read_exchanges(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> list[Exchange]:
    return paired(plugin, read(plugin, turns, flow), flow)


# -- codec ----------------------------------------------------------------------------------


def check_tiling(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """The spans of a side cover its stream, each byte once."""
    _tiles(read(plugin, turns, flow), {side: _length(turns, side) for side in Side})


def _length(turns: Turns, side: Side) -> int:
    return sum(len(data) for s, data in turns if s is side)


def _tiles(found: Sequence[Message], totals: dict[Side, int]) -> None:
    for side, total in totals.items():
        spans = sorted((sp.start, sp.end) for m in found if m.side is side for sp in m.spans)
        at = 0
        for start, end in spans:
            assert start == at and end > start, (side, at, spans)
            at = end
        assert at == total, (side, total, spans)


def check_chunking(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """However the bytes were cut on the way, the messages are the same."""
    whole = untimed(read(plugin, joined(turns), flow))
    for size in (1, 2, 3, 7, 64):
        assert untimed(read(plugin, split(turns, size), flow)) == whole, f"chunks of {size}"


def untimed(found: Sequence[Message]) -> list[tuple[object, ...]]:
    """Messages by side without their times. Neighbouring bytes that nobody could read are one: how
    many messages they are depends on how they came."""
    out: list[tuple[object, ...]] = []
    for side in Side:
        opaque: tuple[int, int] | None = None
        for m in (m for m in found if m.side is side):
            if isinstance(m.payload, Malformed):
                start = m.spans[0].start if opaque is None else opaque[0]
                opaque = (start, m.spans[-1].end)
                continue
            if opaque is not None:
                out.append((side, "opaque", opaque))
                opaque = None
            out.append((side, m.stream, m.payload, m.spans))
        if opaque is not None:
            out.append((side, "opaque", opaque))
    return out


def check_round_trip(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """What was read, written and read again, says the same."""
    found = [m for m in read(plugin, turns, flow) if not isinstance(m.payload, Malformed | Gap)]
    encoders = {side: plugin.encoder(flow, side) for side in Side}
    again = [(m.side, encoders[m.side].encode(m.payload, m.stream)) for m in found]
    written = [m.payload for m in read(plugin, again, flow)]
    assert written == [m.payload for m in found]


def check_truncation(
    plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW, cuts: int = CUTS
) -> None:
    """A conversation that ends early is read, tiled and paired."""
    for cut in prefixes(turns, cuts):
        check_tiling(plugin, cut, flow)
        check_pairing(plugin, cut, flow)


def check_totality(
    plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW, count: int = DAMAGED
) -> None:
    """Nothing that a peer can send raises: neither noise nor real conversations gone wrong."""
    for garbled in (*noise(count), *mutations(turns, count)):
        check_tiling(plugin, garbled, flow)
        check_pairing(plugin, garbled, flow)
        check_matcher(plugin, garbled, flow)
        responder = plugin.responder(flow, plugin.recall(()))
        responder.start(0)
        responder.receive(b"".join(data for side, data in garbled if side is Side.CLIENT), 0)
        responder.eof(1)


def check_gap(
    plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW, lost: int = 5, cuts: int = CUTS
) -> None:
    """Bytes lost anywhere leave a stream that still tiles, the loss included, and pairs."""
    whole = joined(turns)
    for n, (side, data) in enumerate(whole):
        for cut in range(0, len(data) + 1, max(1, len(data) * len(whole) // cuts)):
            found = _with_gap(plugin.codec(flow), whole, n, cut, lost)
            total = _length(whole, side) + max(0, cut + lost - len(data))
            _tiles(found, {side: total, side.other: _length(whole, side.other)})
            _lands(found, paired(plugin, found, flow))


def _with_gap(codec: Codec, turns: Turns, n: int, cut: int, lost: int) -> list[Message]:
    side, data = turns[n]
    found: list[Message] = []
    for at, (s, d) in enumerate([*turns[:n], (side, data[:cut])]):
        found += codec.feed(s, d, at) if d else []
    found += codec.gap(side, lost, n)
    for at, (s, d) in enumerate([(side, data[cut + lost :]), *turns[n + 1 :]], n):
        found += codec.feed(s, d, at) if d else []
    return found + _closed(codec, len(turns))


def check_linearity(
    plugin: ProtocolPlugin, sample: Callable[[int], Turns], flow: Flow = FLOW
) -> None:
    """Twice the input is about twice the work, in whole chunks and byte by byte.

    `sample(n)` is a conversation n times as long. Work is counted in function calls, of
    Python and of C, so that the result is the same on every machine; a single call that looks at
    everything again is not seen by it.
    """
    for size in (1, 1 << 20):
        once, twice = (
            calls_made(lambda s=s: read_exchanges(plugin, s, flow))  # type: ignore[misc]
            for s in (split(sample(n), size) for n in (8, 16))
        )
        assert twice <= GROWTH_MAX * once, f"chunks of {size}: {once} calls became {twice}"


# -- pairer ---------------------------------------------------------------------------------


def check_pairing(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """Each message lands in exactly one exchange, and exchanges are what they say they are."""
    found = read(plugin, turns, flow)
    made = paired(plugin, found, flow)
    _lands(found, made)
    assert len({exchange.id for exchange in made}) == len(made), "ids repeat"
    for exchange in made:
        _whole(exchange)
    assert made == paired(plugin, read(plugin, turns, flow), flow), "not the same twice"


def _lands(found: Sequence[Message], made: Sequence[Exchange]) -> None:
    landed = [message for exchange in made for message in exchange.messages]
    assert sorted(map(id, landed)) == sorted(map(id, found)), (
        f"{len(found)} messages, {len(landed)} in exchanges"
    )


def _whole(exchange: Exchange) -> None:
    assert exchange.asked_ns <= exchange.sent_ns, exchange
    assert exchange.asked_ns <= exchange.answered_ns, exchange
    match exchange.outcome:
        case Outcome.PUSH:
            assert exchange.request is None and exchange.response is not None, exchange
        case Outcome.COMPLETE:
            assert exchange.request is not None, exchange
        case Outcome.CUT | Outcome.BROKEN:
            assert exchange.note, f"{exchange.outcome} without a word why: {exchange}"
        case Outcome.ONE_WAY:
            assert exchange.response is None, exchange


# -- matcher --------------------------------------------------------------------------------


def check_matcher(plugin: ProtocolPlugin, turns: Turns, flow: Flow = FLOW) -> None:
    """The matcher takes every tree the pairer makes, leaves it alone, and puts requests that
    compare equal into one bucket."""
    matcher = plugin.matcher
    seen: list[tuple[object, str]] = []
    for exchange in read_exchanges(plugin, turns, flow):
        before = copy.deepcopy((exchange.request, exchange.response))
        if exchange.request is not None:
            seen.append((matcher.normal(exchange.request), matcher.key(exchange.request)))
            label = matcher.label(exchange.request)
            assert label and len(label) <= LABEL_MAX and "\n" not in label, label
            matcher.traits(exchange.request, exchange.response)
            matcher.traits(exchange.request, None)
        if exchange.response is not None:
            matcher.normal_response(exchange.response)
        assert before == (exchange.request, exchange.response), "the matcher changed a tree"
    for normal, key in seen:
        first = next(k for n, k in seen if n == normal)
        assert first == key, f"equal requests in buckets {first!r} and {key!r}"
