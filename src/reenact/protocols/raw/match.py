"""Equal bytes are equal; nothing else is known."""

from __future__ import annotations

from reenact.model.protocol import Traits
from reenact.model.value import Value
from reenact.protocols.raw.messages import untree


class RawMatcher:
    def key(self, request: Value) -> str:
        return "bytes"

    def normal(self, request: Value) -> Value:
        return untree(request)

    def normal_response(self, response: Value) -> Value:
        return untree(response)

    def label(self, request: Value) -> str:
        data = untree(request)
        shown = repr(data[:40])[1:]
        return f"{len(data)} bytes {shown}{'...' if len(data) > 40 else ''}"

    def traits(self, request: Value, response: Value) -> Traits:
        return Traits()
