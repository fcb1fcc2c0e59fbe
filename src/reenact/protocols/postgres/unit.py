"""What becomes one exchange: its messages while they come in, its trees when it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reenact.model.exchange import Outcome
from reenact.model.message import Message, Payload
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import status as tx
from reenact.protocols.postgres.trees import (
    Tree,
    column_tree,
    copy_bytes,
    copy_value,
    decode_params,
    decode_values,
    text_of,
)
from reenact.protocols.postgres.values import decode
from reenact.protocols.postgres.values.oids import type_name

AUTH_NAMES = {
    0: "trust",
    2: "kerberos",
    3: "password",
    5: "md5",
    7: "gss",
    9: "sspi",
    10: "scram-sha-256",
}


@dataclass(slots=True)
class Statement:
    """A prepared statement. `types` are those the client named, `told` those the server told;
    `columns` None with `described` means that it returns no rows."""

    sql: str
    types: list[int]
    told: list[int] = field(default_factory=list)
    columns: list[m.Column] | None = None
    described: bool = False


@dataclass(slots=True)
class Portal:
    unit: Unit
    statement: Statement


@dataclass(slots=True)
class Result:
    """What came back for one statement."""

    columns: list[m.Column] | None = None
    known: bool = False  # columns were told for this very result
    rows: list[list[bytes | None]] = field(default_factory=list)
    copy: m.CopyStart | None = None
    copy_out: list[bytes] = field(default_factory=list)
    notices: list[Tree] = field(default_factory=list)
    tag: bytes | None = None
    empty: bool = False
    error: Tree | None = None

    def describe(self, columns: list[m.Column] | None) -> None:
        self.columns, self.known = columns, True

    def untouched(self) -> bool:
        return not (self.known or self.rows or self.notices or self.copy or self.error)

    def tree(self, formats: Sequence[int] | None) -> Tree:
        """`formats` are those of the Bind; None for the simple protocol, which tells them with the
        columns."""
        out: Tree = {}
        if self.notices:
            out["notices"] = list(self.notices)
        if self.columns is not None:
            out["columns"] = [column_tree(c) for c in self.columns]
        if self.columns is not None or self.rows:
            out["rows"] = self._rows(formats)
        if self.copy and self.copy.way == b"H":
            out["copy"] = [copy_value(chunk, self.copy.format) for chunk in self.copy_out]
        if self.copy:
            out["copy_format"] = "binary" if self.copy.format else "text"
            out["copy_columns"] = len(self.copy.columns)
        if self.error is not None:
            out["error"] = self.error
        elif self.empty:
            out["empty"] = True
        elif self.tag is not None:
            out["tag"] = text_of(self.tag)
        return out

    def _rows(self, formats: Sequence[int] | None) -> Value:
        columns = self.columns or []
        oids = [c.type for c in columns]
        fmts = [c.format for c in columns] if formats is None else formats
        return [decode_values(row, oids, fmts) for row in self.rows]


@dataclass(slots=True, eq=False)
class Unit:
    """One exchange in the making; `kind` says which of the README's shapes it has."""

    kind: str
    sql: str = ""
    statement: Statement | None = None
    bind: m.Bind | None = None
    described: bool = False
    waiting: int = 0  # steps without their answer
    sealed: bool = False  # no message of the client can join
    open: bool = False  # its portal may be executed (again)
    suspended: bool = False  # that portal has rows left, perhaps
    executed: bool = False
    batches: bool = False  # fetched in more than one Execute
    outcome: Outcome | None = None
    note: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    auth: str = ""
    key: bool = False
    parameters: dict[str, Value] = field(default_factory=dict)
    closes: str = ""
    function: m.FunctionCall | None = None
    function_result: m.FunctionResult | None = None
    copy_in: list[bytes] = field(default_factory=list)
    copy_failed: str | None = None
    copy_ended: bool = False
    pushed: Value = None
    result: Result = field(default_factory=Result)
    results: list[Result] = field(default_factory=list)
    status: str = ""
    messages: list[Message] = field(default_factory=list)
    asked_ns: int = 0
    sent_ns: int = 0
    answered_ns: int = 0

    def take(self, message: Message) -> None:
        if not self.messages:
            self.asked_ns = self.sent_ns = message.first_ns
        self.messages.append(message)
        if message.side is Side.CLIENT:
            self.sent_ns = max(self.sent_ns, message.last_ns)
        self.answered_ns = (
            max(self.answered_ns, message.last_ns) if _is_answer(message) else (self.answered_ns)
        )

    def absorb(self, other: Unit) -> None:
        self.messages += other.messages
        self.sent_ns = max(self.sent_ns, other.sent_ns)
        self.sealed = self.sealed or other.sealed

    # -- answers --------------------------------------------------------------------------

    def parameter(self, name: str, value: str) -> None:
        self.parameters[name] = value

    def opened(self, payload: Payload) -> None:
        if isinstance(payload, m.BackendKey):
            self.key = True
        elif isinstance(payload, m.Authentication) and (payload.code or not self.auth):
            self.auth = self.auth or AUTH_NAMES.get(payload.code, str(payload.code))

    def complete(self, tag: bytes | None, before: str) -> str:
        """One statement is through; the transaction status after it."""
        result = self.result
        result.tag, result.empty = tag, tag is None
        if self.batches and tag and tag.startswith(b"SELECT "):
            result.tag = b"SELECT %d" % len(result.rows)
        self.results.append(result)
        self.result = Result()
        self.status = tx.after(before, self.sql, text_of(tag or b""))
        return self.status

    def fail(self, error: Tree) -> None:
        self.result.error = error
        self.results.append(self.result)
        self.result = Result()

    def ready(self, status: str) -> None:
        self.status = status

    def copy_from_client(self, payload: Payload) -> None:
        match payload:
            case m.CopyData():
                self.copy_in.append(payload.data)
            case m.CopyFail():
                self.copy_failed = text_of(payload.reason)
                self.copy_ended = True
            case _:
                self.copy_ended = True

    # -- trees ----------------------------------------------------------------------------

    def request(self) -> Value:
        match self.kind:
            case "startup":
                return {"startup": self._startup()}
            case "prepare":
                return prepare_request(self.sql, self._parse_types())
            case "query" if self.bind and not self.executed and not self.results:
                return {"bind": self.sql}
            case "query":
                return self._query()
            case "function":
                return self._function()
            case "describe":
                return {"describe": self.sql}
            case "close":
                return {"close": self.closes}
            case "push":
                return None
            case "broken":
                return None
        return {self.kind: True}

    def response(self, outcome: Outcome) -> Value:
        match self.kind:
            case "startup":
                return self._session()
            case "prepare":
                return self._description()
            case "describe":
                return self._portal_description()
            case "query" | "broken":
                return self._results() or ({} if self.bind and not self.executed else None)
            case "function":
                return self._function_response()
            case "push":
                return self.pushed
            case "terminate" | "cancel":
                return None
        return self._results()

    def _startup(self) -> Tree:
        options = dict(self.options)
        user = options.pop("user", "")
        database = options.pop("database", user)
        return {"user": user, "database": database, "parameters": dict(options)}

    def _session(self) -> Value:
        out: Tree = {}
        if self.auth:
            out["auth"] = self.auth
        if self.results and self.results[-1].error is not None:
            return out | {"error": self.results[-1].error}
        if not self.status:
            return out or None
        if self.result.notices:
            out["notices"] = list(self.result.notices)
        return out | {"parameters": dict(self.parameters), "backend_key": self.key}

    def _parse_types(self) -> list[int]:
        for message in self.messages:
            if isinstance(message.payload, m.Parse):
                return message.payload.types
        return []

    def _description(self) -> Value:
        out: Tree = {}
        notices = [n for r in (*self.results, self.result) for n in r.notices]
        if notices:
            out["notices"] = list(notices)
        errors = [r.error for r in self.results if r.error is not None]
        if errors:
            return out | {"error": errors[0]} | self._status()
        if self.described and self.statement and self.statement.described:
            out["parameters"] = [type_name(oid) for oid in self.statement.told]
            if self.statement.columns is not None:
                out["columns"] = [column_tree(c) for c in self.statement.columns]
        return out

    def _portal_description(self) -> Value:
        if self.results and self.results[-1].error is not None:
            return {"error": self.results[-1].error} | self._status()
        columns = self.result.columns
        return {} if columns is None else {"columns": [column_tree(c) for c in columns]}

    def _query(self) -> Tree:
        out: Tree = {"query": self.sql}
        if self.bind and self.bind.values:
            known = self.statement or Statement("", [])
            values, formats = self.bind.values, self.bind.formats
            out["params"] = decode_params(values, known.types, known.told, formats)
        if self.copy_in or self.copy_ended:
            out["copy"] = copy_value(b"".join(self.copy_in), self._copy_format())
        if self.copy_failed is not None:
            out["copy_failed"] = self.copy_failed
        return out

    def _copy_format(self) -> int:
        copies = [r.copy for r in (*self.results, self.result) if r.copy]
        return copies[0].format if copies else 0

    def _results(self) -> Tree:
        results = list(self.results)
        if not self.result.untouched():
            results.append(self.result)
        formats = None if self.bind is None else self.bind.result_formats
        self._inherit_columns(results)
        trees: list[Value] = [r.tree(formats) for r in results]
        out: Tree = {}
        if len(trees) == 1 and isinstance(trees[0], dict):
            out |= trees[0]
        elif trees:
            out["results"] = trees
        if self.suspended:
            out["suspended"] = True
        if self.parameters:
            out["parameters"] = dict(self.parameters)
        return out | self._status() if out else out

    def _inherit_columns(self, results: Sequence[Result]) -> None:
        """A driver that knows the statement doesn't ask again what it returns."""
        statement = self.statement
        if self.bind and statement and statement.described and len(results) == 1:
            [result] = results
            if not result.known and not result.empty and result.error is None:
                result.describe(statement.columns)

    def _status(self) -> Tree:
        return {"status": self.status} if self.status else {}

    def _function(self) -> Tree:
        call = self.function
        assert call is not None
        return {
            "function": call.function,
            "params": decode_values(call.values, [], call.formats),
            "binary": bool(call.result_format),
        }

    def _function_response(self) -> Value:
        out = self._results()
        if self.function_result and self.function:
            fmt = self.function.result_format
            out["result"] = decode(0, fmt, self.function_result.value)
            out |= self._status()
        return out or None


def prepare_request(sql: str, types: Sequence[int]) -> Tree:
    out: Tree = {"prepare": sql}
    if any(types):
        out["types"] = [type_name(oid) for oid in types]
    return out


def _is_answer(message: Message) -> bool:
    return message.side is Side.SERVER


__all__ = ["AUTH_NAMES", "Portal", "Result", "Statement", "Unit", "copy_bytes", "prepare_request"]
