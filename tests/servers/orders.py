"""The example service with its three dependencies, outside any recorder."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.payments import payments
from tests.servers.postgres import postgres
from tests.servers.process import free_port
from tests.servers.redis import redis

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"


@dataclass(frozen=True)
class Deployment:
    """Where the service is to listen and what it is to be told; it outlives its dependencies."""

    port: int
    env: dict[str, str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.env}


COMMAND = [str(Path(sys.executable).with_name("gunicorn")), "app:app"]
"""Run in the example's folder (or in a copy of it)."""


@contextlib.contextmanager
def dependencies(folder: Path, port: int | None = None) -> Iterator[Deployment]:
    """A fresh database with the example's schema, Redis and the payment provider, whose CA file
    stays in `folder`."""
    with postgres() as database, redis() as cache, payments(folder=folder) as provider:
        orders = database.create("orders", EXAMPLE / "schema.sql")
        listen = port or free_port()
        yield Deployment(
            listen,
            {
                "ORDERS_LISTEN": f"127.0.0.1:{listen}",
                "ORDERS_DATABASE_URL": orders.url,
                "ORDERS_REDIS_URL": cache.url,
                "ORDERS_PAYMENTS_URL": provider.url,
                "REQUESTS_CA_BUNDLE": str(provider.ca),
            },
        )
