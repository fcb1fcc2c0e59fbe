"""COPY ... FROM STDIN: the data is gathered, then asked together with its statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reenact.model.message import Malformed, Payload
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.replies import Reply
from reenact.protocols.postgres.recall import CopyIn
from reenact.protocols.postgres.trees import Tree, copy_value, text_of


@dataclass(slots=True)
class _Copy:
    request: Tree  # of the statement, without its data
    format: int
    then: Callable[[Reply], None]
    chunks: list[bytes] = field(default_factory=list)


class CopyFromClient:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._copy: _Copy | None = None

    @property
    def open(self) -> bool:
        return self._copy is not None

    def start(self, request: Tree, copy: CopyIn, then: Callable[[Reply], None]) -> None:
        self._copy = _Copy(request, copy.format, then)
        columns = [copy.format] * copy.columns
        self._connection.say(m.CopyStart(way=b"G", format=copy.format, columns=columns))

    def take(self, payload: Payload) -> Malformed | None:
        """Any message while `open`; given back is why it has no place there."""
        copy = self._copy
        assert copy is not None
        match payload:
            case m.CopyData():
                copy.chunks.append(payload.data)
            case m.CopyDone():
                self._ended(copy, None)
            case m.CopyFail():
                self._ended(copy, text_of(payload.reason))
            case m.Flush() | m.Sync():
                pass  # ignored while copying ("COPY Operations")
            case m.Terminate():
                self._connection.close()
            case _:
                return Malformed(reason="neither COPY data nor its end")
        return None

    def _ended(self, copy: _Copy, failed: str | None) -> None:
        self._copy = None
        request: Tree = {**copy.request, "copy": copy_value(b"".join(copy.chunks), copy.format)}
        if failed is not None:
            request["copy_failed"] = failed
        self._connection.ask(request, copy.then)
