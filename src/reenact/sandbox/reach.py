"""Reaching the service from outside of its sandbox, and telling what is its own business."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from reenact.model.segment import Endpoint
from reenact.sandbox.process import Sandbox


async def dial_inside(sandbox: Sandbox, port: int) -> socket.socket:
    """Connect to the service's own port, by the address that it listens on. Raises OSError."""
    rows = sorted(row for row in sandbox.listening() if row.port == port)
    if not rows:
        raise ConnectionRefusedError(111, f"the service does not listen on port {port}")
    last: OSError | None = None
    for host in dict.fromkeys(_inside(row.address) for row in rows):
        sock = sandbox.dial_inside(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
        except OSError as failed:
            sock.close()
            last = failed
        else:
            return sock
    assert last is not None
    raise last


def belongs_inside(sandbox: Sandbox, meant: Endpoint) -> bool:
    """Whether a connection is between processes of the service: to an address of its own, on a
    port that one of them listens on."""
    own = meant.host in sandbox.spec.addresses or ipaddress.ip_address(meant.host).is_loopback
    return own and any(row.port == meant.port for row in sandbox.listening())


def _inside(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
