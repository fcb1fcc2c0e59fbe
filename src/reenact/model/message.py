"""What a codec makes of the bytes."""

from __future__ import annotations

import msgspec

from reenact.model.segment import Side


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Bytes [start, end) of one side of the flow, counted from its first byte."""

    start: int
    end: int


class Payload(msgspec.Struct, frozen=True, kw_only=True, tag_field="t"):
    """Base of every protocol's message bodies; subclasses set `tag="<protocol>.<name>"`."""


class Malformed(Payload, frozen=True, tag="raw.malformed"):
    """Bytes the codec could not read; they are where `spans` says. The side stays opaque after."""

    reason: str


class Gap(Payload, frozen=True, tag="raw.gap"):
    """The recorder lost bytes here."""

    lost: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of meaning.

    `spans` are where it came from: over a whole flow the spans of one side tile the stream
    (no byte in two messages, none in no message).
    `stream` keys multiplexed conversations; 0 where the protocol has a single one.
    `first_ns` is when its first byte passed, `last_ns` its last.
    """

    side: Side
    payload: Payload
    spans: tuple[Span, ...]
    first_ns: int
    last_ns: int
    stream: int | str = 0
