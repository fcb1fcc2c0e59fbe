"""Asking a real dependency what the recording does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from reenact.base.clock import Clock
from reenact.base.errors import UserError
from reenact.intercept.outbound import client_context
from reenact.intercept.settings import Settings
from reenact.model.protocol import Action, Caller, ProtocolPlugin, Received, Send
from reenact.model.segment import Endpoint, Flow, Role
from reenact.model.suite import Suite
from reenact.model.value import Value

WAIT_S = 30.0
"""What a real dependency gets to answer."""

_SCHEMES = {"http": (80, False), "https": (443, True)}
PROTOCOL = "http1"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where `destination`, as the suite calls it, really is."""

    destination: str
    host: str
    port: int
    tls: bool


def target(text: str, suite: Suite) -> Target:
    """`payments:443=https://sandbox.example.org`. Raises UserError."""
    name, equals, url = text.partition("=")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not (equals and name and parts.hostname and parts.scheme in _SCHEMES) or port == -1:
        raise UserError(
            f"--live {text}: expected NAME=URL, such as payments:443=https://sandbox.example.org; "
            "what speaks no HTTP is added by reenact record --append"
        )
    usual, tls = _SCHEMES[parts.scheme]
    return Target(
        destination=_destination(name, tls, suite), host=parts.hostname, port=port or usual, tls=tls
    )


def _destination(name: str, tls: bool, suite: Suite) -> str:
    """The one recorded destination that `name` is (with or without its port); else a new one."""
    calls = [*suite.session, *(call for case in suite.cases for call in case.calls)]
    spoken: dict[str, set[str]] = {}
    for call in calls:
        spoken.setdefault(call.destination, set()).add(call.protocol)
    found = [where for where in spoken if name in (where, where.rpartition(":")[0])]
    if len(found) > 1:
        raise UserError(f"--live {name}: which of {', '.join(sorted(found))}?")
    if not found:
        return name if ":" in name else f"{name}:{443 if tls else 80}"
    if PROTOCOL not in spoken[found[0]]:
        said = ", ".join(sorted(spoken[found[0]]))
        raise UserError(
            f"--live {name}: {said} is spoken there, and only HTTP can be asked live; "
            "reenact record --append adds the calls of a new recording"
        )
    return found[0]


def spoken(targets: Mapping[str, Target]) -> dict[str, tuple[str, bool]]:
    """By destination, for the engine."""
    return {name: (PROTOCOL, one.tls) for name, one in targets.items()}


async def ask(
    where: Target, request: Value, plugin: ProtocolPlugin, clock: Clock, settings: Settings
) -> tuple[Value, str]:
    """The response, or None and why there is none. Trusted is what the service trusts."""
    assert plugin.caller is not None
    flow = Flow(
        id=0,
        role=Role.INBOUND,
        client=Endpoint("127.0.0.1", 0),
        server=Endpoint(where.host, where.port),
        tls=where.tls,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            context = client_context(where.host, settings) if where.tls else None
            reader, writer = await asyncio.open_connection(where.host, where.port, ssl=context)
            try:
                return await _exchange(reader, writer, plugin.caller(flow), request, clock)
            finally:
                writer.close()
    except TimeoutError:
        return None, f"{where.host}:{where.port} did not answer in {WAIT_S:g} s"
    except OSError as failed:  # ssl.SSLError is one
        return None, f"{where.host}:{where.port}: {failed}"


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    caller: Caller,
    request: Value,
    clock: Clock,
) -> tuple[Value, str]:
    actions: list[Action] = caller.call(1, request, clock.now_ns())
    while True:
        for action in actions:
            match action:
                case Send(data=data):
                    writer.write(data)
                case Received(response=response, error=error):
                    return response, error
        await writer.drain()
        data = await reader.read(65_536)
        actions = caller.receive(data, clock.now_ns()) if data else caller.eof(clock.now_ns())
        if not data and not any(isinstance(action, Received) for action in actions):
            return None, "closed before an answer"
