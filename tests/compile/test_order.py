"""Which order is asserted: what the recording shows, less what a replay refutes."""

from __future__ import annotations

from tests.toy import TOY

from reenact.compile.order import as_seen, with_order
from reenact.model.exchange import Outcome
from reenact.model.suite import Interaction

PLUGINS = {"toy": TOY}


def calls(*requests: str) -> tuple[Interaction, ...]:
    """One after the other, each answered before the next is asked; ids are a, b, c ..."""
    made = [
        Interaction(
            id=chr(ord("a") + n), protocol="toy", destination="", connection=n,
            outcome=Outcome.COMPLETE, request=request, response="OK", asked_ns=10 * n, took_ns=5,
        )
        for n, request in enumerate(requests)
    ]  # fmt: skip
    return with_order(made, PLUGINS)


def after(found: tuple[Interaction, ...]) -> dict[str, str]:
    return {call.id: "".join(call.after) for call in found}


def test_a_call_comes_after_the_latest_that_were_answered() -> None:
    assert after(calls("SET 1", "SET 2", "SET 3")) == {"a": "", "b": "a", "c": "b"}


def test_two_reads_have_no_order_and_opening_a_transaction_has_none() -> None:
    assert after(calls("GET 1", "GET 2", "BEGIN", "SET 3")) == {
        "a": "", "b": "", "c": "", "d": "abc",
    }  # fmt: skip


def test_a_call_that_came_before_an_answer_is_ordered_by_what_lies_before_that() -> None:
    recorded = calls("SET 1", "SET 2", "SET 3")
    assert after(as_seen(recorded, {"c": {"a"}}, PLUGINS)) == {"a": "", "b": "a", "c": "a"}


def test_a_call_that_was_not_asked_keeps_its_order() -> None:
    recorded = calls("SET 1", "SET 2", "SET 3")
    assert after(as_seen(recorded, {"b": {"a"}}, PLUGINS)) == after(recorded)
