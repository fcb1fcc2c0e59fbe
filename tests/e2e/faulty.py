"""A service that has every fault on request. Standard library only.

python faulty.py PORT REDIS_PORT OTHER_PORT [WORKERS]. Paths: see `Handler`.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time  # noqa: TID251
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, REDIS, OTHER = map(int, sys.argv[1:4])
WORKERS = int(sys.argv[4]) if len(sys.argv) > 4 else 1
HOST = os.environ.get("HOST", "127.0.0.1")
left = threading.Event()


def count(name: str) -> bytes:
    words = [b"INCR", name.encode()]
    try:
        with (
            socket.create_connection(("127.0.0.1", REDIS)) as connection,
            connection.makefile("rb") as reply,
        ):
            connection.sendall(b"*2\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            return b"visits: " + reply.readline().rstrip()
    except OSError as failed:
        return b"no visits: " + type(failed).__name__.encode()


KEPT: list[socket.socket] = []


def ask(kept: list[socket.socket]) -> bytes:
    """A line from the other server, on one connection for all requests, made anew when it broke."""
    try:
        if not kept:
            kept.append(socket.create_connection(("127.0.0.1", OTHER), 20))
        kept[0].sendall(b"hello\n")
        if said := kept[0].recv(100):
            return said
        kept.pop().close()
        return b"closed"
    except OSError as failed:
        if kept:
            kept.pop().close()
        return type(failed).__name__.encode()


def impatient() -> bytes:
    with socket.create_connection(("127.0.0.1", OTHER)) as connection:
        connection.settimeout(0.5)
        connection.sendall(b"hello\n")
        try:
            return connection.recv(100)
        except TimeoutError:
            return b"no answer in time"


def exchange(kind: socket.SocketKind) -> bytes:
    """What the other server says to "hello"."""
    with socket.socket(socket.AF_INET, kind) as connection:
        connection.settimeout(20)
        connection.connect(("127.0.0.1", OTHER))
        connection.sendall(b"hello\n")
        return connection.recv(100)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path
        if path == "/die":
            os.kill(os.getpid(), signal.SIGKILL)
        if path.startswith("/visits/"):
            if os.environ.get("DIES"):
                os.kill(os.getpid(), signal.SIGKILL)
            body = count(path.removeprefix("/visits/"))
        elif path == "/udp":
            body = exchange(socket.SOCK_DGRAM)
        elif path == "/other":
            body = exchange(socket.SOCK_STREAM)
        elif path == "/orphan":
            body = b"%d" % subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
        elif path == "/until-left":
            self.connection.recv(1)  # the end: the caller left
            body = b"too late"
            left.set()
        elif path == "/whether-left":
            left.wait(20)
            body = b"left"
        elif path == "/today":
            body = time.strftime("%A").encode()
        elif path == "/impatient":
            body = impatient()
        elif path == "/kept":
            body = ask(KEPT)
        elif path == "/again":
            os.execv(sys.executable, [sys.executable, *sys.argv])
        elif path == "/large":
            body = os.urandom(8_000_000)
        else:
            body = b"here"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    allow_reuse_port = True
    address_family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    request_queue_size = 1024


def stubborn(*_: object) -> None:
    print("the service was asked to end and does not", flush=True)


_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGINT, stubborn)
    signal.signal(signal.SIGTERM, stubborn)
if background := os.environ.get("BACKGROUND"):
    if os.fork():
        sys.exit(0)
    if background == "a session of its own":
        os.setsid()
    else:
        time.sleep(0.5)
for _ in range(WORKERS - 1):
    if os.fork() == 0:
        break
try:
    Server((HOST, PORT), Handler).serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
