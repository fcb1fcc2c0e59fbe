"""Every plug point of a protocol folder. No I/O, no clock, no randomness behind any of them.

A folder `reenact/protocols/<name>/` exports `PLUGIN`, a `ProtocolPlugin`. Nothing else in the
house names a protocol (the compiler's stimuli are those whose plugin has a `caller`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import msgspec

from reenact.model.exchange import Exchange
from reenact.model.message import Message, Payload
from reenact.model.segment import Flow, Side
from reenact.model.suite import Interaction
from reenact.model.value import Path, Value

# -- reading -------------------------------------------------------------------------------


class Codec(Protocol):
    """Reads both sides of one flow. One instance per flow; knows no socket and no clock.

    Laws (checked by `reenact.testing.conformance` for every plugin):
    - chunking: any split of the same bytes gives the same messages, timestamps aside;
    - tiling: after `close`, the spans of a side tile its stream;
    - totality: no input raises; `buffered` never exceeds the plugin's limit;
    - linearity: each byte is looked at a bounded number of times, however chunked.
    """

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]: ...
    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]: ...
    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]: ...
    def buffered(self, side: Side) -> int: ...


class Encoder(Protocol):
    """Writes one side of one connection. Stateful where the protocol is."""

    def encode(self, payload: Payload, stream: int | str = 0) -> bytes: ...


class Pairer(Protocol):
    """Groups the messages of one flow into exchanges; each message lands in exactly one."""

    def add(self, message: Message) -> list[Exchange]: ...
    def finish(self, at_ns: int) -> list[Exchange]: ...


class Confidence(enum.IntEnum):
    NO = 0
    WAIT = 1  # undecided; show more bytes
    LIKELY = 2
    SURE = 3


# -- comparing -----------------------------------------------------------------------------


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the house has to know of a call.

    `housekeeping`: sets up, keeps or ends a connection (HELLO, AUTH, SET at connect, startup,
    prepare, PING of a pool): served whenever it is asked, never asserted.
    `reads`: cannot change the dependency's state, as far as its text tells.
    `opens`, `closes`: begins or ends a unit of work on its connection (BEGIN, COMMIT, MULTI,
    EXEC): what lies between belongs to one request.
    `waits`: may stay unanswered for long by design (BLPOP, long poll, SUBSCRIBE).
    """

    housekeeping: bool = False
    reads: bool = False
    waits: bool = False
    opens: bool = False
    closes: bool = False


class Matcher(Protocol):
    """Turns trees into what is compared. Comparison itself is generic (`reenact.match`)."""

    def key(self, request: Value) -> str:
        """A bucket no renaming of values can change (verb, statement shape, argument count)."""

    def normal(self, request: Value) -> Value:
        """What is compared of a request, leaf by leaf: SQL as parsed with its literals and
        parameters as leaves, headers that matter by lower-case name, bodies opened."""

    def normal_response(self, response: Value) -> Value: ...

    def label(self, request: Value) -> str:
        """One line for people, at most 100 characters or so."""

    def traits(self, request: Value, response: Value) -> Traits: ...


# -- playing a side live -------------------------------------------------------------------


class Send(msgspec.Struct, frozen=True):
    data: bytes


class Ask(msgspec.Struct, frozen=True):
    """A complete request arrived. The engine calls `answer(token, ...)` at most once, at once
    or later; the responder itself keeps the order that its protocol needs."""

    token: int
    request: Value


class Received(msgspec.Struct, frozen=True):
    """Caller: the whole response arrived for what was sent under `token`. `response` None and
    `error` set: the peer closed or sent something that is no response."""

    token: int
    response: Value
    error: str = ""


class WakeAt(msgspec.Struct, frozen=True):
    at_ns: int


class StartTls(msgspec.Struct, frozen=True):
    """Become a TLS server after what was sent so far (PostgreSQL's SSLRequest)."""


class Close(msgspec.Struct, frozen=True):
    reset: bool = False


class Faulty(msgspec.Struct, frozen=True):
    """The peer sent bytes that are no request of this protocol; shown in the verdict."""

    reason: str


Action: TypeAlias = Send | Ask | Received | WakeAt | StartTls | Close | Faulty


class Answer(msgspec.Struct, frozen=True):
    """Serve this recorded interaction; `response` is its response, already retold with live
    values. `interaction.outcome` CUT with a response: send what there is, then close."""

    interaction: Interaction
    response: Value


class Refuse(msgspec.Struct, frozen=True):
    """No interaction may be served: fail the way this protocol's server would."""

    reason: str


class Responder(Protocol):
    """The server half of one connection the service opened, played from recordings."""

    def start(self, now_ns: int) -> list[Action]: ...
    def receive(self, data: bytes, now_ns: int) -> list[Action]: ...
    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]: ...
    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        """Say a recorded PUSH; None when this connection would not be told (not subscribed)."""

    def wake(self, now_ns: int) -> list[Action]: ...
    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]: ...


class Caller(Protocol):
    """The client half of one connection to the service: sends stimuli, one after the other."""

    def call(self, token: int, request: Value, now_ns: int) -> list[Action]: ...
    def receive(self, data: bytes, now_ns: int) -> list[Action]: ...
    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]: ...
    def reusable(self) -> bool:
        """Whether another call may be made on this connection."""


def _nothing_drawn(request: Value, response: Value) -> Iterable[tuple[Hashable, int]]:
    return ()


def _depends(request: Value) -> Value:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolPlugin:
    """Everything the rest of the house knows of a protocol.

    `detect(flow, client, server)` sees the first bytes of each side (up to 4 KiB); ports are only a hint.
    `recall(interactions)` makes, once per destination, whatever every responder of that destination wants
    to know from all its recorded interactions (server parameters, statement descriptions);
    `responder(flow, recalled)` is made for each connection.
    """

    name: str
    payloads: tuple[type[Payload], ...]
    detect: Callable[[Flow, bytes, bytes], Confidence]
    codec: Callable[[Flow], Codec]
    encoder: Callable[[Flow, Side], Encoder]
    pairer: Callable[[Flow], Pairer]
    matcher: Matcher
    recall: Callable[[Sequence[Interaction]], Any]  # Any: the plugin's own business
    responder: Callable[[Flow, Any], Responder]
    caller: Callable[[Flow], Caller] | None = None  # None: never a stimulus
    buffer_limit: int = 64 * 1024 * 1024  # bytes held per side before giving up
    fixed: frozenset[Path] = frozenset()  # leaves of `normal_response` that no service makes up
    hashes: Mapping[Path, Path] = field(default_factory=dict)
    """Leaves of `normal_response` that may be a hash of other content of it, and where that is."""
    drawn: Callable[[Value, Value], Iterable[tuple[Hashable, int]]] = _nothing_drawn
    """Whole numbers that an exchange (request, response) shows to come from a sequence or a counter of
    the server's, each with which it is."""
    handles: frozenset[str] = frozenset()
    """Keys of `normal` under which a request gives names that nobody outside its connection sees: any
    name will do, and a new one replaces what the old one stood for."""
    always: Callable[[Value], Value] = _depends
    """The response that every server which answers at all gives to a request of housekeeping (a ping's);
    None where it depends on the server. It needs no recording: when a pool pings is chance."""
