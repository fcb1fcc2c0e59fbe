"""`python -m benches.matching.serve PORT CALLS`: recorded HTTP calls, played on a port.

The replay engine behind an asyncio server, as `reenact test` has it behind its sandbox.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from typing import cast

from reenact.base.clock import SystemClock
from reenact.intercept.loop import loop_factory
from reenact.model.exchange import Outcome
from reenact.model.segment import Endpoint, Flow, Role
from reenact.model.suite import Interaction, Suite, Uses
from reenact.protocols import builtin
from reenact.replay.core import Engine, Mode
from reenact.replay.core.events import Command, Write

WHERE = Endpoint("10.0.0.1", 80)


def call(n: int) -> Interaction:
    return Interaction(
        id=f"s.{n}",
        protocol="http1",
        destination=str(WHERE),
        connection=1,
        outcome=Outcome.COMPLETE,
        request={
            "method": "GET",
            "target": f"/things/{n}?page=1",
            "headers": [["Host", "127.0.0.1"]],
        },
        response={
            "status": 200,
            "headers": [
                ["Content-Type", "application/json"],
                ["Content-Length", str(len(f'{{"thing": {n}}}'))],
            ],
            "body": {"json": {"thing": n}, "style": "spaced"},
        },
        uses=Uses.MANY,
    )


class Connection(asyncio.Protocol):
    def __init__(self, engine: Engine, number: int) -> None:
        self.engine, self.number, self.clock = engine, number, SystemClock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        client = Endpoint("10.0.0.2", 1)
        flow = Flow(id=self.number, role=Role.OUTBOUND, client=client, server=WHERE)
        self.do(self.engine.opened(self.number, flow, self.clock.now_ns()))

    def data_received(self, data: bytes) -> None:
        self.do(self.engine.received(self.number, data, self.clock.now_ns()))

    def do(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Write):
                self.transport.write(command.data)


async def serve(port: int, calls: int) -> None:
    suite = Suite(
        format=1,
        capture="",
        command=(),
        started_ns=0,
        ports=(),
        cases=(),
        session=tuple(call(n) for n in range(calls)),
    )
    engine = Engine(suite, builtin(), Mode(), wall_ns=0, now_ns=0)
    numbers = itertools.count(1)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(engine, next(numbers)), "127.0.0.1", port, backlog=256
    )
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(int(sys.argv[1]), int(sys.argv[2])))
