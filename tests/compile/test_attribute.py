"""Which call belongs to which request, by the evidence of the recording alone."""

from __future__ import annotations

from tests.toy import TOY

from reenact.compile.attribute import attribute
from reenact.model.exchange import Exchange, Outcome
from reenact.model.segment import Role
from reenact.model.value import Value

MS = 10**6


def exchange(
    id: str, at: int, took: int, request: Value, response: Value = "OK", flow: int = 1
) -> Exchange:
    return Exchange(
        id=id, flow=flow, protocol="toy", role=Role.OUTBOUND, outcome=Outcome.COMPLETE, request=request,
        response=response, asked_ns=at * MS, sent_ns=at * MS, answered_ns=(at + took) * MS,
    )  # fmt: skip


def given(stimuli: list[Exchange], calls: list[Exchange]) -> dict[str, list[str]]:
    found = attribute(stimuli, calls, {"toy": TOY})
    out = {id: [c.id for c in made] for id, made in found.calls.items()}
    out["session"] = [c.id for c in found.session]
    return out


def test_the_only_open_request_made_the_call() -> None:
    stimuli = [exchange("a", 0, 10, "BUY pen"), exchange("b", 20, 10, "BUY ink")]
    calls = [exchange("1", 2, 1, "SET x 1"), exchange("2", 22, 1, "SET x 2")]
    assert given(stimuli, calls) == {"a": ["1"], "b": ["2"], "session": []}


def test_values_tell_concurrent_requests_apart() -> None:
    stimuli = [exchange("a", 0, 50, "BUY pencil"), exchange("b", 1, 50, "BUY inkpot")]
    calls = [exchange("1", 5, 1, "SET inkpot 1"), exchange("2", 6, 1, "SET pencil 1")]
    assert given(stimuli, calls) == {"a": ["2"], "b": ["1"], "session": []}


def test_a_transaction_on_one_connection_belongs_to_one_request() -> None:
    stimuli = [exchange("a", 0, 50, "BUY pencil"), exchange("b", 1, 50, "BUY inkpot")]
    calls = [
        exchange("1", 5, 1, "BEGIN", flow=1),
        exchange("2", 6, 1, "SET inkpot 1", flow=1),
        exchange("3", 7, 1, "COMMIT", flow=1),
        exchange("4", 8, 1, "BEGIN", flow=1),
        exchange("5", 9, 1, "SET pencil 1", flow=1),
        exchange("6", 10, 1, "COMMIT", flow=1),
    ]
    assert given(stimuli, calls) == {"a": ["4", "5", "6"], "b": ["1", "2", "3"], "session": []}


def test_what_is_also_asked_while_nobody_asks_is_background() -> None:
    stimuli = [exchange("a", 10_000, 10, "BUY pencil")]
    calls = [
        exchange(str(n), at, 1, "GET jobs") for n, at in enumerate((0, 3000, 6000, 10_005, 19_000))
    ]
    assert given(stimuli, calls) == {"a": [], "session": ["0", "1", "2", "3", "4"]}


def test_a_call_right_after_the_response_is_a_late_effect_of_the_request() -> None:
    stimuli = [exchange("a", 0, 10, "BUY pencil")]
    assert given(stimuli, [exchange("1", 60, 1, "LOG sold")]) == {"a": ["1"], "session": []}
    assert given(stimuli, [exchange("1", 3000, 1, "LOG pencil")]) == {"a": ["1"], "session": []}
    assert given(stimuli, [exchange("1", 3000, 1, "LOG rain")]) == {"a": [], "session": ["1"]}


def test_housekeeping_belongs_to_nobody() -> None:
    stimuli = [exchange("a", 0, 10, "BUY pencil")]
    assert given(stimuli, [exchange("1", 2, 1, "HELLO")]) == {"a": [], "session": ["1"]}


def test_waiting_for_work_belongs_to_nobody_unless_a_request_waits_itself() -> None:
    stimuli = [exchange("a", 0, 50, "BUY pencil"), exchange("b", 100, 50, "BUY inkpot")]
    waiting = [exchange("1", 5, 30, "TAKE answer"), exchange("2", 10, 100, "TAKE orders")]
    again = exchange("3", 111, 5, "TAKE orders")
    found = given(stimuli, [*waiting, again])
    assert found == {"a": ["1"], "b": [], "session": ["2", "3"]}


def test_the_transactions_of_requests_are_not_background_because_the_background_has_some_too() -> (
    None
):
    stimuli = [exchange("a", 10_000, 10, "BUY pencil")]
    beats = [
        exchange(f"{n}{part}", at + k, 1, request, flow=2)
        for n, at in enumerate((0, 3000, 6000, 10_001, 19_000))
        for k, (part, request) in enumerate((("b", "BEGIN"), ("s", "SET beat 1"), ("c", "COMMIT")))
    ]
    calls = [
        exchange("1", 10_001, 1, "BEGIN"),
        exchange("2", 10_002, 1, "SET pencil 1"),
        exchange("3", 10_003, 1, "COMMIT"),
    ]
    found = given(stimuli, sorted([*beats, *calls], key=lambda e: e.asked_ns))
    assert found["a"] == ["1", "2", "3"]
    assert len(found["session"]) == len(beats)


def test_a_value_inside_a_signed_cookie_tells_requests_apart() -> None:
    stimuli = [
        exchange("a", 0, 50, "LOGIN", "sid=s%3AQ7abcdef.sgn4"),
        exchange("b", 1, 50, "LOGIN", "sid=s%3AR8uvwxyz.sgn5"),
    ]
    calls = [exchange("1", 5, 1, "SET R8uvwxyz 1"), exchange("2", 6, 1, "SET Q7abcdef 1")]
    assert given(stimuli, calls) == {"a": ["2"], "b": ["1"], "session": []}


def test_requests_with_the_same_values_weigh_the_same_in_whatever_order_they_say_them() -> None:
    """A sum of fractions differs in its last digit with their order, and sets have one by chance."""
    for batch in range(50):
        words = [f"word{batch}.{k}" for k in range(60)]
        rarer = [exchange(f"r{k}", k, 1, " ".join(words[k:])) for k in range(60)]
        twins = [
            exchange("a", 100, 50, " ".join(words)),
            exchange("b", 101, 50, " ".join(words[::-1])),
        ]
        others = " ".join(f"other{k}" for k in range(200))
        found = given([*rarer, *twins], [exchange("1", 105, 1, " ".join([*words, others]))])
        assert (found["a"], found["b"]) == ([], ["1"])
