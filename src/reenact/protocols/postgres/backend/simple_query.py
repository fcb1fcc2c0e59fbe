"""Query: one or several statements as text, answered up to ReadyForQuery."""

from __future__ import annotations

from reenact.model.protocol import Refuse
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres import status as tx
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.copy_in import CopyFromClient
from reenact.protocols.postgres.backend.replies import (
    Reply,
    failure,
    is_cut,
    is_fatal,
    response_of,
)
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.recall import Recalled
from reenact.protocols.postgres.trees import Tree, text_of


class SimpleQuery:
    def __init__(
        self, connection: Connection, session: Session, recalled: Recalled, copying: CopyFromClient
    ) -> None:
        self._connection = connection
        self._session = session
        self._recalled = recalled
        self._copying = copying

    def asked(self, payload: m.Query) -> None:
        sql = text_of(payload.sql)
        self._session.portals.pop(b"", None)
        self._session.statements.pop(b"", None)
        if copy := self._recalled.copy_in(sql):
            self._copying.start({"query": sql}, copy, lambda reply: self._answered(sql, reply))
            return
        self._connection.ask({"query": sql}, lambda reply: self._answered(sql, reply))

    def _answered(self, sql: str, reply: Reply) -> None:
        response = response_of(reply)
        if isinstance(reply, Refuse) and tx.undoes(self._session.status, sql):
            self._say(sql, {"tag": "ROLLBACK"})
        elif isinstance(reply, Refuse):
            self._connection.say(failure(reply))
            self._session.failed()
        else:
            for result in serve.results(response):
                self._say(sql, result)
            self._connection.say(*serve.parameters(response))
        if is_fatal(response):
            self._connection.close()
        elif not is_cut(reply):
            self._session.ready()

    def _say(self, sql: str, result: Tree) -> None:
        self._connection.say(*serve.simple(result))
        self._session.ended(sql, result)
