"""Prometheus' exporters from Debian: static Go. PostgreSQL over TLS with lib/pq, Redis with redigo."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.servers.postgres import postgres
from tests.servers.process import binary, free_port
from tests.servers.redis import redis
from tests.services.client import Client
from tests.services.service import Deployment, Service


def install(folder: Path) -> None:
    """They come with Debian's packages."""


@contextlib.contextmanager
def deploy_postgres(installed: Path, folder: Path) -> Iterator[Deployment]:
    with postgres(tls=True) as server:
        server.run("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100)")
        port = free_port()
        command = [binary("prometheus-postgres-exporter"), f"--web.listen-address=127.0.0.1:{port}"]
        command += ["--extend.query-path=", "--auto-discover-databases"]
        source = {"DATA_SOURCE_NAME": f"{server.url}?sslmode=require"}
        yield Deployment(command, folder, port, "/", source)


def traffic_postgres(base: str) -> list[int]:
    ask = Client(base)
    for path in ("/", "/metrics", "/metrics", "/nope", "/metrics", "/"):
        # Newer versions answer every unknown path with their front page.
        ask.get(path, expect=(200, 404))
    ask.get("/metrics", headers={"Accept-Encoding": "gzip"})
    ask.post("/metrics")
    for _ in range(9):
        assert b"pg_up 1" in ask.get("/metrics").body
    return ask.statuses


@contextlib.contextmanager
def deploy_redis(installed: Path, folder: Path) -> Iterator[Deployment]:
    with redis() as server:
        server.run("MSET", "k1", "v1", "k2", "v2")
        server.run("LPUSH", "list1", "a", "b", "c")
        port = free_port()
        command = [binary("prometheus-redis-exporter"), f"--web.listen-address=127.0.0.1:{port}"]
        command += [f"--redis.addr=redis://127.0.0.1:{server.port}", "--check-keys=k*,list*"]
        # Without the Go runtime's own memory and goroutine counts, which no recording can repeat.
        command += ["--include-system-metrics", "--redis-only-metrics"]
        # The traffic names a scrape target, as Prometheus does with many servers.
        TARGETS[port] = server.port
        yield Deployment(command, folder, port, "/health", {})


TARGETS: dict[int, int] = {}
"""The exporter's port -> the Redis server it may be asked to scrape."""


def traffic_redis(base: str) -> list[int]:
    ask = Client(base)
    target = f"target=redis://127.0.0.1:{TARGETS[int(base.rpartition(':')[2])]}"
    for path in ("/", "/health", "/metrics", f"/scrape?{target}", "/metrics"):
        ask.get(path)
    ask.get(f"/scrape?{target}&check-keys=k*")
    ask.get(f"/scrape?{target}&check-single-keys=list1")
    ask.get("/scrape", expect=400)
    ask.get("/nope", expect=(200, 404))
    for _ in range(8):
        assert b"redis_up 1" in ask.get("/metrics").body
    return ask.statuses


POSTGRES = Service("exporter-postgres", ("postgres",), install, deploy_postgres, traffic_postgres)
REDIS = Service("exporter-redis", ("redis",), install, deploy_redis, traffic_redis)
