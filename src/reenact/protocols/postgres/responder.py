"""The server half of one connection, played from recordings.

Messages are handled one after the other; while a question to the engine is open, later ones wait
in `_inbox`, so answers keep the order of the protocol whatever the engine's pace.

What the server would say of a statement before it runs (Parse, Describe) comes from what was
recalled; what cannot be said so yet is *held* until it is clear whether the statement is going to
be executed: then its answer says it all, otherwise {"prepare": sql} is asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from reenact.model.exchange import Outcome
from reenact.model.message import Malformed, Payload
from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Close,
    Faulty,
    Refuse,
    Send,
    StartTls,
)
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve, sqltext
from reenact.protocols.postgres import status as tx
from reenact.protocols.postgres.codec import LIMIT, PostgresCodec
from reenact.protocols.postgres.recall import CopyIn, Recalled
from reenact.protocols.postgres.trees import (
    Tree,
    copy_value,
    decode_params,
    decode_values,
    encode_row,
    text_of,
)
from reenact.protocols.postgres.unit import prepare_request
from reenact.protocols.postgres.values import Unservable
from reenact.protocols.postgres.values.oids import type_oid

Reply: TypeAlias = Answer | Refuse

NO_RECORDING = "XX000"
"""internal_error: no driver retries it, and none takes it for a condition of its own."""


@dataclass(slots=True)
class _Statement:
    """`types` are those the client named, `told` those that are told to it."""

    sql: str
    types: list[int]
    told: list[int] = field(default_factory=list)
    columns: list[Value] | None = None
    described: bool = False


@dataclass(slots=True)
class _Portal:
    statement: _Statement
    params: list[Value]
    formats: list[int]
    result: Tree | None = None  # of the answer, once executed
    sent: int = 0  # rows
    cut: bool = False


@dataclass(slots=True)
class _Copy:
    """Data being read; `portal` None in a simple query."""

    sql: str
    format: int
    portal: _Portal | None
    chunks: list[bytes] = field(default_factory=list)


class PostgresResponder:
    def __init__(self, flow: Flow, recalled: Recalled) -> None:
        self._flow = flow
        self._recalled = recalled
        self._codec = PostgresCodec(flow, LIMIT)
        self._inbox: deque[Payload] = deque()
        self._out: list[Action] = []
        self._token = 0
        self._waiting: Callable[[Reply], None] | None = None
        self._closed = False
        self._status = "I"
        self._simple = False  # the message in hand ends with ReadyForQuery of its own
        self._skipping = False  # after an error, up to Sync
        self._statements: dict[bytes, _Statement] = {}
        self._portals: dict[bytes, _Portal] = {}
        self._parsed: _Statement | None = None  # ParseComplete is held
        self._describing: _Portal | None = None  # the answer to Describe is held
        self._copy: _Copy | None = None
        self._cursors: dict[bytes, str] = {}  # declared by SQL: name -> statement
        self._channels: set[str] = set()
        self._notifications: list[Payload] = []  # held until no transaction is open

    # -- the plug point -----------------------------------------------------------------------

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            self._inbox.append(message.payload)
        return self._run()

    def answer(self, token: int, reply: Reply, now_ns: int) -> list[Action]:
        assert token == self._token and self._waiting, (token, self._token)
        then, self._waiting = self._waiting, None
        if self._closed:
            return []
        if isinstance(reply, Answer) and reply.response is None:
            self._close()
        else:
            self._guarded(lambda: then(reply))
            if _is_cut(reply):
                self._close()
        return self._run()

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        if not isinstance(response, dict) or self._closed:
            return None
        if "notify" in response:
            return self._push_notification(response)
        said = [*serve.notices(response), *serve.parameters(response)]
        if "error" in response:
            said.append(serve.error_message(response["error"]))
        self._say(*said)
        if _is_fatal(response):
            self._close()
        return self._taken()

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        self._close()
        return self._taken()

    # -- the loop -----------------------------------------------------------------------------

    def _run(self) -> list[Action]:
        while self._inbox and not self._waiting and not self._closed:
            self._guarded(self._next)
        return self._taken()

    def _next(self) -> None:
        if self._settle_held(self._inbox[0]):
            self._handle(self._inbox.popleft())

    def _guarded(self, act: Callable[[], None]) -> None:
        """A recorded (or edited) response that can't be written becomes an error."""
        try:
            act()
        except Unservable as why:
            failure = serve.error(NO_RECORDING, f"reenact: {why}")
            if self._simple:
                self._say(failure)
                self._status = tx.after_error(self._status)
                self._ready()
            else:
                self._fail(failure)

    def _taken(self) -> list[Action]:
        """Everything to do, neighbouring sends joined."""
        out: list[Action] = []
        pending: list[bytes] = []
        for action in self._out:
            if isinstance(action, Send):
                pending.append(action.data)
                continue
            if pending:
                out.append(Send(b"".join(pending)))
                pending = []
            out.append(action)
        if pending:
            out.append(Send(b"".join(pending)))
        self._out = []
        return out

    def _say(self, *payloads: Payload) -> None:
        if payloads:
            self._out.append(Send(serve.join(payloads)))

    def _ask(self, request: Value, then: Callable[[Reply], None]) -> None:
        self._token += 1
        self._waiting = then
        self._out.append(Ask(self._token, request))

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._out.append(Close())

    def _handle(self, payload: Payload) -> None:
        if self._copy:
            self._copying(payload)
        elif self._skipping and not isinstance(payload, m.Sync | m.Terminate | Malformed):
            return
        else:
            self._dispatch(payload)

    def _dispatch(self, payload: Payload) -> None:
        self._simple = isinstance(payload, m.Query | m.FunctionCall)
        match payload:
            case m.SslRequest():
                self._out += [Send(b"S"), StartTls()] if self._flow.tls else [Send(b"N")]
            case m.GssEncRequest():
                self._out.append(Send(b"N"))
            case m.CancelRequest() | m.Terminate():
                self._close()
            case m.Startup():
                self._startup(payload)
            case m.Query():
                self._query(payload)
            case m.Parse():
                self._parse(payload)
            case m.Bind():
                self._bind(payload)
            case m.Describe():
                self._describe(payload)
            case m.Execute():
                self._execute(payload)
            case m.CloseTarget():
                names = self._statements if payload.kind == b"S" else self._portals
                names.pop(payload.name, None)
                self._say(m.CloseComplete())
            case m.Sync():
                self._ready()
            case m.FunctionCall():
                self._function(payload)
            case Malformed():
                self._malformed(payload)

    def _malformed(self, payload: Malformed) -> None:
        self._out.append(Faulty(payload.reason))
        self._say(serve.error("08P01", f"reenact: {payload.reason}", "FATAL"))
        self._close()

    # -- session ------------------------------------------------------------------------------

    def _startup(self, payload: m.Startup) -> None:
        options = {text_of(name): text_of(value) for name, value in payload.options}
        user = options.pop("user", "")
        database = options.pop("database", user)
        if payload.version & 0xFFFF:
            extra = [name.encode() for name in options if name.startswith("_pq_.")]
            self._say(m.NegotiateVersion(minor=0, unknown=extra))
        startup: Tree = {"user": user, "database": database, "parameters": dict(options)}
        session = self._recalled.session(startup)
        if session is not None:
            self._open(session, options)
            return
        self._ask({"startup": startup}, lambda reply: self._asked_session(reply, options))

    def _asked_session(self, reply: Reply, options: dict[str, str]) -> None:
        response = _response(reply)
        if isinstance(reply, Refuse) or "error" in response:
            self._say(_failure(reply, response, "FATAL"))
            self._close()
        else:
            self._open(response, options)

    def _open(self, session: Tree, options: dict[str, str]) -> None:
        told = session.get("parameters")
        names = dict(told) if isinstance(told, dict) else {}
        if "application_name" in names and "application_name" in options:
            names["application_name"] = options["application_name"]
        self._say(m.Authentication(code=0, data=b""), *serve.notices(session))
        self._say(*serve.parameters({"parameters": names}))
        if session.get("backend_key", True):
            self._say(m.BackendKey(pid=self._pid(), secret=b"\0\0\0\0"))
        self._say(m.ReadyForQuery(status=b"I"))

    def _pid(self) -> int:
        return self._flow.id & 0x7FFFFFFF or 1

    def _ready(self) -> None:
        self._skipping = False
        if self._status == "I":
            self._portals.clear()
            self._say(*self._notifications)
            self._notifications = []
        self._say(m.ReadyForQuery(status=self._status.encode()))

    def _fail(self, payload: m.ErrorResponse) -> None:
        """Of an extended query: the rest up to Sync is dropped."""
        self._say(payload)
        self._skipping = True
        self._status = tx.after_error(self._status)
        self._parsed = self._describing = None

    # -- simple queries -----------------------------------------------------------------------

    def _query(self, payload: m.Query) -> None:
        sql = text_of(payload.sql)
        self._portals.pop(b"", None)
        self._statements.pop(b"", None)
        if copy := self._recalled.copy_in(sql):
            self._start_copy(sql, copy, None)
            return
        self._ask({"query": sql}, lambda reply: self._answer_query(sql, reply))

    def _answer_query(self, sql: str, reply: Reply) -> None:
        response = _response(reply)
        if isinstance(reply, Refuse) and tx.undoes(self._status, sql):
            self._say_simple(sql, {"tag": "ROLLBACK"})
        elif isinstance(reply, Refuse):
            self._say(_failure(reply, response))
            self._status = tx.after_error(self._status)
        else:
            for result in serve.results(response):
                self._say_simple(sql, result)
            self._say(*serve.parameters(response))
        if not _is_cut(reply) and not _is_fatal(response):
            self._ready()
        elif _is_fatal(response):
            self._close()

    def _say_simple(self, sql: str, result: Tree) -> None:
        self._say(*serve.simple(result))
        self._ended(sql, result)

    def _ended(self, sql: str, result: Tree) -> None:
        if "error" in result:
            self._status = tx.after_error(self._status)
            return
        tag = str(result.get("tag", ""))
        self._status = tx.after(self._status, sql, tag)
        self._follow_channels(sql, tag)
        if tag == "DECLARE CURSOR":
            self._cursors[sqltext.cursor_name(sql).encode()] = sql

    # -- extended queries ---------------------------------------------------------------------

    def _parse(self, payload: m.Parse) -> None:
        statement = _Statement(text_of(payload.sql), list(payload.types))
        self._statements[payload.statement] = statement
        if self._known(statement):
            self._say(m.ParseComplete())
        else:
            self._parsed = statement

    def _known(self, statement: _Statement) -> bool:
        sql = statement.sql
        return self._recalled.description(sql) is not None and not self._recalled.may_fail(
            sql, self._status
        )

    def _settle_held(self, upcoming: Payload) -> bool:
        """Before `upcoming` is handled, say or ask what was held back. False: ask first."""
        if self._parsed:
            if self._must_ask(self._parsed, upcoming):
                self._ask_prepare(self._parsed, self._prepared)
                return False
            self._say(m.ParseComplete())
            self._parsed = None
        portal = self._describing
        if portal and not self._executes(upcoming, portal):
            self._describing = None
            return self._describe_portal(portal)
        return True

    def _must_ask(self, statement: _Statement, upcoming: Payload) -> bool:
        """Whether preparing is a question of its own: nothing else will tell, or it only ever
        failed."""
        if isinstance(upcoming, m.Sync | m.Flush) or _describes_statement(upcoming):
            return True
        sql = statement.sql
        return self._recalled.may_fail(sql, self._status) and not self._recalled.description(sql)

    def _executes(self, payload: Payload, portal: _Portal) -> bool:
        return isinstance(payload, m.Execute) and self._portals.get(payload.portal) is portal

    def _ask_prepare(self, statement: _Statement, then: Callable[[Tree], None]) -> None:
        request = prepare_request(statement.sql, statement.types)

        def asked(reply: Reply) -> None:
            response = _response(reply)
            if isinstance(reply, Refuse) or "error" in response:
                self._fail(_failure(reply, response))
            else:
                self._say(*serve.notices(response))
                _take_description(statement, response)
                then(response)

        self._ask(request, asked)

    def _prepared(self, response: Tree) -> None:
        self._parsed = None
        self._say(m.ParseComplete())

    def _describe(self, payload: m.Describe) -> None:
        if payload.kind == b"P":
            portal = self._portals.get(payload.name)
            if portal is None:
                self._describe_cursor(payload.name)
            elif portal.result is not None:
                self._say(serve.described(portal.result.get("columns"), portal.formats))
            else:
                self._describing = portal
            return
        statement = self._statement(payload.name)
        if statement is None:
            return
        if not statement.described and self._known(statement):
            self._recall_description(statement)
        if statement.described:
            self._say_described(statement)
        else:
            self._ask_prepare(statement, lambda _: self._say_described(statement))

    def _say_described(self, statement: _Statement) -> None:
        self._say(m.ParameterDescription(types=statement.told), serve.described(statement.columns))

    def _recall_description(self, statement: _Statement) -> None:
        found = self._recalled.description(statement.sql)
        if found is None:
            return
        types = list(found.types)
        if not found.exact:
            count = max(len(types), sqltext.parameter_count(statement.sql))
            types += [25] * (count - len(types))
            named = enumerate(statement.types[:count])
            types = [*(oid or types[i] for i, oid in named), *types[len(statement.types) :]]
        statement.told, statement.columns, statement.described = types, found.columns, True

    def _describe_portal(self, portal: _Portal) -> bool:
        """For a portal that isn't executed next."""
        found = self._recalled.description(portal.statement.sql)
        if found:
            self._say(serve.described(found.columns, portal.formats))
            return True
        self._ask_prepare(
            portal.statement,
            lambda _: self._say(serve.described(portal.statement.columns, portal.formats)),
        )
        return False

    def _describe_cursor(self, name: bytes) -> None:
        """A cursor that SQL declared is a portal too (psycopg 3 describes its server cursors)."""
        sql = self._cursors.get(name)
        if sql is None:
            self._fail(serve.error("34000", f'portal "{text_of(name)}" does not exist'))
            return

        def asked(reply: Reply) -> None:
            response = _response(reply)
            if isinstance(reply, Refuse) or "error" in response:
                self._fail(_failure(reply, response))
            else:
                self._say(serve.described(response.get("columns")))

        self._ask({"describe": sql}, asked)

    def _statement(self, name: bytes) -> _Statement | None:
        found = self._statements.get(name)
        if found is None:
            text = f'prepared statement "{text_of(name)}" does not exist'
            self._fail(serve.error("26000", text))
        return found

    def _bind(self, payload: m.Bind) -> None:
        statement = self._statement(payload.statement)
        if statement is None:
            return
        told = statement.told or self._recalled.told(statement.sql)
        params = decode_params(payload.values, statement.types, told, payload.formats)
        self._portals[payload.portal] = _Portal(statement, params, list(payload.result_formats))
        self._say(m.BindComplete())

    def _execute(self, payload: m.Execute) -> None:
        portal = self._portals.get(payload.portal)
        if portal is None:
            self._fail(serve.error("34000", f'portal "{text_of(payload.portal)}" does not exist'))
            return
        if portal.result is not None:
            self._say_rows(portal, payload.max_rows)
            return
        sql = portal.statement.sql
        if copy := self._recalled.copy_in(sql):
            self._describing = None
            self._start_copy(sql, copy, portal)
            return
        request = _query_request(portal)
        self._ask(request, lambda reply: self._answer_execute(portal, payload.max_rows, reply))

    def _answer_execute(self, portal: _Portal, max_rows: int, reply: Reply) -> None:
        described, self._describing = self._describing is portal, None
        response = _response(reply)
        if isinstance(reply, Refuse):
            self._fail(_failure(reply, response))
            return
        if "results" in response:
            self._fail(
                serve.error("42601", "cannot insert multiple commands into a prepared statement")
            )
            return
        portal.result, portal.cut = response, _is_cut(reply)
        self._say(*serve.notices(response))
        if described and ("error" not in response or "columns" in response):
            self._say(serve.described(response.get("columns"), portal.formats))
        self._say_rows(portal, max_rows)
        self._say(*serve.parameters(response))

    def _say_rows(self, portal: _Portal, max_rows: int) -> None:
        """The next rows, and how the statement ended if they are the last."""
        result = portal.result
        assert result is not None
        total, start = serve.row_count(result), portal.sent
        end = min(total, start + max_rows) if max_rows > 0 else total
        self._say(*serve.rows(result, portal.formats, start, end))
        portal.sent = end
        if 0 < max_rows == end - start:
            # A full batch never ends a portal, even if no row is left (PortalRun, pquery.c).
            self._say(m.PortalSuspended())
        elif result.get("suspended"):
            self._more_than_recorded(portal)
        else:
            self._end_portal(portal, result, end - start if start else None)

    def _more_than_recorded(self, portal: _Portal) -> None:
        reason = f"asks for more rows than were recorded of {portal.statement.sql[:80]!r}"
        self._out.append(Faulty(reason))
        self._fail(serve.error(NO_RECORDING, f"reenact: no recording: {reason}"))

    def _end_portal(self, portal: _Portal, result: Tree, last: int | None) -> None:
        """`last` rows came in the last of several batches; its tag counts only these."""
        if "error" in result:
            self._fail(serve.error_message(result["error"]))
            if _is_fatal(result):
                self._close()
            return
        tag = str(result.get("tag", ""))
        if last is not None and tag.startswith("SELECT "):
            result = {**result, "tag": f"SELECT {last}"}
        self._say(*serve.copy_out(result), *serve.ending(result))
        self._ended(portal.statement.sql, result)

    # -- COPY from the client -----------------------------------------------------------------

    def _start_copy(self, sql: str, copy: CopyIn, portal: _Portal | None) -> None:
        self._copy = _Copy(sql, copy.format, portal)
        columns = [copy.format] * copy.columns
        self._say(m.CopyStart(way=b"G", format=copy.format, columns=columns))

    def _copying(self, payload: Payload) -> None:
        copy = self._copy
        assert copy is not None
        match payload:
            case m.CopyData():
                copy.chunks.append(payload.data)
            case m.CopyDone():
                self._copied(copy, None)
            case m.CopyFail():
                self._copied(copy, text_of(payload.reason))
            case m.Flush() | m.Sync():
                pass  # ignored while copying ("COPY Operations")
            case m.Terminate():
                self._close()
            case _:
                self._malformed(Malformed(reason="neither COPY data nor its end"))

    def _copied(self, copy: _Copy, failed: str | None) -> None:
        self._copy = None
        request: Tree = {"query": copy.sql}
        if copy.portal and copy.portal.params:
            request["params"] = copy.portal.params
        request["copy"] = copy_value(b"".join(copy.chunks), copy.format)
        if failed is not None:
            request["copy_failed"] = failed
        portal = copy.portal
        if portal is None:
            self._ask(request, lambda reply: self._answer_query(copy.sql, reply))
        else:
            self._ask(request, lambda reply: self._answer_execute(portal, 0, reply))

    # -- the rest -----------------------------------------------------------------------------

    def _function(self, payload: m.FunctionCall) -> None:
        request: Tree = {
            "function": payload.function,
            "params": decode_values(payload.values, [], payload.formats),
            "binary": bool(payload.result_format),
        }
        self._ask(request, lambda reply: self._answer_function(payload, reply))

    def _answer_function(self, call: m.FunctionCall, reply: Reply) -> None:
        response = _response(reply)
        if isinstance(reply, Refuse) or "error" in response:
            self._say(_failure(reply, response))
            self._status = tx.after_error(self._status)
        else:
            values = encode_row([response.get("result")], [], [call.result_format]).values
            self._say(*serve.notices(response), m.FunctionResult(value=values[0]))
        self._ready()

    def _follow_channels(self, sql: str, tag: str) -> None:
        if tag == "LISTEN":
            self._channels.add(_channel(sql))
        elif tag == "UNLISTEN":
            name = _channel(sql)
            self._channels = set() if name == "*" else self._channels - {name}
        elif tag == "DISCARD ALL":
            self._channels.clear()

    def _push_notification(self, response: Tree) -> list[Action] | None:
        channel = str(response["notify"])
        if channel not in self._channels:
            return None
        payload = str(response.get("payload", "")).encode()
        said = m.Notification(pid=self._pid(), channel=channel.encode(), payload=payload)
        if self._status == "I":
            self._say(said)
        else:
            self._notifications.append(said)
        return self._taken()


