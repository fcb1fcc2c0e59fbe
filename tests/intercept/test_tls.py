"""TLS on both sides: read in between, verified as the client would have, failures passed on."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest

from reenact.intercept.settings import ClientCert, Settings, Tls
from reenact.model.segment import Role, Side
from tests.intercept.authorities import Foreign
from tests.intercept.relays import client_context, read_all, read_exactly, relaying, serving

NAME = "api.example.test"


@pytest.fixture
def foreign(tmp_path):
    return Foreign(tmp_path / "foreign")


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request):
    return {"plain_asyncio": request.param == "asyncio"}


def trusting(foreign: Foreign, **more: object) -> Settings:
    return Settings(tls=Tls(trust_files=(str(foreign.file),), **more))  # type: ignore[arg-type]


def answers(conn):
    assert read_exactly(conn, 4) == b"ping"
    conn.sendall(b"pong")


def fails(relay, context, name=NAME):
    """What the client sees of a handshake that fails."""
    with relay.connect() as sock, pytest.raises((ssl.SSLError, ConnectionError)) as seen:
        context.wrap_socket(sock, server_hostname=name)
    return seen.value


def test_what_tls_carried_is_recorded(tmp_path, foreign, loop):
    with (
        serving(answers, foreign.server(NAME)) as port,
        relaying(tmp_path, port, trusting(foreign), **loop) as relay,
    ):
        with (
            relay.connect() as sock,
            client_context(relay).wrap_socket(sock, server_hostname=NAME) as client,
        ):
            client.sendall(b"ping")
            assert read_all(client) == b"pong"
        kept = relay.settled()
        assert kept.story()[:3] == ["C 'ping'", "S 'pong'", "S EOF"]
        flow = kept.flows[1]
        assert (flow.tls, flow.sni, flow.opaque, flow.role) == (True, NAME, "", Role.OUTBOUND)
        assert relay.notes == []


@pytest.mark.parametrize(
    ("client", "server", "agreed"),
    [
        (("h2", "http/1.1"), ("h2", "http/1.1"), "http/1.1"),
        (("h2",), ("h2", "http/1.1"), "h2"),
        (("http/1.1",), ("http/1.1",), "http/1.1"),
        (("h2", "http/1.1"), (), None),
        ((), ("http/1.1",), None),
    ],
)
def test_client_and_upstream_agree_on_one_protocol(tmp_path, foreign, client, server, agreed):
    """HTTP/1.1 where there is a choice, since that can be replayed."""
    seen = []

    def notes(conn):
        seen.append(conn.selected_alpn_protocol())

    with (
        serving(notes, foreign.server(NAME, server)) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
    ):
        context = client_context(relay, client)
        with relay.connect() as sock, context.wrap_socket(sock, server_hostname=NAME) as conn:
            assert conn.selected_alpn_protocol() == agreed
            assert read_all(conn) == b""
        relay.settled()
        assert seen == [agreed] and relay.kept.flows[1].alpn == agreed


def test_a_destination_without_a_name_has_a_certificate_for_its_address(tmp_path, foreign):
    with (
        serving(answers, foreign.server("192.0.2.1")) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
    ):
        with (
            relay.connect() as sock,
            client_context(relay).wrap_socket(sock, server_hostname="192.0.2.1") as client,
        ):
            client.sendall(b"ping")
            assert read_all(client) == b"pong"
        assert relay.settled().flows[1].sni is None


def test_an_upstream_that_nobody_trusts_is_a_failure_for_the_client_too(tmp_path, foreign, loop):
    with (
        serving(answers, foreign.server(NAME)) as port,
        relaying(tmp_path, port, **loop) as relay,
    ):
        fails(relay, client_context(relay))
        kept = relay.settled()
        (note,) = relay.notes
        assert note.startswith(f"{NAME}: TLS with the upstream failed (certificate verify failed:")
        assert "tls.trust_files" in note and "tls.insecure" in note
        assert kept.flows[1].opaque == note and kept.story() == ["S RESET"]


def test_a_certificate_for_another_name_is_a_failure(tmp_path, foreign):
    with (
        serving(answers, foreign.server("other.test")) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
    ):
        fails(relay, client_context(relay))
        relay.settled()
        assert "Hostname mismatch" in relay.notes[0]


def test_a_host_listed_as_insecure_is_not_verified(tmp_path, foreign):
    settings = Settings(tls=Tls(insecure=("*.example.test",)))
    with (
        serving(answers, foreign.server("other.test")) as port,
        relaying(tmp_path, port, settings) as relay,
        relay.connect() as sock,
        client_context(relay).wrap_socket(sock, server_hostname=NAME) as client,
    ):
        client.sendall(b"ping")
        assert read_all(client) == b"pong"


def test_a_client_that_rejects_our_certificate_is_told_of_with_the_remedy(tmp_path, foreign, loop):
    with (
        serving(read_all, foreign.server(NAME)) as port,
        relaying(tmp_path, port, trusting(foreign), **loop) as relay,
    ):
        pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pinned.load_verify_locations(foreign.file)
        assert isinstance(fails(relay, pinned), ssl.SSLCertVerificationError)
        kept = relay.settled()
        (note,) = relay.notes
        assert note.startswith(f"{NAME}: the service did not accept the recorder's certificate")
        assert "tls.trust_files" in note and "tls.passthrough" in note
        assert kept.flows[1].opaque == note


def test_a_client_that_looks_at_the_certificate_afterwards_is_suspected(tmp_path, foreign):
    with (
        serving(read_all, foreign.server(NAME)) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
    ):
        with relay.connect() as sock:
            client_context(relay).wrap_socket(sock, server_hostname=NAME).close()
        relay.settled()
        assert "as clients do that pin certificates" in relay.notes[0]


def test_a_connection_opened_in_advance_is_not_suspected_once_another_has_spoken(tmp_path, foreign):
    def answers_if_asked(client):
        if client.recv(4):
            client.sendall(b"pong")

    with (
        serving(answers_if_asked, foreign.server(NAME)) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
    ):
        with (
            relay.connect() as sock,
            client_context(relay).wrap_socket(sock, server_hostname=NAME) as client,
        ):
            client.sendall(b"ping")
            assert read_all(client) == b"pong"
        with relay.connect() as sock:
            client_context(relay).wrap_socket(sock, server_hostname=NAME).close()
        relay.settled()
        assert relay.notes == []


def test_passthrough_stays_encrypted_between_the_two(tmp_path, foreign):
    settings = Settings(tls=Tls(passthrough=("api.*",)))
    with (
        serving(answers, foreign.server(NAME)) as port,
        relaying(tmp_path, port, settings) as relay,
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(foreign.file)
        with (
            relay.connect() as sock,
            context.wrap_socket(sock, server_hostname=NAME) as client,
        ):
            client.sendall(b"ping")
            assert read_all(client) == b"pong"
        kept = relay.settled()
        flow = kept.flows[1]
        assert (flow.tls, flow.sni, flow.opaque) == (False, NAME, "passthrough")
        assert kept.bytes_of(Side.CLIENT)[:2] == b"\x16\x03" and b"ping" not in kept.bytes_of(
            Side.CLIENT
        )
        assert relay.notes == []


def wants_certificate(foreign: Foreign) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(foreign.certificate(NAME))
    context.load_verify_locations(foreign.file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_an_upstream_that_asks_for_a_certificate_gets_the_configured_one(tmp_path, foreign):
    own = str(foreign.certificate("me"))
    settings = trusting(foreign, client_certs=(ClientCert(host=NAME, cert=own, key=own),))
    who = []

    def asks(conn):
        who.append(dict(pair[0] for pair in conn.getpeercert()["subject"])["commonName"])
        answers(conn)

    with (
        serving(asks, wants_certificate(foreign)) as port,
        relaying(tmp_path, port, settings) as relay,
        relay.connect() as sock,
        client_context(relay).wrap_socket(sock, server_hostname=NAME) as client,
    ):
        client.sendall(b"ping")
        assert read_all(client) == b"pong"
    assert who == ["me"]


def test_an_upstream_that_asks_for_a_certificate_in_vain_is_told_of(tmp_path, foreign, loop):
    with (
        serving(answers, wants_certificate(foreign)) as port,
        relaying(tmp_path, port, trusting(foreign), **loop) as relay,
    ):
        with relay.connect() as sock:
            client = client_context(relay).wrap_socket(sock, server_hostname=NAME)
            with contextlib.suppress(OSError):
                client.sendall(b"ping")
                assert client.recv(1) == b"", "Python's TLS may read a reset as the end"
        assert relay.settled().story()[-1] == "S RESET"
        (note,) = relay.notes
        assert "the upstream asks for a client certificate; name it in tls.client_certs" in note


def test_a_hello_in_many_pieces_is_a_hello(tmp_path, foreign):
    with (
        serving(answers, foreign.server(NAME)) as port,
        relaying(tmp_path, port, trusting(foreign)) as relay,
        relay.connect() as sock,
    ):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_context(relay).wrap_bio(inward, outward, server_hostname=NAME)
        done = False
        while not done:
            try:
                client.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                for byte in outward.read():
                    sock.sendall(bytes([byte]))
                inward.write(sock.recv(65536))
        client.write(b"ping")
        sock.sendall(outward.read())
        inward.write(sock.recv(65536))
        while True:
            try:
                assert client.read(4) == b"pong"
                break
            except ssl.SSLWantReadError:  # session tickets come first
                inward.write(sock.recv(65536))


def test_a_service_that_listens_with_tls_is_recorded_and_shows_the_configured_certificate(
    tmp_path, foreign
):
    own = str(foreign.certificate("shop.test"))
    settings = Settings(tls=Tls(service_cert=own, service_key=own))
    with (
        serving(answers, foreign.server("whatever")) as port,
        relaying(tmp_path, port, settings, inbound=True) as relay,
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(foreign.file)
        with (
            relay.connect() as sock,
            context.wrap_socket(sock, server_hostname="shop.test") as client,
        ):
            client.sendall(b"ping")
            assert read_all(client) == b"pong"
        kept = relay.settled()
        assert (kept.flows[1].role, kept.flows[1].tls) == (Role.INBOUND, True)
        assert kept.story()[:2] == ["C 'ping'", "S 'pong'"]


def test_a_service_that_listens_with_tls_shows_the_recorders_certificate_otherwise(
    tmp_path, foreign
):
    with (
        serving(answers, foreign.server("whatever")) as port,
        relaying(tmp_path, port, inbound=True) as relay,
        relay.connect() as sock,
        client_context(relay).wrap_socket(sock, server_hostname="shop.test") as client,
    ):
        client.sendall(b"ping")
        assert read_all(client) == b"pong"


def test_a_caller_that_speaks_tls_to_a_service_that_does_not(tmp_path):
    with (
        serving(lambda conn: conn.recv(10)) as port,
        relaying(tmp_path, port, inbound=True) as relay,
    ):
        fails(relay, client_context(relay))
        relay.settled()
        assert "a caller spoke TLS, and the service did not" in relay.notes[0]
