"""A name server on loopback, over UDP and TCP, that answers with whatever it is given."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator

import dns.message
import dns.rcode
import dns.rrset

ZONE = {
    "A": ["192.0.2.3", "192.0.2.1", "192.0.2.2"],
    "TXT": ['"v=spf1 -all" "second"'],
    "MX": ["10 mail.example.", "5 first.example."],
    "SRV": ["0 5 5060 sip.example."],
}
LONG = [f'"{letter * 250}"' for letter in "abcdefgh"]


def answer(wire: bytes, size_max: int = 65535) -> bytes:
    """`ZONE` for any name; a chain of aliases for `www.`, no names `missing`, much for `long.`."""
    query = dns.message.from_wire(wire)
    made = dns.message.make_response(query, recursion_available=True)
    name, kind = query.question[0].name, query.question[0].rdtype.name
    if str(name).startswith("missing."):
        made.set_rcode(dns.rcode.NXDOMAIN)
    if str(name).startswith("www."):
        for target in ("edge.example.", "api.example."):
            alias = dns.rrset.from_text(name, 30, "IN", "CNAME", target)
            made.answer.append(alias)
            name = alias[0].target
    rows = LONG if str(name).startswith("long.") else ZONE.get(kind, [])
    if rows and not made.rcode():
        made.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, rows))
    if not made.answer:
        soa = "ns.example. root.example. 1 7200 3600 1209600 300"
        made.authority.append(dns.rrset.from_text("example.", 300, "IN", "SOA", soa))
    size = min(size_max, max(query.payload, 512))
    return made.to_wire(
        max_size=size if size_max < 65535 else 65535, prefer_truncation=True, want_shuffle=False
    )


Datagram = Callable[[bytes], bytes | None]
"""One query as a datagram, and what is answered."""

Connection = Callable[[], Callable[[bytes], bytes]]
"""Made for each TCP connection: takes what the client said, gives what it is told."""


def by_zone() -> tuple[Datagram, Connection]:
    def connection() -> Callable[[bytes], bytes]:
        held = bytearray()

        def feed(data: bytes) -> bytes:
            held.extend(data)
            out = b""
            while len(held) >= 2 and len(held) >= 2 + (size := int.from_bytes(held[:2])):
                wire = answer(bytes(held[2 : 2 + size]))
                del held[: 2 + size]
                out += len(wire).to_bytes(2) + wire
            return out

        return feed

    return (lambda wire: answer(wire, 512)), connection


@contextlib.contextmanager
def name_server(datagram: Datagram, connection: Connection) -> Iterator[int]:
    """The port, the same one for UDP and TCP."""

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            said = datagram(data)
            if said is not None:
                sock.sendto(said, self.client_address)

    class Tcp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            talk = connection()
            while data := self.request.recv(65536):
                self.request.sendall(talk(data))

    class Stream(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with (
        Stream(("127.0.0.1", 0), Tcp) as tcp,
        socketserver.UDPServer(tcp.server_address, Udp) as udp,
    ):
        for server in (tcp, udp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield int(tcp.server_address[1])
        finally:
            for server in (tcp, udp):
                server.shutdown()
