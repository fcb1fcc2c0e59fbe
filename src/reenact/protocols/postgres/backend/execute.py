"""Bind and Execute: a portal is made of a statement and its parameters, run, and read in batches."""

from __future__ import annotations

from reenact.model.protocol import Refuse
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.copy_in import CopyFromClient
from reenact.protocols.postgres.backend.replies import (
    NO_RECORDING,
    Reply,
    failure,
    is_fatal,
    response_of,
)
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.backend.statements import Portal
from reenact.protocols.postgres.recall import Recalled
from reenact.protocols.postgres.trees import Tree, decode_params


class Execute:
    def __init__(
        self, connection: Connection, session: Session, recalled: Recalled, copying: CopyFromClient
    ) -> None:
        self._connection = connection
        self._session = session
        self._recalled = recalled
        self._copying = copying

    def bind(self, payload: m.Bind) -> None:
        statement = self._session.statement(payload.statement)
        if statement is None:
            return
        told = statement.told or self._recalled.told(statement.sql)
        params = decode_params(payload.values, statement.types, told, payload.formats)
        portal = Portal(statement, params, list(payload.result_formats))
        self._session.portals[payload.portal] = portal
        self._connection.say(m.BindComplete())

    def asked(self, payload: m.Execute) -> None:
        portal = self._session.portals.get(payload.portal)
        if portal is None:
            self._session.no_portal(payload.portal)
        elif portal.result is not None:
            self._say_rows(portal, payload.max_rows)
        elif copy := self._recalled.copy_in(portal.statement.sql):
            self._session.describing = None
            self._copying.start(
                _request(portal), copy, lambda reply: self._answered(portal, 0, reply)
            )
        else:
            self._connection.ask(
                _request(portal), lambda reply: self._answered(portal, payload.max_rows, reply)
            )

    def _answered(self, portal: Portal, max_rows: int, reply: Reply) -> None:
        described = self._session.describing is portal
        self._session.describing = None
        response = response_of(reply)
        if isinstance(reply, Refuse):
            self._session.fail(failure(reply))
            return
        if "results" in response:
            self._session.fail(
                serve.error("42601", "cannot insert multiple commands into a prepared statement")
            )
            return
        portal.result = response
        say = self._connection.say
        say(*serve.notices(response))
        if described and ("error" not in response or "columns" in response):
            say(serve.described(response.get("columns"), portal.formats))
        self._say_rows(portal, max_rows)
        say(*serve.parameters(response))

    def _say_rows(self, portal: Portal, max_rows: int) -> None:
        """The next rows, and how the statement ended if they are the last."""
        result = portal.result
        assert result is not None
        total, start = serve.row_count(result), portal.sent
        end = min(total, start + max_rows) if max_rows > 0 else total
        self._connection.say(*serve.rows(result, portal.formats, start, end))
        portal.sent = end
        if 0 < max_rows == end - start:
            # A full batch never ends a portal, even if no row is left (PortalRun, pquery.c).
            self._connection.say(m.PortalSuspended())
        elif result.get("suspended"):
            self._more_than_recorded(portal)
        else:
            self._end(portal, result, end - start if start else None)

    def _more_than_recorded(self, portal: Portal) -> None:
        reason = f"asks for more rows than were recorded of {portal.statement.sql[:80]!r}"
        self._connection.faulty(reason)
        self._session.fail(serve.error(NO_RECORDING, f"reenact: no recording: {reason}"))

    def _end(self, portal: Portal, result: Tree, last: int | None) -> None:
        """`last` rows came in the last of several batches; its tag counts only these."""
        if "error" in result:
            self._session.fail(serve.error_message(result["error"]))
            if is_fatal(result):
                self._connection.close()
            return
        tag = str(result.get("tag", ""))
        if last is not None and tag.startswith("SELECT "):
            result = {**result, "tag": f"SELECT {last}"}
        self._connection.say(*serve.copy_out(result), *serve.ending(result))
        self._session.ended(portal.statement.sql, result)


def _request(portal: Portal) -> Tree:
    request: Tree = {"query": portal.statement.sql}
    if portal.params:
        request["params"] = portal.params
    return request
