"""Prepared statements and portals: what a client has named in this session."""

from __future__ import annotations

from dataclasses import dataclass, field

from reenact.model.value import Value
from reenact.protocols.postgres.trees import Tree
from reenact.protocols.postgres.values.oids import type_oid


@dataclass(slots=True)
class Statement:
    """`types` are those the client named, `told` those that are told to it."""

    sql: str
    types: list[int]
    told: list[int] = field(default_factory=list)
    columns: list[Value] | None = None
    described: bool = False

    def take_description(self, response: Tree) -> None:
        """From the answer to {"prepare": sql}."""
        types, columns = response.get("parameters"), response.get("columns")
        if isinstance(types, list):
            self.told = [type_oid(t) for t in types]
            self.described = True
            self.columns = columns if isinstance(columns, list) else None


@dataclass(slots=True)
class Portal:
    statement: Statement
    params: list[Value]
    formats: list[int]
    result: Tree | None = None  # of the answer, once executed
    sent: int = 0  # rows
