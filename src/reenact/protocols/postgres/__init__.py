"""PostgreSQL's frontend/backend protocol, version 3. Shapes of the trees: README.md.

messages, wire, codec   bytes <-> messages
values/                 single values <-> canonical scalars
trees, unit, pairer     messages -> exchanges
parser, sqltext         what is compared of SQL
matcher                 what is compared of an exchange
recall, serve, status   what the server half knows and says
responder, backend/     the server half, played from recordings
"""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.model.protocol import ProtocolPlugin
from reenact.model.segment import Flow
from reenact.protocols.postgres import messages
from reenact.protocols.postgres.codec import LIMIT, PostgresCodec, PostgresEncoder, detect
from reenact.protocols.postgres.matcher import PostgresMatcher, always
from reenact.protocols.postgres.pairer import PostgresPairer
from reenact.protocols.postgres.recall import recall
from reenact.protocols.postgres.responder import PostgresResponder
from reenact.protocols.postgres.sequences import drawn


def _payloads() -> tuple[type[Payload], ...]:
    found = [t for t in vars(messages).values() if isinstance(t, type) and t is not Payload]
    return tuple(t for t in found if issubclass(t, Payload) and t is not messages.Column)


def _codec(flow: Flow) -> PostgresCodec:
    return PostgresCodec(flow, LIMIT)


PLUGIN = ProtocolPlugin(
    name="postgres",
    payloads=_payloads(),
    detect=detect,
    codec=_codec,
    encoder=lambda flow, side: PostgresEncoder(),
    pairer=PostgresPairer,
    matcher=PostgresMatcher(),
    recall=recall,
    responder=PostgresResponder,
    buffer_limit=LIMIT,
    handles=frozenset({"gives"}),
    drawn=drawn,
    always=always,
)
