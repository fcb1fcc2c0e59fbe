"""Independent implementations read and write the same bytes as we do."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import h11
import httptools
import pytest
from hypothesis import given, settings

from reenact.contents import render
from reenact.model.exchange import Outcome
from reenact.model.protocol import Answer, Ask, Close, Received, Send
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.http1 import PLUGIN, wire
from tests.protocols.http1.http1_kit import CLIENT, FLOW, Turns, exchanges, stream
from tests.protocols.http1.test_http1_properties import conversation

# -- parsers -------------------------------------------------------------------------------


class Heard:
    """What httptools says it read."""

    def __init__(self) -> None:
        self.messages: list[dict[str, object]] = []

    def on_message_begin(self) -> None:
        self.messages.append({"headers": [], "body": b"", "target": b""})

    def on_url(self, url: bytes) -> None:
        self.messages[-1]["target"] += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.messages[-1]["headers"].append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self.messages[-1]["body"] += body


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(conversation())
def test_llhttp_reads_the_same_requests(turns: Turns) -> None:
    data = stream(turns, CLIENT)
    if b"HTTP/1.1\n" in data:
        return  # llhttp takes no bare line feeds
    heard = Heard()
    httptools.HttpRequestParser(heard).feed_data(data)
    ours = [exchange.request for exchange in exchanges(*turns)]
    assert len(ours) == len(heard.messages)
    for tree, theirs in zip(ours, heard.messages, strict=True):
        assert tree["target"].encode() == theirs["target"]
        listed = [*tree["headers"], *tree.get("trailers", [])]
        assert [tuple(line) for line in listed] == theirs["headers"]
        assert render(tree.get("body")) == theirs["body"]


def read_by_h11(role: type[h11.Sentinel], method: str, data: bytes) -> tuple[object, bytes]:
    """The (final) head and the body h11 reads in the answer to a request."""
    connection = h11.Connection(our_role=h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    body, head = b"", None
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
    return head, body


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(conversation())
def test_h11_reads_in_our_responses_what_we_read_in_theirs(turns: Turns) -> None:
    for exchange in exchanges(*turns):
        tree, method = exchange.response, exchange.request["method"]
        head, body = read_by_h11(h11.CLIENT, method, wire.response_bytes(tree))
        assert head.status_code == tree["status"]
        assert body == render(tree.get("body"))
        theirs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in head.headers.raw_items()]
        assert theirs == [tuple(line) for line in tree["headers"]]


# -- real clients against the responder ------------------------------------------------------


@contextmanager
def served(answer: Callable[[Value], Value], outcome: Outcome = Outcome.COMPLETE) -> Iterator[int]:
    """A port on which a responder answers each request with `answer(request)`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(peer,), daemon=True).start()

    def talk(peer: socket.socket) -> None:
        responder = PLUGIN.responder(FLOW, None)
        with peer:
            while data := peer.recv(65536):
                actions = responder.receive(data, 0)
                while actions:
                    action = actions.pop(0)
                    if isinstance(action, Send):
                        peer.sendall(action.data)
                    elif isinstance(action, Ask):
                        reply = Answer(interaction(outcome), answer(action.request))
                        actions += responder.answer(action.token, reply, 0)
                    elif isinstance(action, Close):
                        return

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener):
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def interaction(outcome: Outcome) -> Interaction:
    return Interaction(
        id="i",
        protocol="http1",
        destination="x",
        connection=1,
        outcome=outcome,
        request=None,
        response=None,
    )


def mirror(request: Value) -> Value:
    """The request, told back as JSON."""
    assert isinstance(request, dict)
    told = {"method": request["method"], "body": render(request.get("body")).decode("latin-1")}
    return {
        "status": 200,
        "reason": "OK",
        "version": "1.1",
        "headers": [["Content-Type", "application/json"], ["Content-Length", "0"]],
        "body": {"json": told},
    }


@pytest.mark.live
def test_python_s_client_is_answered_on_one_connection() -> None:
    with served(mirror) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        for body in (b"a", b"b" * 100_000):
            client.request("PUT", "/x", body=body)
            assert json.load(client.getresponse()) == {"method": "PUT", "body": body.decode()}
        client.request("POST", "/x", body=iter([b"one", b"two"]), encode_chunked=True)
        assert json.load(client.getresponse())["body"] == "onetwo"


@pytest.mark.live
def test_curl_waits_for_its_100_and_reads_every_coding_and_framing() -> None:
    answers = {
        "gzip": {
            "headers": [["Content-Encoding", "gzip"], ["Content-Length", "1"]],
            "encoding": "gzip",
        },
        "deflate": {"headers": [["Content-Encoding", "deflate"]], "encoding": "deflate"},
        "br": {
            "headers": [["Content-Encoding", "br"], ["Transfer-Encoding", "chunked"]],
            "encoding": "br",
        },
        "zstd": {"headers": [["Transfer-Encoding", "chunked"]]},
        "plain": {"headers": []},
    }

    def answer(request: Value) -> Value:
        assert isinstance(request, dict)
        shape = answers[str(request["target"]).strip("/")]
        size = len(render(request.get("body")))
        body = {"text": f"{size} bytes", "encoding": shape.get("encoding", "")}
        return {"status": 200, "version": "1.1", "headers": shape["headers"], "body": body}

    with served(answer) as port:
        for name in answers:
            command = ["curl", "-sS", "--compressed", "-H", "Expect: 100-continue"]
            command += ["--data-binary", "@-", f"http://127.0.0.1:{port}/{name}"]
            ran = subprocess.run(command, input=b"x" * 2_000_000, capture_output=True, check=True)
            assert ran.stdout == b"2000000 bytes", ran.stderr


