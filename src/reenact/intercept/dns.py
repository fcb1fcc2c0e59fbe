"""Name look-ups of the service: forwarded to the host's resolvers, recorded, answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Role, Side, Transport

PORT = 53

ANSWER_S = 5.0
"""resolv.conf(5): the default time-out of a resolver."""


class Forwarder:
    """One flow for each query, so that answers that cross can't be confused."""

    def __init__(self, recorder: Recorder, resolv_conf: Path = Path("/etc/resolv.conf")) -> None:
        self._recorder = recorder
        self._servers = nameservers(resolv_conf)

    async def answer(
        self, query: bytes, client: Endpoint, meant: Endpoint, reply: Callable[[bytes], None]
    ) -> None:
        tap = self._recorder.open(Role.OUTBOUND, client, meant, Transport.UDP)
        tap.data(Side.CLIENT, query)
        answer = await self._resolved(query)
        if answer is not None:
            tap.data(Side.SERVER, answer)
            with contextlib.suppress(OSError):  # who asked is gone, or its buffer full: UDP
                reply(answer)
        tap.eof(Side.CLIENT)
        tap.eof(Side.SERVER)

    async def _resolved(self, query: bytes) -> bytes | None:
        for server in self._servers:
            with contextlib.suppress(OSError, TimeoutError):
                return await asyncio.wait_for(_ask(server, query), ANSWER_S)
        return await asyncio.get_running_loop().run_in_executor(None, by_the_host, query)


def nameservers(resolv_conf: Path) -> list[str]:
    try:
        lines = resolv_conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [w[1].split("%")[0] for w in words if len(w) > 1 and w[0] == "nameserver"]


async def _ask(server: str, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, (server, PORT))
        await loop.sock_sendall(sock, query)
        while True:
            answer = await loop.sock_recv(sock, 65535)
            if answer[:2] == query[:2]:
                return answer


def by_the_host(query: bytes) -> bytes | None:
    """What the host's own resolver says (its hosts file, mDNS, no reachable name server).

    SERVFAIL when it cannot tell; None for bytes that are no query.
    """
    try:
        asked = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None
    answer = dns.message.make_response(asked, recursion_available=True)
    if not asked.question:
        return answer.to_wire()
    question = asked.question[0]
    families = {dns.rdatatype.A: socket.AF_INET, dns.rdatatype.AAAA: socket.AF_INET6}
    family = families.get(question.rdtype)
    if family is None:
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer.to_wire()
    try:
        found = socket.getaddrinfo(str(question.name).rstrip("."), None, family, socket.SOCK_STREAM)
    except socket.gaierror as failed:
        unknown = failed.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5))
        answer.set_rcode(dns.rcode.NXDOMAIN if unknown else dns.rcode.SERVFAIL)
        return answer.to_wire()
    except UnicodeError:  # a label that no host name can have
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer.to_wire()
    addresses = [str(item[4][0]) for item in found]
    answer.answer.append(
        dns.rrset.from_text_list(
            question.name, 60, "IN", dns.rdatatype.to_text(question.rdtype), addresses
        )
    )
    return answer.to_wire()
