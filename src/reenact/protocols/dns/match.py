"""A question is its name, type and class."""

from __future__ import annotations

from reenact.model.protocol import Traits
from reenact.model.value import Value


class DnsMatcher:
    def key(self, request: Value) -> str:
        return str(request.get("type")) if isinstance(request, dict) else ""

    def normal(self, request: Value) -> Value:
        return request

    def normal_response(self, response: Value) -> Value:
        """Without the order and the remaining lifetimes of records, which resolvers change."""
        if not isinstance(response, dict):
            return response
        rows = response.get("answers")
        kept = (
            [{k: v for k, v in row.items() if k != "ttl"} for row in rows if isinstance(row, dict)]
            if isinstance(rows, list)
            else []
        )
        answers: list[Value] = [*sorted(kept, key=str)]
        return {"rcode": response.get("rcode"), "answers": answers}

    def label(self, request: Value) -> str:
        fields = request if isinstance(request, dict) else {}
        return f"{fields.get('type')!s} {fields.get('name')!s}"

    def traits(self, request: Value, response: Value) -> Traits:
        return Traits(housekeeping=True, reads=True)
