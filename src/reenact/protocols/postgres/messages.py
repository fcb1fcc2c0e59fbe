"""What passes on the wire, message by message (PostgreSQL docs, "Message Formats").

Texts are bytes here: a codec doesn't know the client's encoding. The exchange trees hold text.
"""

from __future__ import annotations

from reenact.model.message import Payload


class SslRequest(Payload, frozen=True, tag="postgres.ssl_request"):
    pass


class GssEncRequest(Payload, frozen=True, tag="postgres.gssenc_request"):
    pass


class EncryptionAnswer(Payload, frozen=True, tag="postgres.encryption_answer"):
    """The one byte that answers an encryption request: S, G or N."""

    answer: bytes


class CancelRequest(Payload, frozen=True, tag="postgres.cancel_request"):
    pid: int
    secret: bytes


class Startup(Payload, frozen=True, tag="postgres.startup"):
    """`version` is major << 16 | minor; `options` are name and value in the order sent."""

    version: int
    options: list[tuple[bytes, bytes]]


class Password(Payload, frozen=True, tag="postgres.password"):
    """PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse: which one depends on
    what the server asked for, and nothing here depends on it."""

    data: bytes


class Query(Payload, frozen=True, tag="postgres.query"):
    sql: bytes


class Parse(Payload, frozen=True, tag="postgres.parse"):
    statement: bytes
    sql: bytes
    types: list[int]


class Bind(Payload, frozen=True, tag="postgres.bind"):
    """Format lists as sent: empty (all text), one (for all), or one for each."""

    portal: bytes
    statement: bytes
    formats: list[int]
    values: list[bytes | None]
    result_formats: list[int]


class Describe(Payload, frozen=True, tag="postgres.describe"):
    """`kind` is S (statement) or P (portal)."""

    kind: bytes
    name: bytes


class Execute(Payload, frozen=True, tag="postgres.execute"):
    portal: bytes
    max_rows: int


class CloseTarget(Payload, frozen=True, tag="postgres.close"):
    kind: bytes
    name: bytes


class Flush(Payload, frozen=True, tag="postgres.flush"):
    pass


class Sync(Payload, frozen=True, tag="postgres.sync"):
    pass


class Terminate(Payload, frozen=True, tag="postgres.terminate"):
    pass


class FunctionCall(Payload, frozen=True, tag="postgres.function_call"):
    function: int
    formats: list[int]
    values: list[bytes | None]
    result_format: int


class FunctionResult(Payload, frozen=True, tag="postgres.function_result"):
    value: bytes | None


class CopyData(Payload, frozen=True, tag="postgres.copy_data"):
    data: bytes


class CopyDone(Payload, frozen=True, tag="postgres.copy_done"):
    pass


class CopyFail(Payload, frozen=True, tag="postgres.copy_fail"):
    reason: bytes


class CopyStart(Payload, frozen=True, tag="postgres.copy_start"):
    """CopyInResponse (`way` G), CopyOutResponse (H) or CopyBothResponse (W)."""

    way: bytes
    format: int
    columns: list[int]


class Authentication(Payload, frozen=True, tag="postgres.authentication"):
    code: int
    data: bytes


class NegotiateVersion(Payload, frozen=True, tag="postgres.negotiate_version"):
    minor: int
    unknown: list[bytes]


class ParameterStatus(Payload, frozen=True, tag="postgres.parameter_status"):
    name: bytes
    value: bytes


class BackendKey(Payload, frozen=True, tag="postgres.backend_key"):
    pid: int
    secret: bytes


class ReadyForQuery(Payload, frozen=True, tag="postgres.ready"):
    """`status` is I (idle), T (in a transaction) or E (in a failed one)."""

    status: bytes


class Column(Payload, frozen=True, tag="postgres.column"):
    name: bytes
    table: int
    attnum: int
    type: int
    size: int
    typmod: int
    format: int


class RowDescription(Payload, frozen=True, tag="postgres.row_description"):
    columns: list[Column]


class ParameterDescription(Payload, frozen=True, tag="postgres.parameter_description"):
    types: list[int]


class DataRow(Payload, frozen=True, tag="postgres.data_row"):
    values: list[bytes | None]


class CommandComplete(Payload, frozen=True, tag="postgres.command_complete"):
    command: bytes


class EmptyQuery(Payload, frozen=True, tag="postgres.empty_query"):
    pass


class ParseComplete(Payload, frozen=True, tag="postgres.parse_complete"):
    pass


class BindComplete(Payload, frozen=True, tag="postgres.bind_complete"):
    pass


class CloseComplete(Payload, frozen=True, tag="postgres.close_complete"):
    pass


class NoData(Payload, frozen=True, tag="postgres.no_data"):
    pass


class PortalSuspended(Payload, frozen=True, tag="postgres.portal_suspended"):
    pass


class ErrorResponse(Payload, frozen=True, tag="postgres.error"):
    """Fields by their one-letter code, in the order sent."""

    fields: list[tuple[bytes, bytes]]


class NoticeResponse(Payload, frozen=True, tag="postgres.notice"):
    fields: list[tuple[bytes, bytes]]


class Notification(Payload, frozen=True, tag="postgres.notification"):
    pid: int
    channel: bytes
    payload: bytes
