"""Writes the samples anew: `python -m tests.protocols.samples.make [protocol ...]`.

Needs redis-server, PostgreSQL, curl, openssl and node besides what the tests need.
"""

from __future__ import annotations

import contextlib
import http.server
import pprint
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.version

from reenact.model.segment import Side
from tests.protocols.postgres.theatre import recording
from tests.servers.dns import by_zone, name_server
from tests.servers.postgres import postgres as postgres_server
from tests.servers.redis import redis as redis_server

Turns = list[tuple[Side, bytes]]
HERE = Path(__file__).parent


def taped(upstream: int, use: Callable[[int], object]) -> Turns:
    """The only connection, or the first, that `use` makes through a relay to the server."""
    with recording(upstream) as (port, tape):
        use(port)
    return [(side, data) for number, side, data in tape.events if number == 1 and data]


def run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


# -- redis ------------------------------------------------------------------------------------


def redis() -> tuple[str, dict[str, Turns]]:
    import redis as library

    def script(protocol: int) -> Callable[[int], object]:
        def use(port: int) -> None:
            with library.Redis(port=port, protocol=protocol, client_name="sample") as r:
                r.flushall()
                r.set("k", b"\xff\0\r\n")
                r.get("k"), r.get("none"), r.incrbyfloat("f", 1.5)
                r.hset("h", mapping={"a": "1", "b": "2"})
                r.hgetall("h"), r.sadd("s", "x"), r.smembers("s")
                r.zadd("z", {"m": 1.5})
                r.zrange("z", 0, -1, withscores=True)
                with contextlib.suppress(library.ResponseError):
                    r.incr("k")
                with r.pipeline(transaction=True) as p:
                    p.set("t", "1").incr("t").get("none").execute()
                with r.pipeline(transaction=False) as p:
                    p.get("t").lrange("l", 0, -1).execute()
                r.eval("return {1,{2,'x'},redis.status_reply('fine')}", 0)
                r.blpop(["l"], timeout=0.05)

        return use

    def subscriber(protocol: int) -> Callable[[int], object]:
        def use(port: int) -> None:
            with library.Redis(port=port, protocol=protocol) as r, r.pubsub() as p:
                p.subscribe("a", "b")
                p.psubscribe("n.*")
                take(p, 3)
                server.run("PUBLISH", "a", "one")
                server.run("PUBLISH", "n.x", "two")
                take(p, 2)
                p.ping()
                take(p, 1)
                p.unsubscribe()
                p.punsubscribe()
                take(p, 3)

        return use

    def take(p, count: int) -> None:
        for _ in range(count):
            assert p.get_message(timeout=5) is not None

    def cli(port: int) -> None:
        run("redis-cli", "-3", "-p", str(port), "-r", "2", "HSET", "h", "field", "a b")

    def inline(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as s:
            for line in (b"PING\r\n", b'SET k "a b"\r\n', b"GET k\r\n", b"QUIT\r\n"):
                s.sendall(line)
                s.recv(1000)

    with redis_server() as server:
        made = {
            "redis-py, RESP2": taped(server.port, script(2)),
            "redis-py, RESP3": taped(server.port, script(3)),
            "redis-py, RESP2, subscriber": taped(server.port, subscriber(2)),
            "redis-py, RESP3, subscriber": taped(server.port, subscriber(3)),
            "redis-cli": taped(server.port, cli),
            "inline": taped(server.port, inline),
        }
    return (
        f"{run('redis-server', '--version').split(' sha')[0]}, redis-py {library.__version__}",
        made,
    )


# -- HTTP -------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response({"/none": 204, "/missing": 404}.get(self.path, 200))
        if self.path == "/none":
            self.end_headers()
        elif self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nX-Sum: 1\r\n\r\n")
        else:
            self.whole(body)

    do_HEAD = do_DELETE = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self.send_response(201)
        self.whole(self.rfile.read(int(self.headers["Content-Length"])))

    def whole(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def http_server(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def http1() -> tuple[str, dict[str, Turns]]:
    def curl(*words: str) -> Callable[[int], object]:
        return lambda port: run("curl", "-s", *(w.replace("PORT", str(port)) for w in words))

    url = "http://127.0.0.1:PORT"
    with http_server() as port:
        made = {
            "kept alive": taped(port, curl(url + "/a", url + "/none", url + "/missing?x=%20")),
            "chunked": taped(port, curl(url + "/chunked", url + "/after")),
            "HEAD": taped(port, curl("-I", url + "/a")),
            "JSON": taped(
                port, curl("-H", "Content-Type: application/json", "-d", '{"a": 1.10}', url + "/j")
            ),
            "form": taped(port, curl("-d", "a=1&b=%C3%A9", url + "/f")),
            "multipart": taped(port, curl("-F", "a=1", "-F", "f=@/etc/hostname", url + "/m")),
            "expects": taped(
                port, curl("-H", "Expect: 100-continue", "-d", "x" * 2000, url + "/e")
            ),
        }
    with old_http_server() as port:
        made["until the end"] = taped(port, curl(url + "/make.py"))
    return run("curl", "--version").split(" (")[0] + ", http.server", made


@contextlib.contextmanager
def old_http_server() -> Iterator[int]:
    """HTTP/1.0, without a length."""

    class Old(Handler):
        protocol_version = "HTTP/1.0"

        def whole(self, body: bytes) -> None:
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Old) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


# -- raw --------------------------------------------------------------------------------------


def raw() -> tuple[str, dict[str, Turns]]:
    with tempfile.TemporaryDirectory() as folder:
        key, cert = f"{folder}/key", f"{folder}/cert"
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run("openssl", *new, "-keyout", key, "-out", cert, "-subj", "/CN=localhost")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
        with http_server(tls) as port:
            ask = lambda p: run("curl", "-sk", f"https://127.0.0.1:{p}/a")  # noqa: E731
            made = {"TLS": taped(port, ask)}
    return run("curl", "--version").split(" (")[0] + ", http.server in TLS", made


# -- PostgreSQL -------------------------------------------------------------------------------


def postgres() -> tuple[str, dict[str, Turns]]:
    import asyncio

    import asyncpg
    import psycopg2

    def simple(port: int) -> None:
        c = psycopg2.connect(dsn(port))
        cursor = c.cursor()
        cursor.execute("CREATE TEMP TABLE t (id int, name text)")
        cursor.execute("INSERT INTO t VALUES (%s, %s), (2, NULL)", (1, "é"))
        cursor.execute("SELECT * FROM t ORDER BY id")
        cursor.fetchall()
        c.commit()
        with contextlib.suppress(psycopg2.Error):
            cursor.execute("SELECT nope")
        c.rollback()
        c.close()

    async def extended(port: int) -> None:
        c = await asyncpg.connect(dsn(port))
        await c.execute("CREATE TEMP TABLE t (id int, name text)")
        await c.copy_records_to_table("t", records=[(1, "a"), (2, None)])
        await c.fetch("SELECT * FROM t WHERE id = $1", 1)
        async with c.transaction():
            await c.executemany("INSERT INTO t VALUES ($1, $2)", [(3, "b"), (4, "c")])
        with contextlib.suppress(asyncpg.PostgresError):
            await c.fetch("SELECT 1 / $1::int", 0)
        await c.close()

    def dsn(port: int) -> str:
        return server.url.replace(str(server.port), str(port))

    with postgres_server(auth="trust") as server:
        made = {
            "psycopg2": taped(server.port, simple),
            "asyncpg": taped(server.port, lambda port: asyncio.run(extended(port))),
        }
    with postgres_server() as server:
        made["psycopg2, SCRAM"] = taped(server.port, lambda p: psycopg2.connect(dsn(p)).close())
    return f"PostgreSQL, psycopg2 {psycopg2.__version__}, asyncpg {asyncpg.__version__}", made


# -- DNS --------------------------------------------------------------------------------------

QUESTIONS = [("api.example", "A"), ("www.example", "A"), ("api.example", "AAAA"),
             ("missing.example", "A"), ("api.example", "TXT"), ("api.example", "MX"),
             ("api.example", "SRV")]  # fmt: skip

CARES = """
const { Resolver } = require('dns').promises
const r = new Resolver({ tries: 1 })
r.setServers(['127.0.0.1:' + process.argv[1]])
const none = () => null
;(async () => { for (const [name, kind] of JSON.parse(process.argv[2])) await r.resolve(name, kind).catch(none) })()
"""


def dns_samples() -> tuple[str, dict[str, Turns]]:
    import json

    turns: Turns = []
    by_udp, by_tcp = by_zone()

    def datagram(wire: bytes) -> bytes | None:
        said = by_udp(wire)
        turns.extend([(Side.CLIENT, wire), (Side.SERVER, said or b"")])
        return said

    with name_server(datagram, by_tcp) as port:
        run("node", "-e", CARES, str(port), json.dumps(QUESTIONS))
    made = {f"c-ares, udp, {n}": turns[2 * i : 2 * i + 2] for i, n in enumerate(
        f"{kind} {name}" for name, kind in QUESTIONS)}  # fmt: skip
    framed = [(side, len(data).to_bytes(2) + data) for side, data in turns]
    made["c-ares, behind lengths as in tcp"] = framed
    return f"node {run('node', '--version').strip()}, dnspython {dns.version.version}", made


# -- files ------------------------------------------------------------------------------------

MAKERS = {"redis": redis, "http1": http1, "raw": raw, "postgres": postgres, "dns": dns_samples}


def write(protocol: str) -> None:
    made_with, samples = MAKERS[protocol]()
    for name, turns in samples.items():
        assert turns, (protocol, name)
    text = pprint.pformat(
        {n: [(f"<{s.name[0]}>", d) for s, d in t] for n, t in samples.items()},
        width=96,
        sort_dicts=False,
    )
    for side in Side:
        text = text.replace(f"'<{side.name[0]}>'", side.name[0])
    path = HERE / f"{protocol}.py"
    path.write_text(
        f'"""Written by `python -m tests.protocols.samples.make {protocol}` with {made_with}."""\n\n'
        "from __future__ import annotations\n\n"
        "from reenact.model.segment import Side\n\n"
        f"C, S = Side.CLIENT, Side.SERVER\n\nSAMPLES = {text}\n"
    )
    run("ruff", "format", str(path))


if __name__ == "__main__":
    for wanted in sys.argv[1:] or sorted(MAKERS):
        write(wanted)
