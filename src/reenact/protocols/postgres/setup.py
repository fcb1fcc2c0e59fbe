"""Transactions in which nothing but housekeeping happens.

psycopg2 opens one around its lookup of types, SQLAlchemy around its questions at connect and its
ping of a pooled connection. Their BEGIN and ROLLBACK depend on pools, like what is between: they
are marked `"setup": true` in their responses. An empty transaction is the service's own and is not.
"""

from __future__ import annotations

import msgspec

from reenact.model.exchange import Exchange
from reenact.model.value import Value
from reenact.protocols.postgres.matcher import PostgresMatcher


class SetupTransactions:
    """Exchanges of one flow pass through, in order; those of a transaction that may turn out to be
    housekeeping are held until that is decided."""

    def __init__(self) -> None:
        self._held: list[Exchange] = []
        self._matcher = PostgresMatcher()

    def add(self, exchange: Exchange) -> list[Exchange]:
        if not self._held:
            if _tag(exchange.response) not in ("BEGIN", "START TRANSACTION"):
                return [exchange]
            self._held.append(exchange)
            return []
        self._held.append(exchange)
        if _tag(exchange.response) in ("COMMIT", "ROLLBACK"):
            return self._ended()
        return [] if self._keeps(exchange) else self.finish()

    def finish(self) -> list[Exchange]:
        held, self._held = self._held, []
        return held

    def _ended(self) -> list[Exchange]:
        held = self.finish()
        if len(held) == 2 or _status(held[-1].response) != "I":
            return held
        return [_marked(held[0]), *held[1:-1], _marked(held[-1])]

    def _keeps(self, exchange: Exchange) -> bool:
        if exchange.request is None:
            return True
        return self._matcher.traits(exchange.request, exchange.response).housekeeping


def _marked(exchange: Exchange) -> Exchange:
    assert isinstance(exchange.response, dict), exchange
    return msgspec.structs.replace(exchange, response={**exchange.response, "setup": True})


def _tag(response: Value) -> Value:
    return response.get("tag") if isinstance(response, dict) else None


def _status(response: Value) -> Value:
    return response.get("status") if isinstance(response, dict) else None
