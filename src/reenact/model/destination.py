"""What a dependency is called: by name where a name was asked for, else by address.

Addresses change between runs (several A records, a new cluster); the name that the service asked
for does not. Recording and replay use this one function, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from reenact.model.segment import Flow, Transport
from reenact.model.value import Value

DNS = "dns"


def destination(flow: Flow, names: dict[str, str]) -> str:
    """`host:port`, the path of a Unix socket, or "dns". `names` is by IP address."""
    if flow.transport is Transport.UNIX:
        return flow.server.host
    if flow.transport is Transport.UDP or flow.server.port == 53:
        return DNS
    host = flow.sni or names.get(flow.server.host)
    if host is None:
        return str(flow.server)
    return f"{host}:{flow.server.port}"


def names_by_address(answers: Iterable[tuple[Value, Value]]) -> dict[str, str]:
    """IP address -> name asked, from DNS requests and responses in the dns protocol's trees."""
    out: dict[str, str] = {}
    for request, response in answers:
        if not isinstance(request, dict) or not isinstance(response, dict):
            continue
        records = response.get("answers")
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict) and record.get("type") in ("A", "AAAA"):
                name = str(request.get("name", "")).rstrip(".").lower()
                out.setdefault(str(record.get("data")), name)
    return out
