"""Loopback ports of explicit mode: ours that are listened on, the service's that are dialled."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from reenact.base.errors import MachineError
from reenact.intercept.inbound import listen

HOSTS = ("127.0.0.1", "::1")


def listen_here(port: int, what: str) -> list[socket.socket]:
    """Listeners on both loopback addresses; IPv6 only where there is one. MachineError: taken."""
    try:
        out = [listen(HOSTS[0], port)]
    except OSError as failed:
        raise MachineError(
            f"port {port} ({what}) cannot be opened: {failed.strerror}; stop what has it, or "
            "choose another port"
        ) from None
    with contextlib.suppress(OSError):
        out.append(listen(HOSTS[1], port))
    return out


async def dial_here(port: int) -> socket.socket:
    """Connect to a port of this machine. Raises OSError."""
    last: OSError | None = None
    for host in HOSTS:
        try:
            return await _connected((host, port))
        except OSError as failed:
            last = last or failed
    assert last is not None
    raise last


async def dial_by_name(host: str, port: int) -> socket.socket:
    """Connect to the first address of the host that accepts. Raises OSError."""
    loop = asyncio.get_running_loop()
    last = OSError(f"{host} has no address")
    for *_, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return await _connected(address)
        except OSError as failed:
            last = failed
    raise last


def answers_here(port: int) -> bool:
    """Whether somebody listens on a port of this machine, now."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOSTS[0], port)) == 0


async def _connected(address: tuple[Any, ...]) -> socket.socket:  # Any: as getaddrinfo gives it
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
