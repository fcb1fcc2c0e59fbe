"""FunctionCall: the fast path of libpq's large objects."""

from __future__ import annotations

from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.replies import Reply, failed, failure, response_of
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.trees import Tree, decode_values, encode_row


class FunctionCall:
    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session

    def asked(self, call: m.FunctionCall) -> None:
        request: Tree = {
            "function": call.function,
            "params": decode_values(call.values, [], call.formats),
            "binary": bool(call.result_format),
        }
        self._connection.ask(request, lambda reply: self._answered(call, reply))

    def _answered(self, call: m.FunctionCall, reply: Reply) -> None:
        if failed(reply):
            self._connection.say(failure(reply))
            self._session.failed()
        else:
            response = response_of(reply)
            values = encode_row([response.get("result")], [], [call.result_format]).values
            self._connection.say(*serve.notices(response), m.FunctionResult(value=values[0]))
        self._session.ready()
