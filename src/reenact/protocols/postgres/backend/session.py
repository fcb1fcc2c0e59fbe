"""What a server remembers of a session between two messages."""

from __future__ import annotations

from reenact.model.segment import Flow
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve, sqltext
from reenact.protocols.postgres import status as tx
from reenact.protocols.postgres.backend.channels import Channels
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.statements import Portal, Statement
from reenact.protocols.postgres.trees import Tree, text_of


class Session:
    def __init__(self, flow: Flow, connection: Connection) -> None:
        self.pid = flow.id & 0x7FFFFFFF or 1
        self.status = "I"
        self.skipping = False  # after an error, up to Sync
        self.statements: dict[bytes, Statement] = {}
        self.portals: dict[bytes, Portal] = {}
        self.parsed: Statement | None = None  # its ParseComplete is held
        self.describing: Portal | None = None  # the answer to its Describe is held
        self.cursors: dict[bytes, str] = {}  # declared by SQL: name -> statement
        self.channels = Channels()
        self._connection = connection

    def ready(self) -> None:
        self.skipping = False
        if self.status == "I":
            self.portals.clear()
            self._connection.say(*self.channels.due())
        self._connection.say(m.ReadyForQuery(status=self.status.encode()))

    def failed(self) -> None:
        self.status = tx.after_error(self.status)

    def fail(self, payload: m.ErrorResponse) -> None:
        """Of an extended query: the rest up to Sync is dropped."""
        self._connection.say(payload)
        self.skipping = True
        self.failed()
        self.parsed = self.describing = None

    def ended(self, sql: str, result: Tree) -> None:
        """A statement ran."""
        if "error" in result:
            self.failed()
            return
        tag = str(result.get("tag", ""))
        self.status = tx.after(self.status, sql, tag)
        self.channels.follow(sql, tag)
        if tag == "DECLARE CURSOR":
            self.cursors[sqltext.cursor_name(sql).encode()] = sql

    def statement(self, name: bytes) -> Statement | None:
        """None: there is none, and the client has been told."""
        found = self.statements.get(name)
        if found is None:
            text = f'prepared statement "{text_of(name)}" does not exist'
            self.fail(serve.error("26000", text))
        return found

    def close_target(self, payload: m.CloseTarget) -> None:
        """To close what does not exist is no error ("Extended Query")."""
        names = self.statements if payload.kind == b"S" else self.portals
        names.pop(payload.name, None)
        self._connection.say(m.CloseComplete())

    def no_portal(self, name: bytes) -> None:
        self.fail(serve.error("34000", f'portal "{text_of(name)}" does not exist'))

    def notify(self, response: Tree) -> bool:
        """Tell the client, now or when its transaction is over; False: it does not listen."""
        channel = str(response["notify"])
        if channel not in self.channels:
            return False
        payload = str(response.get("payload", "")).encode()
        said = m.Notification(pid=self.pid, channel=channel.encode(), payload=payload)
        if self.status == "I":
            self._connection.say(said)
        else:
            self.channels.hold(said)
        return True