NODE_CLIENT = """
const http = require('http');
const agent = new http.Agent({keepAlive: true, maxSockets: 1});
const ask = (n) => new Promise((done, fail) => {
  const req = http.request({port: PORT, agent, method: 'POST', path: '/' + n}, (res) => {
    let text = ''; res.on('data', (d) => text += d);
    res.on('end', () => done([res.statusCode, text, res.trailers, res.rawHeaders]));
  });
  req.on('error', fail); req.write('n='); req.end(String(n));
});
Promise.all([1, 2, 3].map(ask)).then((all) => console.log(JSON.stringify(all)), console.error)
  .finally(() => agent.destroy());
"""


@pytest.mark.live
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_reads_chunks_trailers_and_headers_as_recorded() -> None:
    def answer(request: Value) -> Value:
        assert isinstance(request, dict)
        return {
            "status": 201,
            "reason": "Made",
            "version": "1.1",
            "headers": [["Transfer-Encoding", "chunked"], ["X-aBc", "1"], ["x-abc", "2"]],
            "body": {"text": render(request["body"]).decode()},
            "trailers": [["Digest", "d"]],
        }

    with served(answer) as port:
        script = NODE_CLIENT.replace("PORT", str(port))
        ran = subprocess.run(["node", "-e", script], capture_output=True, check=True, timeout=30)
    headers = ["Transfer-Encoding", "chunked", "X-aBc", "1", "x-abc", "2"]
    assert json.loads(ran.stdout) == [[201, f"n={n}", {"digest": "d"}, headers] for n in (1, 2, 3)]


# -- the caller against real servers -----------------------------------------------------------


def call(port: int, *requests: Value) -> list[Received]:
    """The answers to requests made one after the other on one connection."""
    caller = PLUGIN.caller(FLOW) if PLUGIN.caller else None
    assert caller is not None
    heard = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        for token, request in enumerate(requests):
            actions = caller.call(token, request, 0)
            while not actions or not isinstance(actions[0], Received):
                for action in actions:
                    assert isinstance(action, Send)
                    peer.sendall(action.data)
                data = peer.recv(65536)
                actions = caller.receive(data, 0) if data else caller.eof(0)
            heard.append(actions[0])
            if not caller.reusable():
                break
    return heard


def request(method: str, target: str, **rest: Value) -> Value:
    headers: list[Value] = [["Host", "test"]]
    return {"method": method, "target": target, "version": "1.1", "headers": headers, **rest}


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"hello " * 1000 if self.path == "/" else b""
        self.send_response(200 if body else 204)
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *parts: object) -> None:
        pass


@pytest.mark.live
def test_python_s_server_is_called_on_one_connection_until_it_closes() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        calls = [request("HEAD", "/"), request("GET", "/"), request("GET", "/none")]
        calls += [request("POST", "/", body={"text": "abc"}), request("GET", "/")]
        heard = call(server.server_port, *calls)
    finally:
        server.shutdown()
        server.server_close()
    trees = [received.response for received in heard]
    assert [tree["status"] for tree in trees] == [200, 200, 204, 200]
    assert trees[0]["framing"] == "none" and "body" not in trees[0]
    assert trees[1]["body"] == {"text": "hello " * 1000}
    assert "body" not in trees[2]
    assert trees[3]["body"] == {"text": "cba"}


NODE_SERVER = """
const http = require('http');
http.createServer((req, res) => {
  let size = 0; req.on('data', (d) => size += d.length);
  req.on('end', () => {
    if (req.url === '/hints') res.writeEarlyHints({link: '</a.css>; rel=preload'});
    res.setHeader('Trailer', 'X-Size');
    res.write('{"size": '); res.write(String(size)); res.addTrailers({'X-Size': String(size)});
    res.end('}');
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
"""


@pytest.mark.live
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_node_s_server_is_read_with_hints_chunks_and_trailers() -> None:
    node = subprocess.Popen(["node", "-e", NODE_SERVER], stdout=subprocess.PIPE)
    try:
        assert node.stdout is not None
        port = int(node.stdout.readline())
        chunked: list[Value] = [["Host", "a"], ["Transfer-Encoding", "chunked"]]
        first = request("POST", "/hints", headers=chunked, body={"bytes": b"x" * 200_000})
        heard = call(port, first, request("GET", "/"))
    finally:
        node.kill()
        node.wait()
        assert node.stdout is not None
        node.stdout.close()
    one, two = (received.response for received in heard)
    assert [early["status"] for early in one["informational"]] == [103]
    assert one["body"] == {"json": {"size": 200_000}, "style": "spaced"}
    assert one["trailers"] == [["X-Size", "200000"]]
    assert two["trailers"] == [["X-Size", "0"]]
