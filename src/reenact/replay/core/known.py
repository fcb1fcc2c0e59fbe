"""What the whole recording says of its destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reenact.model.destination import names_by_address
from reenact.model.exchange import Outcome
from reenact.model.protocol import Confidence, ProtocolPlugin, Responder
from reenact.model.segment import Flow
from reenact.model.suite import Interaction, Suite


class Known:
    def __init__(
        self,
        suite: Suite,
        plugins: Mapping[str, ProtocolPlugin],
        live: Mapping[str, tuple[str, bool]],
    ) -> None:
        self._plugins = plugins
        self._live = live
        self._calls: dict[str, dict[str, list[Interaction]]] = {}
        everything = [*suite.session, *(call for case in suite.cases for call in case.calls)]
        for call in everything:
            self._calls.setdefault(call.destination, {}).setdefault(call.protocol, []).append(call)
        dns = self._calls.get("dns", {}).get("dns", [])
        self.names = names_by_address((call.request, call.response) for call in dns)
        self._recalled: dict[tuple[str, str], Any] = {}  # Any: each protocol's own

    def protocols(self, where: str) -> list[str] | None:
        """Protocols spoken there, None when nothing was ever connected to it."""
        found = self._calls.get(where)
        if where == "dns":
            return ["dns"]
        if where in self._live:
            return [self._live[where][0]]
        if found is None:
            return None
        spoken = [name for name in found if name != "raw"]
        return spoken if spoken else list(found)

    def refused(self, where: str) -> bool:
        """Every recorded attempt to connect failed."""
        return (
            where not in self._live
            and all(
                call.outcome is Outcome.CUT and call.request is None and call.response is None
                for calls in self._calls.get(where, {"": []}).values()
                for call in calls
            )
            and where in self._calls
        )

    def tls(self, where: str) -> bool:
        if where in self._live:
            return self._live[where][1]
        return any(call.tls for calls in self._calls.get(where, {}).values() for call in calls)

    def tls_on_port(self, port: int) -> bool:
        return any(where.endswith(f":{port}") and self.tls(where) for where in self._calls)

    def recognise(self, flow: Flow, where: str, client: bytes) -> str | None:
        """Among the protocols recorded there, the one these first bytes are; None: not sure yet."""
        best: tuple[Confidence, str] = (Confidence.NO, "raw")
        for name in self.protocols(where) or ():
            found = self._plugins[name].detect(flow, client, b"")
            if found > best[0]:
                best = (found, name)
        return None if best[0] is Confidence.WAIT else best[1]

    def responder(self, flow: Flow, where: str, protocol: str) -> Responder:
        plugin = self._plugins[protocol]
        key = (where, protocol)
        if key not in self._recalled:
            self._recalled[key] = plugin.recall(self._calls.get(where, {}).get(protocol, []))
        return plugin.responder(flow, self._recalled[key])
