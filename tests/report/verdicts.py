"""One run in which everything happens, for the golden reports."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from reenact.model.difference import Change, Conflict, Difference
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite, Tolerance, Trials
from reenact.model.symbol import Binding
from reenact.model.verdict import CallDifferences, Miss, Status, Step, Verdict
from reenact.report.run import Report, Run
from reenact.store.suite import case_files


def call(name: str, protocol: str = "postgres") -> Interaction:
    return Interaction(
        id=name, protocol=protocol, destination="127.0.0.1:5432", connection=4,
        outcome=Outcome.COMPLETE, request={"query": "SELECT 1"}, response=[],
    )  # fmt: skip


def case(name: str, *, aside: str = "", calls: tuple[Interaction, ...] = ()) -> Case:
    return Case(
        id=name, protocol="http", port=8000, connection=1, aside=aside, calls=calls,
        request={"method": "GET", "target": "/"}, response={"status": 200, "body": {"total": 1}},
    )  # fmt: skip


def step(fate: str, label: str, name: str | None = None) -> Step:
    return Step(
        label=label, protocol="postgres", destination="127.0.0.1:5432", fate=fate, interaction=name
    )


SUITE = Suite(
    format=1,
    capture="sha256:ab",
    command=("python", "-m", "orders"),
    started_ns=0,
    ports=(8000,),
    rehearsed=2,
    cases=(
        msgspec.structs.replace(
            case("0001-post-orders", calls=(call("1.1"), call("1.2"))),
            tolerances=(
                Tolerance(
                    at="response/body/elapsed", rule="ignore", why="measured", since="2026-11-23"
                ),
                Tolerance(at="calls/1.1/request/params/0", rule="type", why="a random shard"),
                Tolerance(at="response/body/unused", rule="ignore", why="not needed in this run"),
            ),
        ),
        case("0002-get-order", calls=(call("2.1"), call("2.2"), call("2.3"))),
        case("0003-get-orders"),
        case("0004-get-report"),
        case("0005-get-logo", aside="two rehearsals answered differently"),
        case("0006-get-health"),
        case("0007-get-last"),
        msgspec.structs.replace(
            case("0008-get-news", aside="response/body/top: 1 -> 2"),
            trials=Trials(runs=5, failures=2, varied=("response/body/top", "calls/8.1")),
        ),
    ),
)
LONG = "the same beginning of a long text, " * 5
BODY = ("response", "body")
VERDICTS = (
    Verdict(
        case="0001-post-orders", status=Status.PASS, title="POST /orders -> 201", took_ns=4_200_000,
        differences=(Difference(change=Change.VALUE, at=(*BODY, "elapsed"), recorded=3, live=4, explained_by="tolerated (ignore)"),),
        calls=(
            CallDifferences(
                interaction="1.1", label="SELECT 1",
                differences=(Difference(change=Change.VALUE, at=("request", "params", 0), recorded=1, live=2, explained_by="tolerated (type)"),),
            ),
        ),
    ),
    Verdict(
        case="0002-get-order",
        status=Status.FAIL,
        title="GET /orders/7 -> 200",
        took_ns=9_000_000,
        differences=(
            Difference(change=Change.VALUE, at=(*BODY, "total"), recorded=Decimal("3.30"), live=Decimal("3.31")),
            Difference(change=Change.TYPE, at=(*BODY, "count"), recorded=3, live="3"),
            Difference(change=Change.ADDED, at=(*BODY, "lines", 2), live={"sku": "A", "qty": None}),
            Difference(change=Change.REMOVED, at=("response", "headers", "etag"), recorded='"x"'),
            Difference(change=Change.VALUE, at=(*BODY, "text"), recorded=LONG + "tea", live=LONG + "coffee\x1b[2J"),
            Difference(change=Change.FORM, at=(*BODY, "id"), recorded="6f1c", live="none"),
            Difference(change=Change.VALUE, at=("response", "headers", "date"), recorded="a", live="b", explained_by="tolerance"),
        ),
        calls=(
            CallDifferences(
                interaction="2.3", label="COMMIT",
                differences=(Difference(change=Change.ORDER, at=("order",), recorded=["2.2"], live="asked before 2.2 had been answered"),),
            ),
        ),
        misses=(
            Miss(
                protocol="postgres", destination="127.0.0.1:5432", label="SELECT id FROM orders WHERE id = $1 LIMIT 2",
                request={}, nearest="2.2", nearest_label="SELECT id FROM orders WHERE id = $1 LIMIT 1",
                why_not=(Difference(change=Change.VALUE, at=("request", "literals", 0), recorded=1, live=2),),
            ),
            Miss(protocol="redis", destination="127.0.0.1:6379", label="GET a", request=["GET", "a"], nearest="2.1", nearest_label="GET a", repeated=True),
            Miss(protocol="http", destination="10.0.0.1:443", label="POST /pay?a=%20b", request={"body": b"\xff"}),
        ),
        missing=(("2.1", "PUBLISH orders"),),
        conflicts=(Conflict(kind="uuid", recorded="a", live="c", held_recorded="a", held_live="b"),),
        bindings=(Binding("uuid", "a", "b"),),
        timeline=(
            *(step("as recorded", f"SELECT {i}", "2.1") for i in range(6)),
            step("background", "SELECT now()"),
            step("changed", "SELECT id FROM orders WHERE id = $1 LIMIT 2", "2.2"),
            step("extra", "POST /pay"),
            step("missing", "PUBLISH orders", "2.1"),
            step("pushed", "message"),
        ),
    ),
    Verdict(case="0003-get-orders", status=Status.UNKNOWN, title="GET /orders", note="the recording has a gap of 3 bytes here"),
    Verdict(case="0004-get-report", status=Status.BROKEN, title="GET /report", note="KeyError: 'x'"),
    Verdict(case="0005-get-logo", status=Status.UNKNOWN, note="set aside"),
    Verdict(case="0006-get-health", status=Status.UNKNOWN, note="the recording has a gap of 3 bytes here"),
)  # fmt: skip

RUN = Run(
    suite_path="reenact",
    command=("python", "-m", "orders", "--name", "two words"),
    started_ns=1_795_400_000_000_000_000,
    took_ns=12_340_000_000,
    background_calls=17,
    notes=("2 files were written and thrown away; --keep-files DIR keeps them",),
)
REPORT = Report(
    run=RUN,
    suite=SUITE,
    verdicts=VERDICTS,
    files=dict(zip((c.id for c in SUITE.cases), case_files(SUITE), strict=True)),
)
