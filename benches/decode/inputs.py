"""Recordings in memory, and those that are made when none is given."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.rrset
from tests.servers import orders, reenact

from reenact.model.segment import Endpoint, Flow, Role, Segment, SegmentKind, Side, Transport
from reenact.store.capture import open_capture

MS = 10**6


@dataclass(frozen=True)
class Input:
    flows: Mapping[int, Flow]
    segments: Mapping[int, Sequence[Segment]]
    started_ns: int = 0
    addresses: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that connections carried."""
        return sum(len(s.data) for one in self.segments.values() for s in one if is_data(s))


def is_data(segment: Segment) -> bool:
    return segment.kind is SegmentKind.DATA


def read(path: Path) -> Input:
    opened = open_capture(path)
    return Input(
        opened.flows,
        {id: opened.segments(id) for id in opened.flows},
        opened.meta.started_ns,
        opened.meta.addresses,
    )


def example(clients: int) -> Input:
    """The example (gunicorn, PostgreSQL, Redis) as so many clients use it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with orders.dependencies(folder) as up:
            line = [sys.executable, "traffic.py", up.base, "--clients", str(clients)]
            done = reenact.record(
                orders.COMMAND,
                functools.partial(subprocess.run, line, cwd=orders.EXAMPLE, check=True),
                lambda: reenact.answers(up.port, "/healthz"),
                cwd=orders.EXAMPLE,
                env=up.environment,
                log=folder / "record.txt",
                options=["--no-rehearse", "--suite", str(folder / "suite")],
            )
        if done.returncode != 0:
            raise SystemExit(f"record ended with {done.returncode}\n{done.output[-3000:]}")
        return read(folder / "suite/.local/recording.capture")


def lookups(count: int = 2000) -> Input:
    """What a resolver asks and hears. The example looks up nothing."""
    flows, segments = {}, {}
    for id in range(1, count + 1):
        asked = dns.message.make_query(f"host{id}.example.org", "A", id=id)
        answer = dns.message.make_response(asked)
        told = dns.rrset.from_text(asked.question[0].name, 60, "IN", "A", "192.0.2.1", "192.0.2.2")
        answer.answer.append(told)
        flows[id] = Flow(
            id=id,
            role=Role.OUTBOUND,
            client=Endpoint("10.0.0.2", 40000),
            server=Endpoint("10.0.0.1", 53),
            transport=Transport.UDP,
            opened_ns=id * MS,
        )
        segments[id] = [
            Segment(2 * id, id, side, SegmentKind.DATA, id * MS + side, message.to_wire())
            for side, message in ((Side.CLIENT, asked), (Side.SERVER, answer))
        ]
    return Input(flows, segments)
