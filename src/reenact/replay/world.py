"""Where a replayed service lives: what it connects to arrives here, and here it is reached."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reenact.model.segment import Endpoint, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A connection of the service, or one datagram with the way to answer it."""

    meant: Endpoint
    transport: Transport = Transport.TCP
    sock: socket.socket | None = None
    data: bytes = b""
    reply: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted:
    """`context` is set when the client began TLS: become its server with it."""

    context: ssl.SSLContext | None = None
    sni: str | None = None


class World(Protocol):
    """One running instance of the service, with no way out but through here."""

    log: Path

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it was when the recording began, for the summary."""

    @property
    def wall_ahead_ns(self) -> int:
        """How far the service's wall clock is ahead of the machine's; negative: behind."""

    @property
    def clock_problem(self) -> str:
        """Why the service's clock cannot be moved as asked, "" when it can."""

    def move_clock(self, by_ns: int) -> None:
        """Set the service's wall clock forward; when this returns, all of it reads the new time."""

    def serve(self, arrived: Callable[[Arrival], None]) -> None:
        """Begin to hand over what the service connects to. Called once, in a running loop."""

    async def greet(self, arrival: Arrival, *, wait: bool) -> Greeted | None:
        """Find out whether the client begins TLS; `wait` until it has spoken. None: it is gone."""

    def context_for(self, meant: Endpoint) -> ssl.SSLContext: ...
    def service_tls(self) -> ssl.SSLContext: ...
    def listening(self) -> set[tuple[str, int]]:
        """Addresses and ports that the service listens on by now."""

    async def dial(self, port: int) -> socket.socket: ...
    async def exited(self) -> int:
        """The service's exit code, once it has ended."""

    async def stop(self) -> None:
        """End the service and everything it started; forget what it wrote."""