# -- small questions ------------------------------------------------------------------------


def _response(reply: Reply) -> Tree:
    return reply.response if isinstance(reply, Answer) and isinstance(reply.response, dict) else {}


def _failure(reply: Reply, response: Tree, severity: str = "ERROR") -> m.ErrorResponse:
    if isinstance(reply, Refuse):
        return serve.error(NO_RECORDING, f"reenact: no recording: {reply.reason}", severity)
    return serve.error_message(response["error"])


def _is_cut(reply: Reply) -> bool:
    return isinstance(reply, Answer) and reply.interaction.outcome in (Outcome.CUT, Outcome.BROKEN)


def _is_fatal(response: Tree) -> bool:
    """After these the server closes the connection."""
    error = response.get("error")
    if not isinstance(error, dict):
        return False
    return error.get("severity_code", error.get("severity")) in ("FATAL", "PANIC")


def _describes_statement(payload: Payload) -> bool:
    return isinstance(payload, m.Describe) and payload.kind == b"S"


def _take_description(statement: _Statement, response: Tree) -> None:
    types, columns = response.get("parameters"), response.get("columns")
    if isinstance(types, list):
        statement.told = [type_oid(t) for t in types]
        statement.described = True
        statement.columns = columns if isinstance(columns, list) else None


def _query_request(portal: _Portal) -> Tree:
    request: Tree = {"query": portal.statement.sql}
    if portal.params:
        request["params"] = portal.params
    return request


def _channel(sql: str) -> str:
    """LISTEN name: folded to lower case unless quoted."""
    word = sqltext.collapse(sql).split(" ", 1)[-1].strip()
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()
