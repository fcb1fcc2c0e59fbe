"""`python -m benches.matching`: calls served a second with 10, 1,000 and 100,000 recorded calls."""

from __future__ import annotations

import time  # noqa: TID251

from reenact.match.pool import Reader
from reenact.model.exchange import Outcome
from reenact.model.suite import Interaction, Suite, Uses
from reenact.protocols import builtin
from reenact.rename.table import Renaming
from reenact.replay.core.calls import Calls, Choice

SERVED = 5_000


def call(protocol: str, n: int) -> Interaction:
    request = {
        "http1": {"method": "GET", "target": f"/things/{n}?page=1", "headers": [["Host", "a"]]},
        "redis": {"command": ["GET", f"thing:{n}"]},
        "postgres": {"query": "SELECT * FROM things WHERE id = $1", "params": [n]},
    }[protocol]
    return Interaction(
        id=f"s.{n}",
        protocol=protocol,
        destination="d:1",
        connection=1,
        outcome=Outcome.COMPLETE,
        request=request,  # type: ignore[arg-type]
        response={"simple": "OK"},
        uses=Uses.MANY,
    )


def served(protocol: str, recorded: int) -> float:
    """Calls a second, index and request reading included, building the index not."""
    plugins = builtin()
    session = tuple(call(protocol, n) for n in range(recorded))
    suite = Suite(
        format=1, capture="", command=(), started_ns=0, ports=(), cases=(), session=session
    )
    calls = Calls(suite, plugins, Renaming(), discover=False)
    reader = Reader(plugins)
    began = time.perf_counter()
    for n in range(SERVED):
        asked = reader.asked(protocol, "d:1", session[n * 7919 % recorded].request)
        found = calls.choose(asked, "", None, (0, 2**63))
        assert isinstance(found, Choice), found
    return SERVED / (time.perf_counter() - began)


def main() -> None:
    print(f"{'':10} {'10':>10} {'1,000':>10} {'100,000':>10}   calls served a second")
    for protocol in ("http1", "redis", "postgres"):
        rates = [served(protocol, recorded) for recorded in (10, 1_000, 100_000)]
        print(f"{protocol:10} " + " ".join(f"{rate:10.0f}" for rate in rates))


if __name__ == "__main__":
    main()
