"""Opening the session: whoever asks is let in, and told what the recorded server told."""

from __future__ import annotations

from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import serve
from reenact.protocols.postgres.backend.connection import Connection
from reenact.protocols.postgres.backend.replies import Reply, failed, failure, response_of
from reenact.protocols.postgres.backend.session import Session
from reenact.protocols.postgres.recall import Recalled
from reenact.protocols.postgres.trees import Tree, text_of


class StartUp:
    def __init__(self, connection: Connection, session: Session, recalled: Recalled) -> None:
        self._connection = connection
        self._session = session
        self._recalled = recalled

    def asked(self, payload: m.Startup) -> None:
        options = {text_of(name): text_of(value) for name, value in payload.options}
        user = options.pop("user", "")
        database = options.pop("database", user)
        if payload.version & 0xFFFF:
            extra = [name.encode() for name in options if name.startswith("_pq_.")]
            self._connection.say(m.NegotiateVersion(minor=0, unknown=extra))
        startup: Tree = {"user": user, "database": database, "parameters": dict(options)}
        recorded = self._recalled.session(startup)
        if recorded is not None:
            self._open(recorded, options)
            return
        self._connection.ask({"startup": startup}, lambda reply: self._answered(reply, options))

    def _answered(self, reply: Reply, options: dict[str, str]) -> None:
        if failed(reply):
            self._connection.say(failure(reply, "FATAL"))
            self._connection.close()
        else:
            self._open(response_of(reply), options)

    def _open(self, recorded: Tree, options: dict[str, str]) -> None:
        told = recorded.get("parameters")
        names = dict(told) if isinstance(told, dict) else {}
        if "application_name" in names and "application_name" in options:
            names["application_name"] = options["application_name"]
        say = self._connection.say
        say(m.Authentication(code=0, data=b""), *serve.notices(recorded))
        say(*serve.parameters({"parameters": names}))
        if recorded.get("backend_key", True):
            say(m.BackendKey(pid=self._session.pid, secret=b"\0\0\0\0"))
        say(m.ReadyForQuery(status=b"I"))
