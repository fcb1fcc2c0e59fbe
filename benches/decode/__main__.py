"""`python -m benches.decode [--clients 50] [--rounds 3] [CAPTURE...]`

MB/s and exchanges/s of each protocol and of `reenact compile`, of recordings and of twice as much:
what grows with the input has the same figures twice. Without a CAPTURE the example is recorded
under so many clients (PostgreSQL, Redis), and lookups are made up.
"""

from __future__ import annotations

import argparse
import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from benches.decode.doubled import longer, repeated
from benches.decode.inputs import Input, example, is_data, lookups, read
from reenact.base.clock import SystemClock
from reenact.compile.build import Recording, compile_suite
from reenact.decode import decode, decode_flow, recognise
from reenact.model.protocol import ProtocolPlugin
from reenact.model.segment import Flow, Segment
from reenact.protocols import builtin

PLUGINS = builtin()

Work: TypeAlias = tuple[Flow, Sequence[Segment], ProtocolPlugin]


@dataclass
class Rate:
    size: int = 0
    exchanges: int = 0
    seconds: float = 0.0

    def add(self, size: int, work: Callable[[], int], rounds: int) -> Rate:
        """The fastest round counts: whatever else the machine did only adds to it."""
        clock = SystemClock()
        times = []
        for _ in range(rounds):
            gc.collect()
            began = clock.now_ns()
            exchanges = work()
            times.append(clock.now_ns() - began)
        self.size += size
        self.exchanges += exchanges
        self.seconds += min(times) / 10**9
        return self

    def __str__(self) -> str:
        return (
            f"{self.size / 1e6:8.2f} {self.exchanges:10} {self.size / 1e6 / self.seconds:8.2f}"
            f" {self.exchanges / self.seconds:12,.0f}"
        )


@dataclass
class Row:
    once: Rate = field(default_factory=Rate)
    twice: Rate = field(default_factory=Rate)


def decoded(inputs: Iterable[Input], rounds: int) -> dict[str, Row]:
    once: dict[str, list[Work]] = defaultdict(list)
    twice: dict[str, list[Work]] = defaultdict(list)
    for input in inputs:
        for id, flow in input.flows.items():
            segments = input.segments[id]
            plugin = recognise(flow, segments, PLUGINS)
            more = longer(segments, decode_flow(flow, segments, plugin))
            once[plugin.name].append((flow, segments, plugin))
            twice[plugin.name].append((flow, more, plugin))
    return {
        name: Row(read_flows(once[name], rounds), read_flows(twice[name], rounds)) for name in once
    }


def read_flows(flows: Sequence[Work], rounds: int) -> Rate:
    size = sum(len(s.data) for _, segments, _ in flows for s in segments if is_data(s))
    return Rate().add(size, lambda: sum(len(decode_flow(*one)) for one in flows), rounds)


def compiled(inputs: Sequence[Input], rounds: int) -> Row:
    row = Row()
    for input in inputs:
        row.once.add(input.size, partial(compile_all, input), rounds)
        more = repeated(input)
        row.twice.add(more.size, partial(compile_all, more), rounds)
    return row


def compile_all(input: Input) -> int:
    """From segments to a suite in memory; how many exchanges that were."""
    exchanges = decode(input.flows, lambda id: input.segments[id], PLUGINS).exchanges
    recording = Recording(
        digest="",
        command=(),
        started_ns=input.started_ns,
        addresses=input.addresses,
        flows=input.flows,
        exchanges=exchanges,
    )
    compile_suite(recording, PLUGINS)
    return len(exchanges)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captures", nargs="*", type=Path, metavar="CAPTURE")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    recordings = [read(path) for path in asked.captures] or [example(asked.clients)]
    inputs = recordings if asked.captures else [*recordings, lookups()]
    rows = dict(sorted(decoded(inputs, asked.rounds).items()))
    rows["compile"] = compiled(recordings, asked.rounds)
    head = f"{'MB':>8} {'exchanges':>10} {'MB/s':>8} {'exchanges/s':>12}"
    print(f"{'':10} {head}   twice: {head}")
    for name, row in rows.items():
        print(f"{name:10} {row.once}          {row.twice}")


if __name__ == "__main__":
    main()
