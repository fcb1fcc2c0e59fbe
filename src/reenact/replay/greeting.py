"""What a connecting service begins with: TLS, for which it gets a certificate, or anything else."""

from __future__ import annotations

import socket

from reenact.intercept.ca import Authority
from reenact.intercept.hello import ClientHello
from reenact.intercept.peek import opening, readable
from reenact.replay.world import Greeted


async def greeted(sock: socket.socket, authority: Authority, host: str) -> Greeted:
    """Waits until the client has spoken. `host` is the certificate's when it names none."""
    await readable(sock)
    first = await opening(sock)
    if not isinstance(first, ClientHello):
        return Greeted()
    alpn = ("http/1.1",) if "http/1.1" in first.alpn else ()
    return Greeted(context=authority.context(first.sni or host, alpn), sni=first.sni)
