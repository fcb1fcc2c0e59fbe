"""Messages to bytes and back, one pair of functions each where the body isn't empty.

A frame is either read so that writing it again gives the very same bytes, or it is BadBytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from reenact.base.buffer import ByteReader, Short
from reenact.model.message import Payload
from reenact.protocols.framing import BadBytes
from reenact.protocols.postgres import messages as m

SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL_3 = 3


def parse_client(data: bytes) -> Payload:
    """One whole typed message of the client: type byte, length, body."""
    return _parse(_CLIENT, data)


def parse_server(data: bytes) -> Payload:
    return _parse(_SERVER, data)


def parse_opening(data: bytes) -> Payload:
    """One whole message without a type byte: start-up, encryption request or cancel."""
    r = ByteReader(data)
    try:
        r.i32()
        code = r.u32()
        if code == SSL_REQUEST and not len(r):
            return m.SslRequest()
        if code == GSSENC_REQUEST and not len(r):
            return m.GssEncRequest()
        if code == CANCEL_REQUEST:
            return m.CancelRequest(pid=r.u32(), secret=r.rest())
        if code >> 16 != PROTOCOL_3:
            raise BadBytes(f"start-up of protocol {code >> 16}.{code & 0xFFFF}")
        return m.Startup(version=code, options=_read_options(r))
    except Short as short:
        raise BadBytes(f"start-up packet: {short}") from short


def encode(payload: Payload) -> bytes:
    """The bytes of any message of either side."""
    match payload:
        case m.EncryptionAnswer():
            return payload.answer
        case m.SslRequest():
            return struct.pack("!II", 8, SSL_REQUEST)
        case m.GssEncRequest():
            return struct.pack("!II", 8, GSSENC_REQUEST)
        case m.CancelRequest():
            body = struct.pack("!II", CANCEL_REQUEST, payload.pid) + payload.secret
            return struct.pack("!I", len(body) + 4) + body
        case m.Startup():
            pairs = b"".join(name + b"\0" + value + b"\0" for name, value in payload.options)
            body = struct.pack("!I", payload.version) + pairs + b"\0"
            return struct.pack("!I", len(body) + 4) + body
    kind, write = _WRITE[type(payload)]
    return frame(kind or _way(payload), write(payload))


def frame(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _way(payload: Payload) -> bytes:
    assert isinstance(payload, m.CopyStart), payload
    return payload.way


def _parse(table: dict[bytes, Callable[[ByteReader], Payload]], data: bytes) -> Payload:
    read = table.get(data[:1])
    if read is None:
        raise BadBytes(f"no message has type {data[:1]!r}")
    r = ByteReader(data)
    try:
        r.take(5)
        payload = read(r)
    except Short as short:
        raise BadBytes(f"message {data[:1]!r}: {short}") from short
    if len(r):
        raise BadBytes(f"message {data[:1]!r}: {len(r)} bytes too long")
    return payload


# -- pieces ---------------------------------------------------------------------------------


def _read_options(r: ByteReader) -> list[tuple[bytes, bytes]]:
    out = []
    while name := r.cstring():
        out.append((name, r.cstring()))
    if len(r):
        raise BadBytes("bytes after the start-up packet's end")
    return out


def _read_i16s(r: ByteReader) -> list[int]:
    return [r.u16() for _ in range(r.u16())]


def _read_oids(r: ByteReader) -> list[int]:
    return [r.u32() for _ in range(r.u16())]


def _read_values(r: ByteReader) -> list[bytes | None]:
    """A count, then each value with its length; -1 is NULL."""
    return [_read_value(r) for _ in range(r.u16())]


def _read_value(r: ByteReader) -> bytes | None:
    size = r.i32()
    if size == -1:
        return None
    return r.take(size)


def _read_fields(r: ByteReader) -> list[tuple[bytes, bytes]]:
    out = []
    while (code := r.take(1)) != b"\0":
        out.append((code, r.cstring()))
    return out


def _i16s(values: Sequence[int]) -> bytes:
    return struct.pack(f"!H{len(values)}H", len(values), *values)


def _oids(values: Sequence[int]) -> bytes:
    return struct.pack(f"!H{len(values)}I", len(values), *values)


def _values(values: Sequence[bytes | None]) -> bytes:
    return struct.pack("!H", len(values)) + b"".join(map(_value, values))


def _value(value: bytes | None) -> bytes:
    return b"\xff\xff\xff\xff" if value is None else struct.pack("!I", len(value)) + value


def _fields(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join(code + value + b"\0" for code, value in fields) + b"\0"


def _target(payload: m.Describe | m.CloseTarget) -> bytes:
    return payload.kind + payload.name + b"\0"


# -- reading --------------------------------------------------------------------------------


def _read_parse(r: ByteReader) -> Payload:
    return m.Parse(statement=r.cstring(), sql=r.cstring(), types=_read_oids(r))


def _read_bind(r: ByteReader) -> Payload:
    return m.Bind(
        portal=r.cstring(),
        statement=r.cstring(),
        formats=_read_i16s(r),
        values=_read_values(r),
        result_formats=_read_i16s(r),
    )


def _read_function_call(r: ByteReader) -> Payload:
    return m.FunctionCall(
        function=r.u32(),
        formats=_read_i16s(r),
        values=_read_values(r),
        result_format=r.u16(),
    )


def _read_copy_start(way: bytes) -> Callable[[ByteReader], Payload]:
    return lambda r: m.CopyStart(way=way, format=r.u8(), columns=_read_i16s(r))


def _read_row_description(r: ByteReader) -> Payload:
    return m.RowDescription(columns=[_read_column(r) for _ in range(r.u16())])


def _read_column(r: ByteReader) -> m.Column:
    return m.Column(
        name=r.cstring(),
        table=r.u32(),
        attnum=r.i16(),
        type=r.u32(),
        size=r.i16(),
        typmod=r.i32(),
        format=r.u16(),
    )


def _read_negotiate(r: ByteReader) -> Payload:
    return m.NegotiateVersion(minor=r.u32(), unknown=[r.cstring() for _ in range(r.u32())])


def _read_data_row(r: ByteReader) -> Payload:
    return m.DataRow(values=_read_values(r))


_CLIENT: dict[bytes, Callable[[ByteReader], Payload]] = {
    b"p": lambda r: m.Password(data=r.rest()),
    b"Q": lambda r: m.Query(sql=r.cstring()),
    b"P": _read_parse,
    b"B": _read_bind,
    b"D": lambda r: m.Describe(kind=r.take(1), name=r.cstring()),
    b"E": lambda r: m.Execute(portal=r.cstring(), max_rows=r.i32()),
    b"C": lambda r: m.CloseTarget(kind=r.take(1), name=r.cstring()),
    b"H": lambda r: m.Flush(),
    b"S": lambda r: m.Sync(),
    b"X": lambda r: m.Terminate(),
    b"F": _read_function_call,
    b"d": lambda r: m.CopyData(data=r.rest()),
    b"c": lambda r: m.CopyDone(),
    b"f": lambda r: m.CopyFail(reason=r.cstring()),
}

_SERVER: dict[bytes, Callable[[ByteReader], Payload]] = {
    b"R": lambda r: m.Authentication(code=r.u32(), data=r.rest()),
    b"v": _read_negotiate,
    b"S": lambda r: m.ParameterStatus(name=r.cstring(), value=r.cstring()),
    b"K": lambda r: m.BackendKey(pid=r.u32(), secret=r.rest()),
    b"Z": lambda r: m.ReadyForQuery(status=r.take(1)),
    b"T": _read_row_description,
    b"t": lambda r: m.ParameterDescription(types=_read_oids(r)),
    b"D": _read_data_row,
    b"C": lambda r: m.CommandComplete(command=r.cstring()),
    b"I": lambda r: m.EmptyQuery(),
    b"1": lambda r: m.ParseComplete(),
    b"2": lambda r: m.BindComplete(),
    b"3": lambda r: m.CloseComplete(),
    b"n": lambda r: m.NoData(),
    b"s": lambda r: m.PortalSuspended(),
    b"E": lambda r: m.ErrorResponse(fields=_read_fields(r)),
    b"N": lambda r: m.NoticeResponse(fields=_read_fields(r)),
    b"A": lambda r: m.Notification(pid=r.u32(), channel=r.cstring(), payload=r.cstring()),
    b"V": lambda r: m.FunctionResult(value=_read_value(r)),
    b"G": _read_copy_start(b"G"),
    b"H": _read_copy_start(b"H"),
    b"W": _read_copy_start(b"W"),
    b"d": lambda r: m.CopyData(data=r.rest()),
    b"c": lambda r: m.CopyDone(),
}


# -- writing --------------------------------------------------------------------------------


def _write_bind(p: m.Bind) -> bytes:
    names = p.portal + b"\0" + p.statement + b"\0"
    return names + _i16s(p.formats) + _values(p.values) + _i16s(p.result_formats)


def _write_function_call(p: m.FunctionCall) -> bytes:
    head = struct.pack("!I", p.function) + _i16s(p.formats)
    return head + _values(p.values) + struct.pack("!H", p.result_format)


def _write_row_description(p: m.RowDescription) -> bytes:
    return struct.pack("!H", len(p.columns)) + b"".join(map(_write_column, p.columns))


def _write_column(c: m.Column) -> bytes:
    fixed = struct.pack("!IhIhiH", c.table, c.attnum, c.type, c.size, c.typmod, c.format)
    return c.name + b"\0" + fixed


def _write_negotiate(p: m.NegotiateVersion) -> bytes:
    names = b"".join(name + b"\0" for name in p.unknown)
    return struct.pack("!II", p.minor, len(p.unknown)) + names


_WRITE: dict[type[Payload], tuple[bytes, Callable[..., bytes]]] = {
    m.Password: (b"p", lambda p: p.data),
    m.Query: (b"Q", lambda p: p.sql + b"\0"),
    m.Parse: (b"P", lambda p: p.statement + b"\0" + p.sql + b"\0" + _oids(p.types)),
    m.Bind: (b"B", _write_bind),
    m.Describe: (b"D", _target),
    m.Execute: (b"E", lambda p: p.portal + b"\0" + struct.pack("!i", p.max_rows)),
    m.CloseTarget: (b"C", _target),
    m.Flush: (b"H", lambda p: b""),
    m.Sync: (b"S", lambda p: b""),
    m.Terminate: (b"X", lambda p: b""),
    m.FunctionCall: (b"F", _write_function_call),
    m.CopyData: (b"d", lambda p: p.data),
    m.CopyDone: (b"c", lambda p: b""),
    m.CopyFail: (b"f", lambda p: p.reason + b"\0"),
    m.Authentication: (b"R", lambda p: struct.pack("!I", p.code) + p.data),
    m.NegotiateVersion: (b"v", _write_negotiate),
    m.ParameterStatus: (b"S", lambda p: p.name + b"\0" + p.value + b"\0"),
    m.BackendKey: (b"K", lambda p: struct.pack("!I", p.pid) + p.secret),
    m.ReadyForQuery: (b"Z", lambda p: p.status),
    m.RowDescription: (b"T", _write_row_description),
    m.ParameterDescription: (b"t", lambda p: _oids(p.types)),
    m.DataRow: (b"D", lambda p: _values(p.values)),
    m.CommandComplete: (b"C", lambda p: p.command + b"\0"),
    m.EmptyQuery: (b"I", lambda p: b""),
    m.ParseComplete: (b"1", lambda p: b""),
    m.BindComplete: (b"2", lambda p: b""),
    m.CloseComplete: (b"3", lambda p: b""),
    m.NoData: (b"n", lambda p: b""),
    m.PortalSuspended: (b"s", lambda p: b""),
    m.ErrorResponse: (b"E", lambda p: _fields(p.fields)),
    m.NoticeResponse: (b"N", lambda p: _fields(p.fields)),
    m.Notification: (
        b"A",
        lambda p: struct.pack("!I", p.pid) + p.channel + b"\0" + p.payload + b"\0",
    ),
    m.FunctionResult: (b"V", lambda p: _value(p.value)),
    m.CopyStart: (b"", lambda p: struct.pack("!B", p.format) + _i16s(p.columns)),
}
