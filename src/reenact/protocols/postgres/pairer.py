"""Groups messages into exchanges: one for each unit of meaning, however many packets it took.

The client's messages become *steps* that wait for their answers in order; the server's messages
always belong to the first step waiting. Steps of one statement share a `Unit`, which becomes one
exchange once every step is answered and nothing more can join.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message, Payload
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import sqltext
from reenact.protocols.postgres.setup import SetupTransactions
from reenact.protocols.postgres.trees import error_tree, text_of
from reenact.protocols.postgres.unit import Portal, Statement, Unit


@dataclass(slots=True)
class _Step:
    """`kind` is the letter of the client's message; "startup" until the session is ready."""

    kind: str
    unit: Unit
    statement: Statement | None = None
    portal: Portal | None = None
    failed: bool = field(default=False)


class PostgresPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._count = 0
        self._out: list[Exchange] = []
        self._setup = SetupTransactions()
        self._steps: deque[_Step] = deque()
        self._open: dict[int, Unit] = {}  # by id(): units that are not emitted yet, oldest first
        self._current: Unit | None = None  # what the next client message may join
        self._skipping: Unit | None = None  # an error happened: all up to Sync is its
        self._copying: Unit | None = None
        self._wreck: Unit | None = None  # after broken bytes everything lands here
        self._statements: dict[bytes, Statement] = {}
        self._told: dict[str, Statement] = {}  # by SQL: the last one described
        self._portals: dict[bytes, Portal] = {}
        self._cursors: dict[bytes, str] = {}  # declared by SQL: name -> statement
        self._status = "I"

    def add(self, message: Message) -> list[Exchange]:
        if isinstance(message.payload, Malformed | Gap):
            self._break(message)
        elif self._wreck:
            self._wreck.take(message)
        elif message.side is Side.CLIENT:
            self._client(message)
        else:
            self._server(message)
        return self._flush()

    def finish(self, at_ns: int) -> list[Exchange]:
        waiting = {id(step.unit) for step in self._steps}
        for unit in list(self._open.values()):
            if unit is self._wreck:
                self._emit(unit, Outcome.BROKEN, unit.note)
            elif id(unit) in waiting or unit.kind == "startup":
                self._emit(unit, Outcome.CUT, "the connection ended before the answer was whole")
            else:
                self._emit(unit, Outcome.COMPLETE)
        self._steps.clear()
        return self._flush() + self._setup.finish()

    def _flush(self) -> list[Exchange]:
        out, self._out = self._out, []
        return [passed for exchange in out for passed in self._setup.add(exchange)]

    # -- units ------------------------------------------------------------------------------

    def _begin(self, kind: str) -> Unit:
        self._seal()
        unit = Unit(kind=kind)
        self._open[id(unit)] = unit
        self._current = unit
        return unit

    def _seal(self) -> None:
        """Nothing joins the current unit any more."""
        unit, self._current = self._current, None
        if unit:
            unit.sealed = True
            self._settle(unit)

    def _settle(self, unit: Unit) -> None:
        if unit.sealed and not unit.waiting and not unit.open:
            self._emit(unit, Outcome.COMPLETE)

    def _emit(self, unit: Unit, outcome: Outcome, note: str = "") -> None:
        if self._open.pop(id(unit), None) is None:
            return
        if unit is self._current:
            self._current = None
        outcome = unit.outcome or outcome
        answered = unit.answered_ns or unit.sent_ns
        self._out.append(
            Exchange(
                id=f"{self._flow.id}/{self._count}",
                flow=self._flow.id,
                protocol="postgres",
                role=self._flow.role,
                outcome=outcome,
                request=unit.request(),
                response=unit.response(outcome),
                asked_ns=unit.asked_ns,
                sent_ns=unit.sent_ns,
                answered_ns=answered,
                messages=tuple(unit.messages),
                note=unit.note or note,
            )
        )
        self._count += 1

    def _expect(self, step: _Step) -> None:
        step.unit.waiting += 1
        self._steps.append(step)

    def _done(self) -> None:
        """The first step has its whole answer."""
        unit = self._steps.popleft().unit
        unit.waiting -= 1
        self._settle(unit)

    def _break(self, message: Message) -> None:
        if self._wreck is None:
            reason = _why_broken(message.payload)
            for unit in list(self._open.values()):
                self._emit(unit, Outcome.BROKEN, reason)
            self._steps.clear()
            self._wreck = self._begin("broken")
            self._wreck.note = reason
        self._wreck.take(message)

    # -- what the client says ---------------------------------------------------------------

    def _client(self, message: Message) -> None:
        payload = message.payload
        if self._skipping and not isinstance(payload, m.Sync | m.Terminate):
            self._skipping = self._alive(self._skipping)
            self._skipping.take(message)
            return
        unit = self._alive(self._joined(payload))
        unit.take(message)
        if isinstance(payload, m.Sync | m.Query | m.FunctionCall):
            self._seal()

    def _alive(self, unit: Unit) -> Unit:
        """Itself, or a new one for what comes too late (a server that breaks the rules)."""
        return unit if id(unit) in self._open else self._begin("flush")

    def _joined(self, payload: Payload) -> Unit:
        """The unit that this message belongs to, and the step that waits for its answer."""
        match payload:
            case m.SslRequest() | m.GssEncRequest() | m.Startup() | m.Password():
                return self._opening(payload)
            case m.Query():
                return self._query(payload)
            case m.Parse():
                return self._parse(payload)
            case m.Bind():
                return self._bind(payload)
            case m.Describe():
                return self._describe(payload)
            case m.Execute():
                return self._execute(payload)
            case m.CloseTarget():
                return self._close(payload)
            case m.Sync():
                return self._sync()
            case m.FunctionCall():
                unit = self._begin("function")
                unit.function = payload
                self._expect(_Step("F", unit))
                return unit
            case m.CopyData() | m.CopyDone() | m.CopyFail():
                return self._copy(payload)
            case m.Terminate() | m.CancelRequest():
                return self._one_way(payload)
        return self._current or self._begin("flush")

    def _opening(self, payload: Payload) -> Unit:
        unit = self._current
        if unit is None or unit.kind != "startup":
            unit = self._begin("startup")
            self._expect(_Step("startup", unit))
        if isinstance(payload, m.Startup):
            unit.options = [(text_of(k), text_of(v)) for k, v in payload.options]
        return unit

    def _one_way(self, payload: Payload) -> Unit:
        unit = self._begin("terminate" if isinstance(payload, m.Terminate) else "cancel")
        unit.outcome = Outcome.ONE_WAY
        return unit

    def _query(self, payload: m.Query) -> Unit:
        unit = self._begin("query")
        unit.sql = text_of(payload.sql)
        self._drop_portal(b"")
        self._expect(_Step("Q", unit))
        return unit

    def _parse(self, payload: m.Parse) -> Unit:
        unit = self._current
        if unit is None or unit.kind not in ("close", "flush"):
            unit = self._begin("prepare")
        unit.kind = "prepare"
        statement = Statement(text_of(payload.sql), list(payload.types))
        if before := self._told.get(statement.sql):
            # asyncpg without a cache describes one unnamed statement and executes the next.
            statement.told, statement.columns = before.told, before.columns
            statement.described = before.described
        unit.sql, unit.statement = statement.sql, statement
        self._statements[payload.statement] = statement
        self._expect(_Step("P", unit, statement))
        return unit

    def _bind(self, payload: m.Bind) -> Unit:
        statement = self._statements.get(payload.statement) or Statement("", [])
        unit = self._current
        joins = unit is not None and (
            unit.kind in ("close", "flush")
            or (unit.kind == "prepare" and unit.statement is statement and not unit.described)
        )
        if unit is None or not joins:
            unit = self._begin("query")
        unit.kind, unit.sql, unit.statement, unit.bind = "query", statement.sql, statement, payload
        unit.open = True  # until its portal is through or gone
        self._drop_portal(payload.portal)
        portal = self._portals[payload.portal] = Portal(unit, statement)
        self._expect(_Step("B", unit, statement, portal))
        return unit

    def _describe(self, payload: m.Describe) -> Unit:
        if payload.kind == b"P":
            return self._describe_portal(payload.name)
        statement = self._statements.get(payload.name) or Statement("", [])
        current = self._current
        if current and current.kind == "prepare" and current.statement is statement:
            unit = current
        else:
            unit = self._begin("prepare")
            unit.sql, unit.statement = statement.sql, statement
        unit.described = True
        self._expect(_Step("DS", unit, statement))
        return unit

    def _describe_portal(self, name: bytes) -> Unit:
        """Also of a cursor that SQL declared: cursors are portals."""
        portal = self._portals.get(name)
        if portal and id(portal.unit) in self._open:
            unit = portal.unit
        else:
            unit = self._begin("describe")
            unit.sql = portal.statement.sql if portal else self._cursors.get(name, text_of(name))
        self._expect(_Step("DP", unit, portal=portal))
        return unit

    def _execute(self, payload: m.Execute) -> Unit:
        portal = self._portals.get(payload.portal)
        if portal is None or id(portal.unit) not in self._open:
            unit = self._current or self._begin("query")
        else:
            unit = portal.unit
            if self._current is not unit:
                self._seal()
                self._current = unit
                unit.sealed = False
        unit.executed = True
        self._expect(_Step("E", unit, portal=portal))
        return unit

    def _close(self, payload: m.CloseTarget) -> Unit:
        unit = self._current or self._begin("close")
        if unit.kind == "close":
            unit.closes = "statement" if payload.kind == b"S" else "portal"
        if payload.kind == b"S":
            self._statements.pop(payload.name, None)
        else:
            self._drop_portal(payload.name)
        self._expect(_Step("C", unit))
        return unit

    def _sync(self) -> Unit:
        unit = self._skipping or self._current or self._begin("sync")
        unit = self._alive(unit)
        self._skipping = None
        if self._copying is unit and not unit.copy_ended:
            return unit  # ignored by the server while it reads COPY data
        self._expect(_Step("S", unit))
        if unit is not self._current:
            unit.sealed = True
        return unit

    def _copy(self, payload: Payload) -> Unit:
        unit = self._copying or self._current
        if unit is None and self._steps:
            unit = self._steps[-1].unit  # asyncpg doesn't wait for CopyInResponse
        unit = unit or self._begin("flush")
        unit.copy_from_client(payload)
        return unit

    def _drop_portal(self, name: bytes) -> None:
        portal = self._portals.pop(name, None)
        if portal and portal.unit.open:
            portal.unit.open = False
            self._settle(portal.unit)

    # -- what the server says ---------------------------------------------------------------

    def _server(self, message: Message) -> None:
        payload = message.payload
        if isinstance(payload, m.Notification) or not self._steps:
            self._unasked(message)
            return
        step = self._steps[0]
        step.unit.take(message)
        match payload:
            case m.ReadyForQuery():
                self._ready(step, text_of(payload.status))
            case m.ErrorResponse():
                self._error(step, payload)
            case m.NoticeResponse():
                step.unit.result.notices.append(error_tree(payload.fields))
            case m.ParameterStatus():
                step.unit.parameter(text_of(payload.name), text_of(payload.value))
            case m.Authentication() | m.BackendKey() | m.NegotiateVersion():
                step.unit.opened(payload)
            case _:
                self._answer(step, payload)

    def _answer(self, step: _Step, payload: Payload) -> None:
        unit = step.unit
        match payload:
            case m.ParseComplete() | m.BindComplete() | m.CloseComplete():
                self._done()
            case m.ParameterDescription():
                if step.statement:
                    step.statement.told = list(payload.types)
                    self._told[step.statement.sql] = step.statement
            case m.RowDescription() | m.NoData():
                self._described(step, payload)
            case m.DataRow():
                unit.result.rows.append(payload.values)
            case m.CommandComplete() | m.EmptyQuery() | m.PortalSuspended():
                self._completed(step, payload)
            case m.CopyStart():
                self._copy_starts(step, payload)
            case m.CopyData():
                unit.result.copy_out.append(payload.data)
            case m.FunctionResult():
                unit.function_result = payload

    def _described(self, step: _Step, payload: Payload) -> None:
        columns = payload.columns if isinstance(payload, m.RowDescription) else None
        if step.kind in ("Q", "E"):
            step.unit.result.describe(columns)
            return
        statement = step.statement or (step.portal.statement if step.portal else None)
        if statement:
            statement.columns = columns
            statement.described = True
        if step.kind == "DP":
            step.unit.result.describe(columns)
        self._done()

    def _completed(self, step: _Step, payload: Payload) -> None:
        unit = step.unit
        if isinstance(payload, m.PortalSuspended):
            unit.suspended = True
            unit.batches = True
            self._done()
            return
        if step.kind == "E":
            unit.open = unit.suspended = False
        tag = payload.command if isinstance(payload, m.CommandComplete) else None
        status = unit.complete(tag, self._status)
        self._status = status
        self._copying = None
        if tag == b"DECLARE CURSOR":
            self._cursors[sqltext.cursor_name(unit.sql).encode()] = unit.sql
        if step.kind == "E":
            self._done()

    def _copy_starts(self, step: _Step, payload: m.CopyStart) -> None:
        step.unit.result.copy = payload
        if payload.way == b"W":
            self._wreck = step.unit
            step.unit.note = "replication (CopyBoth) is not covered"
            self._steps.clear()
        elif payload.way == b"G":
            self._copying = step.unit
            self._drop_syncs()

    def _drop_syncs(self) -> None:
        """A Sync that came before the COPY data is ignored by the server (exec_simple_query's
        extended twin reads on in `CopyGetData`)."""
        while len(self._steps) > 1 and self._steps[-1].kind == "S":
            self._steps.pop().unit.waiting -= 1

    def _error(self, step: _Step, payload: m.ErrorResponse) -> None:
        unit = step.unit
        unit.fail(error_tree(payload.fields))
        self._copying = None
        if step.kind == "startup":
            self._done()
            self._seal()
        elif step.kind not in ("Q", "F"):
            self._skip_to_sync(unit)

    def _skip_to_sync(self, unit: Unit) -> None:
        """The server reads and drops all messages up to the next Sync; what had been sent for
        later statements belongs to the failure, since nothing came of it."""
        unit.open = False
        while self._steps and self._steps[0].kind != "S":
            skipped = self._steps.popleft().unit
            skipped.waiting -= 1
            if skipped is not unit and not skipped.waiting:
                self._merge(skipped, unit)
        if self._steps:
            last = self._steps[0].unit
            if last is not unit:
                self._steps[0].unit = unit
                last.waiting -= 1
                unit.waiting += 1
                if not last.waiting:
                    self._merge(last, unit)
        else:
            self._skipping = unit

    def _merge(self, skipped: Unit, into: Unit) -> None:
        if skipped.answered_ns:
            self._settle(skipped)
            return
        self._open.pop(id(skipped), None)
        if self._current is skipped:
            self._current = into
        into.absorb(skipped)

    def _ready(self, step: _Step, status: str) -> None:
        self._status = status
        step.unit.ready(status)
        if status == "I":
            for name, portal in list(self._portals.items()):
                if not portal.unit.waiting or portal.unit is step.unit:
                    self._drop_portal(name)
        if step.kind in ("S", "Q", "F", "startup"):
            self._done()
            if step.kind == "startup":
                self._seal()

    def _unasked(self, message: Message) -> None:
        """Nobody waits: a notification, a parameter changed by a reload, the server going down."""
        unit = Unit(kind="push")
        self._open[id(unit)] = unit
        unit.outcome = Outcome.PUSH
        unit.take(message)
        unit.pushed = _push_tree(message.payload)
        self._emit(unit, Outcome.PUSH)


def _push_tree(payload: Payload) -> Value:
    match payload:
        case m.Notification():
            return {"notify": text_of(payload.channel), "payload": text_of(payload.payload)}
        case m.ParameterStatus():
            return {"parameters": {text_of(payload.name): text_of(payload.value)}}
        case m.NoticeResponse():
            return {"notices": [error_tree(payload.fields)]}
        case m.ErrorResponse():
            return {"error": error_tree(payload.fields)}
    return {"message": str(getattr(type(payload).__struct_config__, "tag", ""))}


def _why_broken(payload: Payload) -> str:
    if isinstance(payload, Gap):
        return f"{payload.lost} bytes were lost in recording"
    return payload.reason if isinstance(payload, Malformed) else ""
