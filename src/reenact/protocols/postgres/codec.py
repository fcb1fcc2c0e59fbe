"""Reads both sides of one connection: where messages end, and which phase a side is in."""

from __future__ import annotations

import struct

from reenact.model.message import Payload
from reenact.model.protocol import Confidence
from reenact.model.segment import Flow, Side
from reenact.protocols.framing import BadBytes, FramedCodec
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import wire

LIMIT = 1024 * 1024 * 1024
"""Largest message: PostgreSQL's own bound is MaxAllocSize, 1 GB - 1 (memutils.h)."""

OPENING_LIMIT = 10_000
"""MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h)."""

CLIENT_TYPES = b"pQPBDECHSXFdcf"
SERVER_TYPES = b"RvSKZTtDCI123nsENAVGHWdc"


class _Phase:
    """What one side has to know of the other."""

    def __init__(self) -> None:
        self.started = False  # the client has sent its start-up packet
        self.asked = 0  # encryption requests not answered yet


class _ClientFramer:
    def __init__(self, phase: _Phase) -> None:
        self._phase = phase

    def end(self, data: bytearray) -> int | None:
        if self._phase.started:
            return _typed_end(data, CLIENT_TYPES)
        if len(data) < 4:
            return None
        (size,) = struct.unpack_from("!I", data)
        if not 8 <= size <= OPENING_LIMIT:
            raise BadBytes(f"a start-up packet of {size} bytes")
        return size if len(data) >= size else None


class _ServerFramer:
    def __init__(self, phase: _Phase) -> None:
        self._phase = phase

    def end(self, data: bytearray) -> int | None:
        if self._phase.asked and data[0] in b"SNG":
            return 1
        return _typed_end(data, SERVER_TYPES)


def _typed_end(data: bytearray, types: bytes) -> int | None:
    if data[0] not in types:
        raise BadBytes(f"no message has type {bytes(data[:1])!r}")
    if len(data) < 5:
        return None
    (size,) = struct.unpack_from("!I", data, 1)
    if not 4 <= size <= LIMIT:
        raise BadBytes(f"a message of {size} bytes")
    return size + 1 if len(data) > size else None


class PostgresCodec(FramedCodec):
    def __init__(self, flow: Flow, limit: int) -> None:
        self._phase = _Phase()
        framers = (_ClientFramer(self._phase), _ServerFramer(self._phase))
        super().__init__(framers, self._payload, limit)

    def _payload(self, side: Side, data: bytes) -> Payload:
        phase = self._phase
        if side is Side.SERVER:
            if phase.asked and len(data) == 1:
                phase.asked -= 1
                return m.EncryptionAnswer(answer=data)
            return wire.parse_server(data)
        if phase.started:
            return wire.parse_client(data)
        payload = wire.parse_opening(data)
        phase.started = isinstance(payload, m.Startup)
        phase.asked += isinstance(payload, m.SslRequest | m.GssEncRequest)
        return payload


class PostgresEncoder:
    """Nothing in PostgreSQL's bytes depends on what came before."""

    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        return wire.encode(payload)


def detect(flow: Flow, client: bytes, server: bytes) -> Confidence:
    """The first packet has no type byte and one of four codes, which nothing else starts with."""
    if not client:
        return Confidence.NO if server else Confidence.WAIT
    if len(client) < 8:
        return Confidence.WAIT if client[:2] == b"\0\0" or len(client) < 2 else Confidence.NO
    size, code = struct.unpack_from("!II", client)
    if not 8 <= size <= OPENING_LIMIT:
        return Confidence.NO
    if code in (wire.SSL_REQUEST, wire.GSSENC_REQUEST):
        return Confidence.SURE if size == 8 else Confidence.NO
    if code == wire.CANCEL_REQUEST or code >> 16 == wire.PROTOCOL_3:
        return Confidence.SURE
    return Confidence.NO
