"""`reenact inspect --graph`: groups of cases, and the values that tie them."""

from __future__ import annotations

import msgspec
import pytest

from reenact.store.suite import save_suite
from tests.store.samples import ORDER


@pytest.fixture
def tied(suite, project):
    post, get, logo = (msgspec.structs.replace(c, protocol="http1") for c in suite.cases)
    post = msgspec.structs.replace(
        post, response={"status": 201, "headers": [], "body": {"json": {"id": ORDER}}}
    )
    last = msgspec.structs.replace(get, id='0004-<"x">', request={**get.request, "target": "/last"})
    save_suite(msgspec.structs.replace(suite, cases=(post, get, logo, last)), project / "reenact")


def test_as_text(reenact, tied):
    assert reenact("inspect", "--graph").out.splitlines() == [
        "a group of 3 cases, which run in order in one instance:",
        "  0001-post-orders  POST /orders?dry=0",
        f"  0002-get-order    GET /orders/{ORDER}",
        f"      needs 0001-post-orders: uuid {ORDER} of response/body/id, in request/target",
        '  0004-<"x">        GET /last',
        "      needs 0001-post-orders: something inside the service",
        "",
        "1 group, 1 case on their own",
    ]


def test_as_mermaid(reenact, tied):
    assert reenact("inspect", "--graph", "--mermaid").out.splitlines() == [
        "flowchart TD",
        "  subgraph g1 [group 1]",
        '    c1["0001-post-orders<br/>POST /orders?dry=0"]',
        f'    c2["0002-get-order<br/>GET /orders/{ORDER}"]',
        '    c3["0004-#lt;#quot;x#quot;#gt;<br/>GET /last"]',
        "  end",
        '  c1 -->|"uuid of response/body/id"| c2',
        '  c1 -.->|"something inside the service"| c3',
    ]


def test_a_selection_brings_what_it_needs(reenact, tied):
    out = reenact("inspect", "--graph", "-k", "0002-get-order").out
    assert "0001-post-orders" in out and "0004" not in out


@pytest.mark.parametrize(
    "arguments", [("--mermaid",), ("--graph", "--cases"), ("0001-post-orders", "--graph")]
)
def test_what_does_not_go_together_is_a_slip(reenact, tied, arguments):
    assert reenact("inspect", *arguments).code == 3
