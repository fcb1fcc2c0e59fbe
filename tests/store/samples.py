"""One small suite that the tests of the files start from."""

from __future__ import annotations

from decimal import Decimal

from reenact.model.exchange import Outcome
from reenact.model.files import FileBefore, Kind
from reenact.model.suite import FORMAT, Case, Interaction, Suite, Tolerance, Uses
from reenact.model.symbol import Generated

ORDER = "6f1c2c1e-0000-4000-8000-000000000001"

INSERT = Interaction(
    id="1.1",
    protocol="postgres",
    destination="127.0.0.1:5432",
    connection=4,
    outcome=Outcome.COMPLETE,
    request={"query": "INSERT INTO orders (id, total)\nVALUES ($1, $2)", "params": [ORDER, "3.30"]},
    response={"tag": "INSERT 0 1"},
    asked_ns=1_200_345,
    took_ns=334_000,
    generated=(Generated(at=("request", "params", 0), kind="uuid"),),
)
PUBLISH = Interaction(
    id="1.2",
    protocol="redis",
    destination="127.0.0.1:6379",
    connection=5,
    outcome=Outcome.COMPLETE,
    request=["PUBLISH", "orders", ORDER],
    response=1,
    uses=Uses.SOME,
    after=("1.1",),
)
POST = Case(
    id="0001-post-orders",
    protocol="http",
    port=8000,
    connection=3,
    at_ns=123_456_789,
    took_ns=2_500_000,
    request={
        "method": "POST",
        "target": "/orders?dry=0",
        "headers": [["Host", "localhost:8000"], ["Content-Type", "application/json"]],
        "body": {"item": "tea", "price": Decimal("1.10"), "count": 3},
    },
    response={
        "status": 201,
        "headers": [["Content-Type", "application/json"]],
        "body": {"id": ORDER, "total": Decimal("3.30"), "note": None},
    },
    calls=(INSERT, PUBLISH),
    generated=(Generated(at=("response", "body", "id"), kind="uuid"),),
)
GET = Case(
    id="0002-get-order",
    protocol="http",
    port=8000,
    connection=3,
    request={"method": "GET", "target": f"/orders/{ORDER}", "headers": [], "body": None},
    response={
        "status": 200,
        "headers": [["Date", "Mon, 23 Nov 2026 01:07:27 GMT"]],
        "body": "Order\nof tea\n",
    },
    needs=("0001-post-orders",),
    tolerances=(
        Tolerance(at="response/headers/date", rule="ignore", why="the clock", since="2026-11-23"),
    ),
)
ASIDE = Case(
    id="0003-get-logo",
    protocol="http",
    port=8000,
    connection=3,
    request={"method": "GET", "target": "/logo.png", "headers": [], "body": None},
    response={"status": 200, "headers": [], "body": bytes(range(256)) * 20},
    aside="two rehearsals answered differently",
)
SUITE = Suite(
    format=FORMAT,
    capture="sha256:" + "ab" * 32,
    command=("python", "-m", "orders", "--port", "8000"),
    started_ns=1_795_400_000_000_000_000,
    ports=(8000,),
    cases=(POST, GET, ASIDE),
    session=(
        Interaction(
            id="s.1",
            protocol="redis",
            destination="127.0.0.1:6379",
            connection=2,
            outcome=Outcome.PUSH,
            request=None,
            response=[b"message", b"refresh", b"\xff\xfe"],
            uses=Uses.MANY,
        ),
    ),
    files=(
        FileBefore(
            path="/run/orders.sock.link", kind=Kind.LINK, content="/run/elsewhere", owner=(0, 7)
        ),
        FileBefore(
            path="data",
            kind=Kind.FOLDER,
            mode=0o750,
            mtime_ns=1_795_399_000_000_000_001,
            whole=True,
        ),
        FileBefore(
            path="data/orders.db",
            kind=Kind.FILE,
            content="cd" * 32,
            size=8192,
            mode=0o644,
            mtime_ns=1_795_399_000_000_000_000,
        ),
        FileBefore(path="data/orders.db-journal", kind=Kind.ABSENT),
    ),
    rehearsed=2,
)
