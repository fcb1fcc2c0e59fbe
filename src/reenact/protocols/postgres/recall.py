"""What every connection to a destination may know from all that was recorded of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.postgres import sqltext
from reenact.protocols.postgres.trees import Tree
from reenact.protocols.postgres.values.oids import type_oid

Key: TypeAlias = "tuple[str, tuple[object, ...] | None]"

FAILED_TRANSACTION = "25P02"


FAILED, EXECUTED, DESCRIBED = 0, 1, 2


@dataclass(slots=True)
class Description:
    """`columns` None: the statement returns no rows. `types` are those that the server told
    (DESCRIBED), or what the recorded parameters look like (EXECUTED; FAILED: of an execution that
    came to nothing, so its columns are unknown and not needed)."""

    types: list[int]
    columns: list[Value] | None
    rank: int

    @property
    def exact(self) -> bool:
        return self.rank == DESCRIBED


@dataclass(slots=True)
class CopyIn:
    format: int
    columns: int


@dataclass(slots=True)
class Recalled:
    sessions: list[tuple[Tree, Tree]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # databases with a failed start-up
    descriptions: dict[Key, Description] = field(default_factory=dict)
    prepare_errors: dict[Key, set[str]] = field(default_factory=dict)
    copies: dict[Key, CopyIn] = field(default_factory=dict)

    def description(self, sql: str) -> Description | None:
        """Of the very statement, or of one that differs in literals only."""
        exact, shape = _keys(sql)
        return self.descriptions.get(exact) or self.descriptions.get(shape)

    def told(self, sql: str) -> list[int]:
        """The parameters' types if the server told them."""
        found = self.description(sql)
        return found.types if found and found.exact else []

    def may_fail(self, sql: str, status: str) -> bool:
        """Whether preparing this was seen to fail in this state of a transaction."""
        codes = self.prepare_errors.get(_keys(sql)[0], set())
        return FAILED_TRANSACTION in codes if status == "E" else bool(codes - {FAILED_TRANSACTION})

    def copy_in(self, sql: str) -> CopyIn | None:
        exact, shape = _keys(sql)
        return self.copies.get(exact) or self.copies.get(shape)

    def session(self, startup: Tree) -> Tree | None:
        """The answer recorded for the likest start-up; None when none of this database may be
        answered without asking. With no start-up on record, defaults."""
        if not self.sessions and not self.refused:
            return {"parameters": dict(_DEFAULTS), "backend_key": True}
        database = startup.get("database")
        if database in self.refused:
            return None
        same = [(s, r) for s, r in self.sessions if s.get("database") == database]
        return max(same, key=lambda pair: _likeness(pair[0], startup))[1] if same else None


_DEFAULTS = {
    "server_version": "15.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
}


def recall(interactions: Sequence[Interaction]) -> Recalled:
    out = Recalled()
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        if not isinstance(request, dict) or not isinstance(response, dict):
            continue
        if isinstance(startup := request.get("startup"), dict):
            _recall_session(out, startup, response)
        elif isinstance(sql := request.get("prepare"), str):
            _recall_prepare(out, sql, response)
        elif isinstance(sql := request.get("query"), str):
            _recall_query(out, sql, request, response)
    return out


def _recall_session(out: Recalled, startup: Tree, response: Tree) -> None:
    if "error" in response:
        out.refused.add(str(startup.get("database")))
    elif "parameters" in response:
        out.sessions.append((startup, response))


def _recall_prepare(out: Recalled, sql: str, response: Tree) -> None:
    if isinstance(error := response.get("error"), dict):
        codes = out.prepare_errors.setdefault(_keys(sql)[0], set())
        codes.add(str(error.get("code")))
    elif isinstance(types := response.get("parameters"), list):
        oids = [type_oid(t) for t in types]
        _remember(out, sql, Description(oids, _columns(response), DESCRIBED))


def _recall_query(out: Recalled, sql: str, request: Tree, response: Tree) -> None:
    if "copy" in request:
        fmt = int(response.get("copy_format") == "binary")
        count = response.get("copy_columns")
        found = CopyIn(fmt, count if isinstance(count, int) else 0)
        for key in _keys(sql):
            out.copies.setdefault(key, found)
    if "results" not in response:
        params = request.get("params")
        types = [_looks_like(p) for p in params] if isinstance(params, list) else []
        _remember(out, sql, Description(types, _columns(response), _rank(sql, types, response)))


def _rank(sql: str, types: list[int], response: Tree) -> int:
    if "error" in response and "columns" not in response:
        return FAILED
    return EXECUTED if types or sqltext.parameter_count(sql) else DESCRIBED


def _remember(out: Recalled, sql: str, found: Description) -> None:
    for key in _keys(sql):
        known = out.descriptions.get(key)
        if known is None or found.rank > known.rank:
            out.descriptions[key] = found


def _columns(response: Tree) -> list[Value] | None:
    columns = response.get("columns")
    return columns if isinstance(columns, list) else None


def _keys(sql: str) -> tuple[Key, Key]:
    found = sqltext.read(sql)
    return (found.shape, tuple(map(repr, found.literals))), (found.shape, None)


def _looks_like(value: Value) -> int:
    for kind, oid in ((bool, 16), (int, 20), (float, 701), (Decimal, 1700), (bytes, 17)):
        if isinstance(value, kind):
            return oid
    return 25


def _likeness(recorded: Tree, live: Tree) -> int:
    a, b = recorded.get("parameters"), live.get("parameters")
    score = 2 * (recorded.get("user") == live.get("user"))
    if isinstance(a, dict) and isinstance(b, dict):
        score += sum(3 for name in b if a.get(name) == b[name]) - sum(1 for n in a if n not in b)
    return score
