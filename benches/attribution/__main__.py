"""`python -m benches.attribution [--clients 50]`

The share of calls that land in their true case, of a threaded and of an async service under so many
clients at once, after compiling and after rehearsal. The service tags its statements with the request they
are made for; the tags are taken out of the recording before anything looks at it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec
from tests.servers import reenact
from tests.servers.postgres import postgres
from tests.servers.process import free_port

from reenact.compile.build import Recording, compile_suite
from reenact.decode.flow import decode
from reenact.intercept.settings import Settings
from reenact.model.exchange import Exchange
from reenact.model.suite import Suite
from reenact.model.value import Value
from reenact.protocols import builtin
from reenact.replay.options import RunOptions
from reenact.replay.run import rehearse
from reenact.store.capture import open_capture

SERVICE = Path(__file__).with_name("service.py")
TAG = re.compile(r" /\* (\S+) \*/")
HEADER = "X-Request-Id"


def use(port: int, clients: int) -> None:
    def client(n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked = iter(range(100))

        def ask(method: str, path: str, body: object = None) -> dict[str, str]:
            headers = {HEADER: f"r{n}.{next(asked)}"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            found: dict[str, str] = json.loads(connection.getresponse().read())
            return found

        for note in ("first", "second"):
            id = ask("POST", "/items", {"owner": f"owner-{n:04}", "note": note})["id"]
            ask("GET", f"/items/{id}")
            ask("POST", f"/items/{id}")
            ask("GET", f"/owners/owner-{n:04}")

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hidden(exchange: Exchange) -> Exchange:
    """Without its tag, or its request's id."""
    return msgspec.structs.replace(exchange, request=_hidden(exchange.request))


def _hidden(tree: Value) -> Value:
    if isinstance(tree, dict):
        headers = tree.get("headers")
        if isinstance(headers, list):
            kept = [line for line in headers if isinstance(line, list) and line[0] != HEADER]
            tree = {**tree, "headers": kept}
        return {key: _hidden(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_hidden(value) for value in tree]
    return TAG.sub("", tree) if isinstance(tree, str) else tree


def tag_of(exchange: Exchange) -> str:
    text = str(exchange.request)
    found = TAG.search(text) or re.search(rf"'{HEADER}', '([^']+)'", text)
    return found[1] if found else ""


def share(suite: Suite, exchanges: Iterable[Exchange]) -> tuple[int, int]:
    """Tagged calls in the case of their request, and all tagged calls. A driver's own preparing of
    a statement belongs to its connection, whoever came first."""
    plugins = builtin()
    tags = {
        (e.flow, e.asked_ns): tag_of(e)
        for e in exchanges
        if e.request is not None
        and not plugins[e.protocol].matcher.traits(e.request, e.response).housekeeping
    }
    landed = {
        (call.connection, case.at_ns + call.asked_ns): tags[case.connection, case.at_ns]
        for case in suite.cases
        for call in case.calls
    }
    out = {e for e in tags if tags[e] not in ("", "-")} - {
        (c.connection, c.at_ns) for c in suite.cases
    }
    return sum(landed.get(place) == tags[place] for place in out), len(out)


def measure(kind: str, clients: int, folder: Path) -> None:
    with postgres() as server:
        database = server.create("tagged")
        server_url, port = database.url, free_port()
        database.run("CREATE TABLE items (id text PRIMARY KEY, owner text, note text)")
        command = [sys.executable, str(SERVICE), kind, str(port), server_url]
        done = reenact.record(
            command,
            lambda: use(port, clients),
            lambda: reenact.answers(port, "/items/none"),
            cwd=folder,
            env=dict(os.environ),
            log=folder / "record.txt",
            options=["--no-rehearse"],
        )
    assert done.returncode == 0, done.output
    opened = open_capture(folder / "reenact/.local/recording.capture")
    exchanges = decode(opened.flows, opened.segments, builtin()).exchanges
    suite = compile_suite(
        Recording(
            digest=opened.digest,
            command=tuple(command),
            started_ns=opened.meta.started_ns,
            addresses=opened.meta.addresses,
            flows=opened.flows,
            exchanges=[hidden(e) for e in exchanges],
        ),
        builtin(),
    )
    compiled = share(suite, exchanges)
    options = RunOptions(
        command=tuple(command),
        cwd=folder,
        env=dict(os.environ),
        log=folder / "service.log",
        settings=Settings(),
    )
    found = rehearse(suite, options, alone_s=0)
    rehearsed = share(found.suite, exchanges)
    told = " ".join(
        f"{name} {hit} of {all} ({hit / all:.2%})"
        for name, (hit, all) in (("compiled", compiled), ("rehearsed", rehearsed))
    )
    print(f"{kind:8} {len(suite.cases)} cases, {len(found.aside)} set aside; {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    clients = parser.parse_args().clients
    for kind in ("threads", "async"):
        with tempfile.TemporaryDirectory() as name:
            measure(kind, clients, Path(name))


if __name__ == "__main__":
    main()
