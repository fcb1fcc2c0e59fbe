"""`python -m benches.matching.servers [--wiremock JAR] [--seconds 3]`

HTTP requests a second from 10, 1,000 and 100,000 recorded calls, asked for at random by wrk over eight
connections: the replay engine, WireMock (its standalone jar; needs java) and mitmproxy's server replay
(mitmdump on PATH). What is not there is left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.servers.process import ServerFailed, free_port

from benches.relay.__main__ import running

Started = AbstractContextManager[int]
SIZES = (10, 1_000, 100_000)
CONNECTIONS = 8

LUA = """math.randomseed(7)
request = function()
  return wrk.format("GET", "/things/" .. math.random(0, {last}) .. "?page=1")
end
done = function(summary, latency, requests)
  io.write("bad ", summary.errors.status, "\\n")
end
"""

FLOWS = """import sys
from mitmproxy import http, io
from mitmproxy.connection import Client, Server
from mitmproxy.test import tflow
with open(sys.argv[1], "wb") as out:
    writer = io.FlowWriter(out)
    for n in range(int(sys.argv[2])):
        flow = tflow.tflow(resp=True)
        flow.request = http.Request.make("GET", f"http://127.0.0.1:1/things/{n}?page=1")
        body = b'{"thing": %d}' % n
        flow.response = http.Response.make(200, body, {"Content-Type": "application/json"})
        writer.add(flow)
"""


def reenact(calls: int, folder: Path) -> Started:
    port = free_port()
    line = [sys.executable, "-m", "benches.matching.serve", str(port), str(calls)]
    return running(line, port, folder, cwd=Path(__file__).parents[2])


def wiremock(jar: Path, calls: int, folder: Path) -> Started:
    (folder / "mappings").mkdir()
    stubs = [
        {
            "request": {"method": "GET", "url": f"/things/{n}?page=1"},
            "response": {"status": 200, "jsonBody": {"thing": n}},
        }
        for n in range(calls)
    ]
    (folder / "mappings/all.json").write_text(json.dumps({"mappings": stubs}))
    port = free_port()
    line = ["java", "-jar", str(jar), "--port", str(port), "--root-dir", str(folder)]
    return running([*line, "--no-request-journal", "--disable-banner"], port, folder)


def mitmproxy(mitmdump: str, calls: int, folder: Path) -> Started:
    (folder / "flows.py").write_text(FLOWS)
    python = Path(mitmdump).resolve().with_name("python")
    flows = str(folder / "flows")
    subprocess.run([python, folder / "flows.py", flows, str(calls)], check=True)
    port = free_port()
    line = [mitmdump, "-q", "-p", str(port), "--mode", "reverse:http://127.0.0.1:1"]
    line += ["--server-replay", flows, "--set", "server_replay_reuse=true"]
    line += ["--set", "connection_strategy=lazy"]
    return running(line, port, folder)


def rate(port: int, calls: int, seconds: int, folder: Path) -> tuple[float, int]:
    """Requests a second, and answers that were no success."""
    (folder / "random.lua").write_text(LUA.format(last=calls - 1))
    line = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(folder / "random.lua")]
    line += ["--timeout", "20s", f"http://127.0.0.1:{port}/"]
    said = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    words = said.split()
    return float(words[words.index("Requests/sec:") + 1]), int(words[words.index("bad") + 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wiremock", type=Path)
    parser.add_argument("--seconds", type=int, default=3)
    asked = parser.parse_args()
    served: dict[str, Callable[[int, Path], Started]] = {"reenact": reenact}
    if jar := asked.wiremock:
        served["wiremock"] = lambda calls, folder: wiremock(jar, calls, folder)
    if mitmdump := shutil.which("mitmdump"):
        served["mitmproxy"] = lambda calls, folder: mitmproxy(mitmdump, calls, folder)
    print(f"{'':10} " + " ".join(f"{size:>10,}" for size in SIZES) + "   requests a second")
    for name, start in served.items():
        found = []
        for calls in SIZES:
            try:
                with tempfile.TemporaryDirectory() as folder, start(calls, Path(folder)) as port:
                    rate(port, calls, 1, Path(folder))  # warm
                    speed, bad = rate(port, calls, asked.seconds, Path(folder))
            except ServerFailed:  # a minute was not enough
                found.append(f"{'not up':>10}")
            else:
                found.append(f"{speed:10,.0f}" + (f" ({bad} bad)" if bad else ""))
        print(f"{name:10} " + " ".join(found), flush=True)


if __name__ == "__main__":
    main()
