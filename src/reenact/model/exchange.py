"""A question and its answer."""

from __future__ import annotations

import enum

import msgspec

from reenact.model.message import Message
from reenact.model.segment import FlowId, Role
from reenact.model.value import Value


class Outcome(enum.Enum):
    COMPLETE = "complete"
    ONE_WAY = "one-way"  # the protocol has no reply to this request
    PUSH = "push"  # the server spoke unasked: greeting, notification, delivery
    CUT = "cut"  # the connection or the capture ended before the answer was whole
    BROKEN = "broken"  # gap or malformed bytes inside


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a conversation, as its protocol's tree.

    `request` and `response` are trees of values in the shape that the protocol's README
    documents: what people read in a case file and what the responder can put on the wire again.
    `request` is None for a PUSH, `response` is None when there was none.
    `messages` are what it was made of: every message of a flow lands in exactly one exchange.
    Times are on the capture's clock: `asked_ns` is when the request's first byte passed,
    `sent_ns` its last; `answered_ns` the response's last byte (== sent_ns when none).
    """

    id: str  # "<flow>/<n>", stable for a given capture
    flow: FlowId
    protocol: str
    role: Role
    outcome: Outcome
    request: Value
    response: Value
    asked_ns: int
    sent_ns: int
    answered_ns: int
    messages: tuple[Message, ...] = ()
    note: str = ""  # why it is CUT or BROKEN, in words for the user
