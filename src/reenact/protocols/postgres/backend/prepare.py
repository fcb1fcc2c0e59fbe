"""Parse, and Describe of a statement: what the server says of a statement before it runs.

It comes from what was recalled. What cannot be said so yet is held until it is clear whether the
statement is going to be executed, whose answer then says it all; otherwise {"prepare": sql} is
asked.
"""

from __future__ import annotations

from collections.abc import Callable

from reenact.model.message import Payload
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve, sqltext
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.replies import Reply, failed, failure, response_of
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.backend.statements import Statement
from reenact.protocols.postgres.recall import Recalled
from reenact.protocols.postgres.trees import text_of
from reenact.protocols.postgres.unit import prepare_request


class Prepare:
    def __init__(self, connection: Connection, session: Session, recalled: Recalled) -> None:
        self._connection = connection
        self._session = session
        self._recalled = recalled

    def parse(self, payload: m.Parse) -> None:
        statement = Statement(text_of(payload.sql), list(payload.types))
        self._session.statements[payload.statement] = statement
        if self._known(statement):
            self._connection.say(m.ParseComplete())
        else:
            self._session.parsed = statement

    def settle(self, upcoming: Payload) -> bool:
        """Before `upcoming` is handled, say or ask what was held back. False: asked."""
        parsed = self._session.parsed
        if parsed and self._must_ask(parsed, upcoming):
            self.ask(parsed, self._say_parsed)
            return False
        if parsed:
            self._say_parsed()
        return True

    def describe(self, payload: m.Describe) -> None:
        statement = self._session.statement(payload.name)
        if statement is None:
            return
        if not statement.described and self._known(statement):
            self._recall(statement)
        if statement.described:
            self._say_described(statement)
        else:
            self.ask(statement, lambda: self._say_described(statement))

    def ask(self, statement: Statement, then: Callable[[], None]) -> None:
        """`then` is called when the statement could be prepared."""

        def answered(reply: Reply) -> None:
            if failed(reply):
                self._session.fail(failure(reply))
                return
            response = response_of(reply)
            self._connection.say(*serve.notices(response))
            statement.take_description(response)
            then()

        self._connection.ask(prepare_request(statement.sql, statement.types), answered)

    def _known(self, statement: Statement) -> bool:
        sql = statement.sql
        return self._recalled.description(sql) is not None and not self._may_fail(sql)

    def _may_fail(self, sql: str) -> bool:
        return self._recalled.may_fail(sql, self._session.status)

    def _must_ask(self, statement: Statement, upcoming: Payload) -> bool:
        """Whether preparing is a question of its own: nothing else will tell, or it only ever
        failed."""
        if isinstance(upcoming, m.Sync | m.Flush) or _describes_statement(upcoming):
            return True
        return self._may_fail(statement.sql) and not self._recalled.description(statement.sql)

    def _say_parsed(self) -> None:
        self._session.parsed = None
        self._connection.say(m.ParseComplete())

    def _say_described(self, statement: Statement) -> None:
        self._connection.say(
            m.ParameterDescription(types=statement.told), serve.described(statement.columns)
        )

    def _recall(self, statement: Statement) -> None:
        found = self._recalled.description(statement.sql)
        if found is None:
            return
        types = list(found.types)
        if not found.exact:
            count = max(len(types), sqltext.parameter_count(statement.sql))
            types += [25] * (count - len(types))
            named = enumerate(statement.types[:count])
            types = [*(oid or types[i] for i, oid in named), *types[len(statement.types) :]]
        statement.told, statement.columns, statement.described = types, found.columns, True


def _describes_statement(payload: Payload) -> bool:
    return isinstance(payload, m.Describe) and payload.kind == b"S"
