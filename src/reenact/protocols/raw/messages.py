"""The only payload of bytes that nobody understands, and its tree."""

from __future__ import annotations

from reenact.base.errors import UserError
from reenact.model.message import Payload
from reenact.model.value import Value


class Bytes(Payload, frozen=True, tag="raw.bytes"):
    """What one side sent until the other spoke. `closes`: the server then ended the connection."""

    data: bytes
    closes: bool = False


def tree(payload: Bytes) -> Value:
    """`{"text": ...}` when it is printable UTF-8, else `{"bytes": ...}`; and `closes: true`."""
    said: dict[str, Value] = {"bytes": payload.data}
    text = _printable(payload.data)
    if text is not None:
        said = {"text": text}
    if payload.closes:
        said["closes"] = True
    return said


_LAYOUT = dict.fromkeys(map(ord, "\r\n\t"))


def _printable(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if text.translate(_LAYOUT).isprintable() else None


def untree(value: Value) -> bytes:
    """The bytes of a tree; none where nothing was said. UserError for a tree that is neither."""
    match value:
        case None:
            return b""
        case {"text": str(text)}:
            return text.encode()
        case {"bytes": bytes(data)}:
            return data
        case {"bytes": str(text)}:
            return text.encode()
    raise UserError(f"raw bytes are written as text: or bytes:, not as {value!r:.60}")


def closes(value: Value) -> bool:
    return isinstance(value, dict) and value.get("closes") is True
