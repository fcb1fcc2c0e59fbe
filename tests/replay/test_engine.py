"""What the engine serves, what it refuses, and what it says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Sequence

import msgspec
import pytest
from msgspec.structs import replace
from tests.toy import TOY, Simulator

from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite, Tolerance, Uses
from reenact.model.verdict import Status, Verdict
from reenact.replay.core import Engine, Mode
from reenact.replay.core.case import Running
from reenact.replay.core.shake import (
    FIRST_LAG_NS,
    LAG_NS,
    LAG_RUN_NS,
    LATE_NS,
    STEP_NS,
    Shake,
)
from reenact.replay.reason import reason
from reenact.replay.rehearse import Findings, learn, only_order, quarantine

U1 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
U2 = "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"


def call(
    id: str, request: str, response: str = "OK", after: Sequence[str] = (), uses: Uses = Uses.ONCE
) -> Interaction:
    return Interaction(
        id=id, protocol="toy", destination="10.0.0.1:1", connection=1, outcome=Outcome.COMPLETE,
        request=request, response=response, after=tuple(after), uses=uses,
    )  # fmt: skip


def case(n: int, request: str, response: str, *calls: Interaction) -> Case:
    return Case(
        id=f"{n:04}-x",
        protocol="toy",
        port=80,
        connection=9,
        request=request,
        response=response,
        calls=calls,
    )


def suite(*cases: Case, session: Sequence[Interaction] = ()) -> Suite:
    anywhere = session or (call("s.1", "HELLO"),)
    return Suite(
        format=1,
        capture="",
        command=(),
        started_ns=0,
        ports=(80,),
        cases=cases,
        session=tuple(anywhere),
    )


def play(
    what: Suite, service: object, late: object = lambda request: (), beat: str = "", **mode: int
) -> Simulator:
    engine = Engine(what, {"toy": TOY}, Mode(**mode), wall_ns=10**18, now_ns=0)
    return Simulator(engine, service, late, beat).run()  # type: ignore[arg-type]


def verdicts(found: Simulator) -> list[Verdict]:
    return [done.verdict for done in found.done]


def buy(request: str) -> Generator[str, str, str]:
    item = request.split()[1]
    yield "BEGIN"
    stock = yield f"GET stock {item}"
    yield f"SET stock {item} {int(stock) - 1}"
    yield "COMMIT"
    return f"bought {item}"


BUY = case(
    1, "BUY pen", "bought pen",
    call("1.1", "BEGIN"), call("1.2", "GET stock pen", "5", ["1.1"]),
    call("1.3", "SET stock pen 4", "OK", ["1.2"]), call("1.4", "COMMIT", "OK", ["1.3"]),
)  # fmt: skip


def test_the_build_it_came_from_passes() -> None:
    [verdict] = verdicts(play(suite(BUY), buy))
    assert verdict.status is Status.PASS
    assert [s.fate for s in verdict.timeline] == ["as recorded"] * 4


def test_a_changed_call_is_refused_and_shown_beside_the_recorded_one() -> None:
    def off_by_one(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        stock = yield "GET stock pen"
        answer = yield f"SET stock pen {int(stock)}"
        yield "COMMIT"
        return "bought pen" if answer == "OK" else f"failed: {answer}"

    [verdict] = verdicts(play(suite(BUY), off_by_one))
    assert verdict.status is Status.FAIL
    [miss] = verdict.misses
    assert (miss.label, miss.nearest) == ("SET stock pen 5", "1.3")
    assert [(d.at, d.recorded, d.live) for d in miss.why_not] == [(("request", 3), "4", "5")]
    assert verdict.missing == (("1.3", "SET stock pen 4"),)


def test_a_lost_commit_is_missing_after_a_bounded_wait() -> None:
    [verdict] = verdicts(play(suite(BUY), no_commit))
    assert (verdict.status, verdict.missing) == (Status.FAIL, (("1.4", "COMMIT"),))
    [only_responses] = verdicts(play(suite(BUY), no_commit, responses_only=True))
    assert only_responses.status is Status.PASS


def no_commit(request: str) -> Generator[str, str, str]:
    yield "BEGIN"
    yield "GET stock pen"
    yield "SET stock pen 4"
    return "bought pen"


def test_a_heartbeat_does_not_prolong_the_wait_for_a_missing_call() -> None:
    beating = suite(BUY, session=[call("s.1", "BEAT", uses=Uses.MANY)])
    found = play(beating, no_commit, beat="BEAT")
    assert verdicts(found)[0].missing == (("1.4", "COMMIT"),)
    assert found.now < 2 * 10**9


def test_a_call_refused_again_and_again_ends_the_wait_for_a_missing_one() -> None:
    found = play(suite(BUY), no_commit, beat="RETRY")
    assert verdicts(found)[0].missing == (("1.4", "COMMIT"),)
    assert found.now < 15 * 10**9


def test_a_call_made_twice_is_an_extra_call() -> None:
    def twice(request: str) -> Generator[str, str, str]:
        yield from buy(request)
        yield "SET stock pen 4"
        return "bought pen"

    [verdict] = verdicts(play(suite(BUY), twice))
    assert verdict.status is Status.FAIL
    assert verdict.misses[0].repeated


def test_an_order_that_the_recording_shows_is_asserted() -> None:
    def commit_first(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        yield "GET stock pen"
        yield "COMMIT"
        yield "SET stock pen 4"
        return "bought pen"

    [verdict] = verdicts(play(suite(BUY), commit_first))
    assert verdict.status is Status.FAIL
    assert [c.interaction for c in verdict.calls] == ["1.4"]


def test_where_a_call_is_missing_what_followed_it_is_not_told_to_be_early() -> None:
    def no_write(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        yield "GET stock pen"
        yield "COMMIT"
        return "bought pen"

    [verdict] = verdicts(play(suite(BUY), no_write))
    assert (verdict.missing, verdict.calls) == ((("1.3", "SET stock pen 4"),), ())
    assert [s.fate for s in verdict.timeline] == ["as recorded"] * 3 + ["missing"]


def test_calls_after_the_response_are_waited_for_and_belong_to_the_case() -> None:
    audited = msgspec.structs.replace(BUY, calls=(*BUY.calls, call("1.5", "LOG bought pen")))
    found = play(suite(audited), buy, late=lambda request: ["LOG bought pen"])
    assert verdicts(found)[0].status is Status.PASS


def test_session_calls_are_served_as_often_as_asked_and_not_asserted() -> None:
    def pinging(request: str) -> Generator[str, str, str]:
        for _ in range(3):
            assert (yield "PING") == "PONG"
        return "ok"

    what = suite(case(1, "X", "ok"), session=[call("s.1", "PING", "PONG", uses=Uses.MANY)])
    assert verdicts(play(what, pinging))[0].status is Status.PASS


def pinging(request: str) -> Generator[str, str, str]:
    return (yield "HELLO")


def test_a_ping_that_was_not_recorded_is_answered_and_is_no_finding() -> None:
    plugin = dataclasses.replace(TOY, always=lambda request: "HI" if request == "HELLO" else None)
    what = suite(case(1, "X", "HI"), session=[call("s.1", "PING", "PONG", uses=Uses.MANY)])
    engine = Engine(what, {"toy": plugin}, Mode(), wall_ns=10**18, now_ns=0)
    found = Simulator(engine, pinging).run()
    assert [(v.status, reason(v)) for v in verdicts(found)] == [(Status.PASS, "")]


def test_a_ping_that_was_recorded_is_answered_as_it_was() -> None:
    plugin = dataclasses.replace(TOY, always=lambda request: "HI")
    what = suite(case(1, "X", "LOADING"), session=[call("s.1", "HELLO", "LOADING", uses=Uses.MANY)])
    engine = Engine(what, {"toy": plugin}, Mode(), wall_ns=10**18, now_ns=0)
    [verdict] = verdicts(Simulator(engine, pinging).run())
    assert verdict.status is Status.PASS


QUEUE = [
    case(1, "ORDER pen", "ok", call("1.1", "SEND order of a pen")),
    case(2, "ORDER ink", "ok", call("2.1", "SEND order of ink")),
]
TAKEN = [
    call("s.1", "TAKE orders", "SEND order of ink", uses=Uses.MANY),
    call("s.2", "TAKE orders", "SEND order of a pen", uses=Uses.MANY),
]


def ordering(request: str) -> Generator[str, str, str]:
    item = request.split()[1]
    yield "SEND order of ink" if item == "ink" else "SEND order of a pen"
    return "ok"


def worker(cases: Sequence[Case]) -> list[str]:
    """What a worker is given that takes two orders at once."""
    timed = [msgspec.structs.replace(t, took_ns=10**9) for t in TAKEN]
    engine = Engine(suite(*cases, session=timed), {"toy": TOY}, Mode(), wall_ns=0, now_ns=0)
    found = Simulator(engine, ordering)
    found.wait(7, "TAKE orders")
    found.wait(8, "TAKE orders")
    found.run()
    assert [v.status for v in verdicts(found)] == [Status.PASS] * len(cases)
    return found.answers.get(7, []) + found.answers.get(8, [])


def test_a_worker_is_handed_what_was_sent_once_it_has_been_sent() -> None:
    assert worker(QUEUE) == ["SEND order of a pen", "SEND order of ink"]
    assert worker(QUEUE[::-1]) == ["SEND order of ink", "SEND order of a pen"]
    assert worker(QUEUE[:1]) == ["SEND order of a pen"]


def test_answers_of_one_connection_come_in_the_order_of_the_questions() -> None:
    slow = msgspec.structs.replace(call("s.1", "GET a", "first"), took_ns=10**9)
    engine = Engine(
        suite(case(1, "X", "ok"), session=[slow, call("s.2", "GET b", "second")]),
        {"toy": TOY}, Mode(), wall_ns=0, now_ns=0,
    )  # fmt: skip
    found = Simulator(engine, ordering)
    found.wait(7, "GET a\nGET b")
    assert 7 not in found.answers
    found.now = 10**9
    found.tick()
    assert found.answers[7] == ["first", "second"]


MINTED = [
    case(1, "NEW", f"made {U1}", call("1.1", f"SET thing {U1}")),
    case(2, f"SHOW {U1}", f"is {U1}", call("2.1", f"GET thing {U1}", f"{U1}")),
]


def minting(*ids: str) -> object:
    fresh = iter(ids)

    def service(request: str) -> Generator[str, str, str]:
        verb, *words = request.split()
        if verb == "NEW":
            made = next(fresh)
            yield f"SET thing {made}"
            return f"made {made}"
        told = yield f"GET thing {words[0]}"
        return f"is {told}"

    return service


def test_generated_values_are_learned_in_rehearsal_and_then_followed() -> None:
    findings = Findings()
    first = play(suite(*MINTED), minting(U2), discover=True)
    learned = learn(suite(*MINTED), [[d.observation for d in first.done]], findings, {"toy": TOY})
    assert [g.kind for g in learned.cases[0].calls[0].generated] == ["uuid"]
    assert learned.cases[1].generated == ()
    assert learned.cases[1].needs == ("0001-x",)
    again = verdicts(play(learned, minting(U2.replace("0", "3"))))
    assert [(v.status, reason(v)) for v in again] == [(Status.PASS, "")] * 2


def test_a_response_that_returns_another_id_than_was_stored_is_caught() -> None:
    findings = Findings()
    first = play(suite(*MINTED), minting(U2), discover=True)
    learned = learn(suite(*MINTED), [[d.observation for d in first.done]], findings, {"toy": TOY})

    def lying(request: str) -> Generator[str, str, str]:
        yield f"SET thing {U2}"
        return f"made {U2.replace('0', '1')}"

    assert verdicts(play(learned, lying))[0].status is Status.FAIL


def test_a_value_that_comes_again_as_it_was_recorded_is_not_made_up() -> None:
    """The ids of two machines: one's late call is not the other's call with a new id."""
    first = case(1, f"USE {U1}", "used", call("1.1", f"COUNT {U1}"))
    known = suite(first, case(2, f"THEN {U2}", "used", call("2.1", f"COUNT {U2}")))
    known = msgspec.structs.replace(
        known, cases=tuple(msgspec.structs.replace(k, request=k.request[:4]) for k in known.cases)
    )

    def late(request: str) -> Generator[str, str, str]:
        yield f"COUNT {U1}"
        return "used"

    seen = [[d.observation for d in play(known, late, discover=True).done]]
    learned = learn(known, seen, Findings(), {"toy": TOY})
    assert [c.generated for k in learned.cases for c in k.calls] == [(), ()]


def test_unlisted_sites_are_never_taken_for_generated_in_a_test() -> None:
    assert verdicts(play(suite(*MINTED), minting(U2)))[0].status is Status.FAIL


def test_rehearsal_gives_calls_to_the_case_that_asks_for_them() -> None:
    mixed = suite(
        case(1, "BUY pen", "bought pen", call("1.1", "GET stock ink", "9"), *BUY.calls[2:]),
        case(2, "BUY ink", "bought ink", call("2.1", "BEGIN"), call("2.2", "GET stock pen", "5"),
             call("2.3", "BEGIN"), call("2.4", "SET stock ink 8"), call("2.5", "COMMIT")),
    )  # fmt: skip
    findings = Findings()
    first = play(mixed, buy, discover=True)
    learned = learn(mixed, [[d.observation for d in first.done]], findings, {"toy": TOY})
    assert findings.moved == 3
    assert sorted(str(c.request) for c in learned.cases[0].calls) == [
        "BEGIN", "COMMIT", "GET stock pen", "SET stock pen 4",
    ]  # fmt: skip
    assert [v.status for v in verdicts(play(learned, buy))] == [Status.PASS] * 2


def test_calls_that_no_rehearsal_asked_for_are_kept_as_session_calls() -> None:
    extra = suite(msgspec.structs.replace(BUY, calls=(*BUY.calls, call("1.5", "TICK 1"))))
    findings = Findings()
    first = play(extra, buy, discover=True)
    learned = learn(extra, [[d.observation for d in first.done]], findings, {"toy": TOY})
    assert findings.unasked == 1
    assert [c.request for c in learned.session] == ["HELLO", "TICK 1"]


def test_a_case_set_aside_is_played_for_its_effects_but_not_judged() -> None:
    aside = msgspec.structs.replace(BUY, aside="asks for the weather")
    seen: list[str] = []

    def other(request: str) -> Generator[str, str, str]:
        seen.append(request)
        yield "GET weather"
        return "rain"

    [verdict] = verdicts(play(suite(aside), other))
    assert seen == ["BUY pen"]
    assert (verdict.status, verdict.note) == (Status.UNKNOWN, "set aside: asks for the weather")


@pytest.mark.parametrize(
    ("first", "status"), [("1.1", Status.FAIL), ("another rate", Status.UNKNOWN)]
)
def test_a_case_that_builds_on_one_set_aside_is_undecided_when_that_one_does_otherwise(
    first: str, status: Status
) -> None:
    shaky = msgspec.structs.replace(case(1, "KEEP", "1.1"), aside="comes and goes")
    builder = msgspec.structs.replace(
        case(2, "USE", "1.1"), needs=(shaky.id,), needs_why=((shaky.id, "the answer is kept"),)
    )

    def service(request: str) -> Generator[str, str, str]:
        yield from ()
        return first if request == "KEEP" else "wrong"

    verdict = verdicts(play(suite(shaky, builder), service))[1]
    assert verdict.status is status
    said = "needs 0001-x, which is set aside and did otherwise this time"
    assert (verdict.note == said) is (status is Status.UNKNOWN)


def test_a_service_that_dies_fails_the_open_case_and_all_after_it() -> None:
    engine = Engine(suite(BUY, case(2, "Y", "y")), {"toy": TOY}, Mode(), wall_ns=0, now_ns=0)
    engine.begin(0)
    told = engine.service_exited("exit code 1", 5)
    assert [c.verdict.note for c in told[:2]] == ["exit code 1", "exit code 1"]  # type: ignore[union-attr]


def test_verdicts_are_the_same_every_time() -> None:
    runs = {msgspec.json.encode([d.verdict for d in play(suite(BUY), buy).done]) for _ in range(5)}
    assert len(runs) == 1


def test_a_case_that_went_wrong_teaches_neither_generated_values_nor_what_is_not_asked() -> None:
    def broken(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        return "bought 500 errors"

    counted = msgspec.structs.replace(BUY, response="bought 201")
    first = play(suite(counted), broken, discover=True)
    learned = learn(suite(counted), [[d.observation for d in first.done]], Findings(), {"toy": TOY})
    assert [c.request for c in learned.cases[0].calls] == [c.request for c in BUY.calls]
    assert learned.cases[0].generated == ()


def test_answers_come_late_in_rehearsal_where_another_call_may_wait_for_them() -> None:
    [quick] = verdicts(play(suite(BUY), buy))
    [late] = verdicts(play(suite(BUY), buy, shake=1))
    assert late.status is Status.PASS
    assert late.took_ns > quick.took_ns + STEP_NS
    [again] = verdicts(play(suite(BUY), buy, shake=1))
    assert again.took_ns == late.took_ns
    others = [verdicts(play(suite(BUY), buy, shake=run))[0].took_ns for run in range(2, 6)]
    assert set(others) != {late.took_ns}


def test_what_another_connection_waits_for_is_later_still_each_such_call_in_a_run_of_its_own() -> (
    None
):
    lines = (1, 2, 2, 1)  # whoever sets has waited for the stock, and the end for what was set
    calls = [replace(c, connection=line) for c, line in zip(BUY.calls, lines, strict=True)]
    shaken = Shake([replace(BUY, calls=tuple(calls))], 1)
    assert [shaken.delay_ns(c.id) == LATE_NS for c in calls] == [True, False, False, False]
    shaken = Shake([replace(BUY, calls=tuple(calls))], 4)
    assert [shaken.delay_ns(c.id) == LATE_NS for c in calls] == [False, False, True, False]
    assert not any(Shake([BUY], 1).delay_ns(c.id) == LATE_NS for c in BUY.calls)


def test_a_case_waits_for_missing_calls_as_much_longer_as_its_answers_were_made_late() -> None:
    running = Running(BUY.id, BUY, 0, None, done_ns=10, last_ns=10)
    missing = [replace(BUY.calls[3], asked_ns=5)]
    quiet = running.calls_deadline_ns(missing, 0)
    running.shaken_ns = LATE_NS
    assert running.calls_deadline_ns(missing, 0) == quiet + LATE_NS


def test_what_is_asked_after_the_response_is_shaken_first() -> None:
    """A job's own thread asks it, and another job's may be beside it."""
    lines, asked = (1, 2, 2, 1), (1, 2, 3, 9)
    calls = tuple(
        replace(c, connection=line, asked_ns=at)
        for c, line, at in zip(BUY.calls, lines, asked, strict=True)
    )
    shaken = Shake([replace(BUY, calls=calls, took_ns=5)], 1)
    assert [shaken.delay_ns(c.id) == LATE_NS for c in calls] == [False, False, True, False]


def test_in_a_shaken_run_what_threads_begin_with_is_late_from_when_the_service_listens() -> None:
    beat = suite(BUY, session=[call("s.1", "BEAT", uses=Uses.MANY)])
    engine = Engine(beat, {"toy": TOY}, Mode(shake=1), wall_ns=10**18, now_ns=0)
    simulator = Simulator(engine, buy)
    engine.listening()  # the first case comes later
    simulator.wait(7, "BEAT")
    simulator.now = FIRST_LAG_NS - 1
    simulator.tick()
    assert simulator.answers.get(7) is None
    simulator.now = FIRST_LAG_NS
    simulator.tick()
    assert simulator.answers[7] == ["OK"]


def test_threads_are_late_to_the_last_request_and_a_run_is_no_longer_for_more_of_them() -> None:
    few, many = Shake([BUY], 1, 10), Shake([BUY], 1, 1000)
    assert {few.lag_ns(listening=False) for _ in range(100)} == {LAG_NS}
    late = [many.lag_ns(listening=False) for _ in range(1000)]
    assert late[-1] > 0
    assert sum(late) <= LAG_RUN_NS
    assert many.lag_ns(listening=False) == 0
    assert Shake([BUY], 2, 10).lag_ns(listening=True) == 0


class Impatient(Simulator):
    """Its worker gives up before it has an answer, and asks again on another connection."""

    def ask(self, call: str) -> str:
        if call != self.beat:
            return super().ask(call)
        self.wait(len(self.answers) + 2, call)
        self.answers.setdefault(len(self.answers) + 2, [])
        return ""


def test_a_worker_that_always_waits_for_something_to_do_keeps_no_case_from_ending() -> None:
    wait = msgspec.structs.replace(call("s.1", "BEAT", uses=Uses.MANY), took_ns=12 * 10**8)
    what = suite(BUY, session=[wait])
    engine = Engine(what, {"toy": TOY}, Mode(shake=1), wall_ns=10**18, now_ns=0)
    found = Impatient(engine, no_commit, beat="BEAT").run()
    assert verdicts(found)[0].missing == (("1.4", "COMMIT"),)
    assert found.now < 2 * 10**9


def test_a_call_that_the_background_makes_too_is_not_taken_for_one_out_of_order() -> None:
    def beaten(request: str) -> Generator[str, str, str]:
        yield "COMMIT"  # the heartbeat's
        return (yield from buy(request))

    beat = suite(BUY, session=[call("s.1", "HELLO"), call("s.2", "COMMIT", uses=Uses.MANY)])
    assert [v.status for v in verdicts(play(beat, beaten))] == [Status.PASS]


@pytest.mark.parametrize("said", ["BEAT", "NEVER recorded"])
def test_neither_a_heartbeat_nor_endless_questions_keep_a_case_open(said: str) -> None:
    def lost(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        return "bought pen"

    def every_700_ms(request: str) -> Iterator[str]:
        while not simulator.done:
            simulator.now += 700 * 10**6
            assert simulator.now < 30 * 10**9, "the case is still open"
            yield said
            simulator.tick()

    beats = suite(BUY, session=[call("s.1", "HELLO"), call("s.2", "BEAT", uses=Uses.MANY)])
    engine = Engine(beats, {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0)
    simulator = Simulator(engine, lost, every_700_ms)
    assert [v.status for v in verdicts(simulator.run())] == [Status.FAIL]


def test_a_number_that_differs_is_not_generated_while_calls_are_still_with_other_cases() -> None:
    def price(request: str) -> Generator[str, str, str]:
        first = yield "GET price"
        yield "SET price"
        second = yield "GET price"
        return f"{first} {second}"

    first, change, second = (
        call("1.1", "GET price", "5"), call("1.2", "SET price", "OK"), call("1.3", "GET price", "6"),
    )  # fmt: skip

    def learned(*cases: Case) -> tuple[object, ...]:
        found = play(suite(*cases), price, discover=True)
        run = [d.observation for d in found.done]
        return learn(suite(*cases), [run], Findings(), {"toy": TOY}).cases[0].generated

    assert learned(case(1, "X", "5 7", first, change, second)) != ()
    other = case(2, "Y", "5 6", first)
    assert learned(case(1, "X", "5 7", change, second), other) == ()


def test_a_case_that_differs_in_order_alone_is_not_set_aside() -> None:
    def swapped(request: str) -> Generator[str, str, str]:
        yield "SET b"
        yield "SET a"
        return "done"

    ordered = suite(case(1, "X", "done", call("1.1", "SET a"), call("1.2", "SET b", after=["1.1"])))
    first = play(ordered, swapped)
    [verdict] = verdicts(first)
    assert verdict.status is Status.FAIL
    assert only_order(verdict)
    kept = quarantine(ordered, [verdict], {"0001-x": "order"}, Findings())
    assert kept.cases[0].aside == ""
    taught = learn(kept, [[d.observation for d in first.done]], Findings(), {"toy": TOY})
    assert [v.status for v in verdicts(play(taught, swapped))] == [Status.PASS]
    lost = verdicts(play(ordered, lambda request: iter_lost()))[0]
    assert not only_order(lost)


def iter_lost() -> Generator[str, str, str]:
    yield "SET b"
    return "done"


def test_a_tolerance_of_a_call_is_for_its_exact_path_and_shown() -> None:
    def service(request: str) -> Generator[str, str, str]:
        yield f"SET a {request.split()[1]}"
        return "done"

    recorded = case(1, "DO x", "done", call("1.1", "SET a 1"))
    at = Tolerance(at="calls/1.1/request/2", rule="ignore", why="a random shard")
    tolerant = msgspec.structs.replace(recorded, tolerances=(at,))
    [seen] = [d.verdict for d in play(suite(tolerant), service).done]
    assert seen.status is Status.PASS
    assert [(c.interaction, c.differences[0].explained_by) for c in seen.calls] == [
        ("1.1", "tolerated (ignore)")
    ]
    elsewhere = Tolerance(at="calls/1.2/request/2", rule="ignore", why="another call")
    strict = msgspec.structs.replace(recorded, tolerances=(elsewhere,))
    assert [d.verdict.status for d in play(suite(strict), service).done] == [Status.FAIL]
