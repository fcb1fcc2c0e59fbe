"""Transactions in which nothing but housekeeping happens.

psycopg2 opens one around its lookup of types, SQLAlchemy around its questions at connect and its
ping of a pooled connection; psycopg 3 sets a savepoint there. Their BEGIN and ROLLBACK depend on
pools, like what is between: they are marked `"setup": true` in their responses. An empty transaction
is the service's own and is not.
"""

from __future__ import annotations

import msgspec

from reenact.model.exchange import Exchange
from reenact.model.value import Value
from reenact.protocols.postgres.matcher import PostgresMatcher

_SAVEPOINTS = frozenset(("SAVEPOINT", "RELEASE"))
_EDGES = _SAVEPOINTS | {"BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK"}


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
        empty = all(_tag(one.response) in _EDGES for one in held)
        if empty or _status(held[-1].response) != "I":
            return held
        return [_marked(one) if _tag(one.response) in _EDGES else one for one in held]

    def _keeps(self, exchange: Exchange) -> bool:
        if exchange.request is None:
            return True
        keeps = self._matcher.traits(exchange.request, exchange.response).housekeeping
        return keeps or _tag(exchange.response) in _SAVEPOINTS


def _marked(exchange: Exchange) -> Exchange:
    assert isinstance(exchange.response, dict), exchange
    return msgspec.structs.replace(exchange, response={**exchange.response, "setup": True})


def _tag(response: Value) -> Value:
    return response.get("tag") if isinstance(response, dict) else None


def _status(response: Value) -> Value:
    return response.get("status") if isinstance(response, dict) else None
