"""The only payload of bytes that nobody understands, and its tree."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.model.value import Value


class Bytes(Payload, frozen=True, tag="raw.bytes"):
    """What one side sent until the other spoke."""

    data: bytes


def tree(data: bytes) -> Value:
    """`{"text": ...}` when it is printable UTF-8, else `{"bytes": ...}`."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"bytes": data}
    if all(c.isprintable() or c in "\r\n\t" for c in text):
        return {"text": text}
    return {"bytes": data}


def untree(value: Value) -> bytes:
    if not isinstance(value, dict):
        return b""
    text = value.get("text")
    if isinstance(text, str):
        return text.encode()
    data = value.get("bytes")
    return data if isinstance(data, bytes) else b""
