"""Describe of a portal. If it is executed next, that answer tells its columns."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.prepare import Prepare
from reenact.protocols.postgres.backend.replies import Reply, failed, failure, response_of
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.backend.statements import Portal
from reenact.protocols.postgres.recall import Recalled


class DescribePortal:
    def __init__(
        self, connection: Connection, session: Session, recalled: Recalled, prepare: Prepare
    ) -> None:
        self._connection = connection
        self._session = session
        self._recalled = recalled
        self._prepare = prepare

    def asked(self, payload: m.Describe) -> None:
        portal = self._session.portals.get(payload.name)
        if portal is None:
            self._cursor(payload.name)
        elif portal.result is not None:
            self._say(portal.result.get("columns"), portal)
        else:
            self._session.describing = portal

    def settle(self, upcoming: Payload) -> bool:
        """Before `upcoming` is handled, say or ask what was held back. False: asked."""
        portal = self._session.describing
        if portal is None or self._executes(upcoming, portal):
            return True
        self._session.describing = None
        statement = portal.statement
        if found := self._recalled.description(statement.sql):
            self._say(found.columns, portal)
            return True
        self._prepare.ask(statement, lambda: self._say(statement.columns, portal))
        return False

    def _executes(self, upcoming: Payload, portal: Portal) -> bool:
        return (
            isinstance(upcoming, m.Execute) and self._session.portals.get(upcoming.portal) is portal
        )

    def _say(self, columns: Value, portal: Portal) -> None:
        self._connection.say(serve.described(columns, portal.formats))

    def _cursor(self, name: bytes) -> None:
        """A cursor that SQL declared is a portal too (psycopg 3 describes its server cursors)."""
        sql = self._session.cursors.get(name)
        if sql is None:
            self._session.no_portal(name)
            return

        def answered(reply: Reply) -> None:
            if failed(reply):
                self._session.fail(failure(reply))
            else:
                self._connection.say(serve.described(response_of(reply).get("columns")))

        self._connection.ask({"describe": sql}, answered)
