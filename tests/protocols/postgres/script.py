"""Writing both halves of a conversation by hand, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message, Payload
from reenact.model.segment import Endpoint, Flow, Role, Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.postgres import PLUGIN, wire
from reenact.protocols.postgres import messages as m

FLOW = Flow(id=1, role=Role.OUTBOUND, client=Endpoint("a", 1), server=Endpoint("db", 5432))
Turn = tuple[Side, bytes]
READY = m.ReadyForQuery(status=b"I")
IN_TRANSACTION = m.ReadyForQuery(status=b"T")
FAILED = m.ReadyForQuery(status=b"E")


def client(*payloads: Payload) -> Turn:
    return Side.CLIENT, b"".join(map(wire.encode, payloads))


def server(*payloads: Payload) -> Turn:
    return Side.SERVER, b"".join(map(wire.encode, payloads))


OPENING: list[Turn] = [
    client(m.Startup(version=196608, options=[(b"user", b"app"), (b"database", b"shop")])),
    server(
        m.Authentication(code=0, data=b""),
        m.ParameterStatus(name=b"server_version", value=b"15.0"),
        m.BackendKey(pid=7, secret=b"abcd"),
        READY,
    ),
]


def int4(name: bytes) -> m.Column:
    return m.Column(name=name, table=0, attnum=0, type=23, size=4, typmod=-1, format=0)


def columns(*names: bytes) -> m.RowDescription:
    return m.RowDescription(columns=[int4(name) for name in names])


def row(*values: bytes | None) -> m.DataRow:
    return m.DataRow(values=list(values))


def done(tag: bytes) -> m.CommandComplete:
    return m.CommandComplete(command=tag)


def error(code: bytes = b"42P01", severity: bytes = b"ERROR") -> m.ErrorResponse:
    return m.ErrorResponse(fields=[(b"S", severity), (b"V", severity), (b"C", code), (b"M", b"no")])


def parse(sql: bytes, name: bytes = b"", types: Sequence[int] = ()) -> m.Parse:
    return m.Parse(statement=name, sql=sql, types=list(types))


def bind(
    *values: bytes | None,
    name: bytes = b"",
    portal: bytes = b"",
    formats: Sequence[int] = (),
    results: Sequence[int] = (),
) -> m.Bind:
    return m.Bind(
        portal=portal,
        statement=name,
        formats=list(formats),
        values=list(values),
        result_formats=list(results),
    )


def execute(max_rows: int = 0, portal: bytes = b"") -> m.Execute:
    return m.Execute(portal=portal, max_rows=max_rows)


def describe(kind: bytes, name: bytes = b"") -> m.Describe:
    return m.Describe(kind=kind, name=name)


SYNC = m.Sync()


def decode(turns: Sequence[Turn]) -> list[Message]:
    codec = PLUGIN.codec(FLOW)
    out: list[Message] = []
    for at, (side, data) in enumerate(turns, 1):
        out += codec.feed(side, data, at)
        assert codec.buffered(side) <= PLUGIN.buffer_limit
    for side in Side:
        out += codec.close(side, len(turns) + 1)
    return out


def pair(turns: Sequence[Turn]) -> list[Exchange]:
    pairer = PLUGIN.pairer(FLOW)
    made = [e for message in decode(turns) for e in pairer.add(message)]
    return made + pairer.finish(len(turns) + 1)


def told(turns: Sequence[Turn]) -> list[tuple[Value, Value]]:
    """Request and response of every exchange after the start-up."""
    return [(e.request, e.response) for e in pair([*OPENING, *turns])][1:]


def recorded(request: Value, response: Value, outcome: Outcome = Outcome.COMPLETE) -> Interaction:
    return Interaction(
        id="1/1",
        protocol="postgres",
        destination="db:5432",
        connection=1,
        outcome=outcome,
        request=request,
        response=response,
    )
