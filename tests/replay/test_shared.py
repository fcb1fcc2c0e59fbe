"""Threads that share a cache: which of them makes a read is chance, so rehearsals find it to be nobody's."""

from __future__ import annotations

from collections.abc import Callable, Generator

from msgspec.structs import replace
from tests.replay.test_engine import call, case, play, suite, verdicts
from tests.toy import TOY, Simulator

from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.model.verdict import Status
from reenact.replay.core import Engine, Mode
from reenact.replay.core.lines import Step, one_unit
from reenact.replay.rehearse import Findings, learn
from reenact.replay.shared import Calls, Shared

Service = Callable[[str], Generator[str, str, str]]
SECOND = 10**9


def at(second: int, found: Case) -> Case:
    return replace(found, at_ns=second * SECOND, took_ns=SECOND // 2)


def made(ns: int, connection: int, found: Interaction) -> Interaction:
    return replace(found, asked_ns=ns, connection=connection)


FIRST = at(1, case(1, "SHOW pen", "pen 5", call("1.1", "GET stock pen", "5")))
SECOND_CASE = at(2, case(2, "SHOW ink", "ink 9", call("2.1", "GET stock ink", "9")))


def cold(request: str) -> Generator[str, str, str]:
    item = request.split()[1]
    return f"{item} {(yield f'GET stock {item}')}"


def warmed_by_the_first(request: str) -> Generator[str, str, str]:
    if request == "SHOW pen":
        yield "GET stock ink"
        return f"pen {(yield 'GET stock pen')}"
    return "ink 9"
    yield  # a generator, though it asks nothing


def rehearsed(what: Suite, *services: Service) -> tuple[Suite, Findings]:
    findings = Findings()
    for service in services:
        run = play(what, service, discover=True, rehearsal=True)
        what = learn(what, [[done.observation for done in run.done]], findings, {"toy": TOY})
    return what, findings


def test_a_read_that_now_this_case_makes_and_now_that_belongs_to_the_session() -> None:
    learned, _ = rehearsed(suite(FIRST, SECOND_CASE), cold, cold, warmed_by_the_first)
    assert [call.request for case in learned.cases for call in case.calls] == ["GET stock pen"]
    for service in (cold, warmed_by_the_first):
        found = verdicts(play(learned, service))
        assert [v.status for v in found] == [Status.PASS, Status.PASS]


def test_a_read_that_its_case_makes_every_time_stays_asserted() -> None:
    learned, _ = rehearsed(suite(FIRST, SECOND_CASE), cold, cold, cold)
    assert [len(case.calls) for case in learned.cases] == [1, 1]


def test_a_rehearsals_test_serves_another_cases_read_and_notes_it() -> None:
    run = play(suite(FIRST, SECOND_CASE), warmed_by_the_first, rehearsal=True)
    shared = [s.interaction for d in run.done for s in d.observation.served if s.shared]
    assert shared == ["2.1"]


def test_a_read_of_its_own_time_is_the_cases_though_it_seemed_that_of_a_neighbour() -> None:
    """Two requests at once: it was put down to the other. The answer before was another one, and
    what changed it, the recording does not show."""
    before = at(1, case(1, "SHOW pen", "pen 5", call("1.1", "GET stock pen", "5")))
    mine, neighbour = (
        at(4, case(2, "SHOW pen", "pen 4")),
        replace(
            at(4, case(3, "SHOW ink", "ink 9", call("3.1", "GET stock pen", "4"), call("3.2", "GET stock ink", "9"))),
            at_ns=4 * SECOND + SECOND // 4,
        ),
    )  # fmt: skip
    unseen = (
        at(2, case(4, "ADD", "ok", call("4.1", "SET stock cap"))),
        replace(
            at(4, case(5, "ADD", "ok", call("5.1", "SET stock cap"))),
            at_ns=4 * SECOND + SECOND // 8,
        ),
    )

    def service(request: str) -> Generator[str, str, str]:
        if request == "ADD":
            yield "SET stock cap"
            return "ok"
        return (yield from cold(request))

    learned, _ = rehearsed(suite(before, unseen[0], mine, unseen[1], neighbour), service)
    calls = {case.id: [call.request for call in case.calls] for case in learned.cases}
    assert calls[mine.id] == ["GET stock pen"]


def test_an_ordinary_test_refuses_another_cases_read() -> None:
    found = verdicts(play(suite(FIRST, SECOND_CASE), warmed_by_the_first))
    assert [miss.label for miss in found[0].misses] == ["GET stock ink"]


def buying(request: str) -> Generator[str, str, str]:
    yield "GET stock pen"
    yield "SET stock pen 4"
    return f"bought, {(yield 'GET stock pen')} left"


BOUGHT = at(2, case(
    1, "BUY pen", "bought, 4 left",
    made(SECOND // 4, 1, call("1.1", "SET stock pen 4")),
))  # fmt: skip
POLLS = [
    made(1 * SECOND, 5, call("s.1", "GET stock pen", "5", uses=Uses.MANY)),
    made(4 * SECOND, 5, call("s.2", "GET stock pen", "4", uses=Uses.MANY)),
]


def test_a_read_of_the_session_sees_what_its_case_has_written() -> None:
    [verdict] = verdicts(play(suite(BOUGHT, session=POLLS), buying))
    assert verdict.status is Status.PASS


def test_a_read_that_was_answered_after_a_write_tells_what_was_true_after_it() -> None:
    """It was asked for before the write, in another thread, and waited for its end."""
    asked = made(2 * SECOND + SECOND // 8, 5, call("s.2", "GET stock pen", "4", uses=Uses.MANY))
    slow = replace(asked, took_ns=SECOND // 4)

    def service(request: str) -> Generator[str, str, str]:
        before = [(yield "GET stock pen"), (yield "GET stock pen")]
        yield "SET stock pen 4"
        after = yield "GET stock pen"
        return f"bought, {after} left" if before == ["5", "5"] else f"told {before}"

    [verdict] = verdicts(play(suite(BOUGHT, session=[POLLS[0], slow]), service))
    assert verdict.status is Status.PASS, verdict


def test_a_write_that_names_what_is_read_outweighs_one_that_does_not() -> None:
    other = at(3, case(2, "ADD ink", "added", made(0, 1, call("2.1", "SET stock ink 9"))))

    def service(request: str) -> Generator[str, str, str]:
        if request == "BUY pen":
            return (yield from buying(request))
        yield "SET stock ink 9"
        return "added" if (yield "GET stock pen") == "4" else "what?"

    later = [POLLS[0], replace(POLLS[1], asked_ns=9 * SECOND)]
    found = verdicts(play(suite(BOUGHT, other, session=later), service))
    assert [v.status for v in found] == [Status.PASS, Status.PASS]


SWEPT = at(2, case(
    1, "BUY pen", "bought pen",
    made(2, 7, call("1.1", "BEGIN")), made(3, 7, call("1.2", "DEL old pen")),
    made(4, 7, call("1.3", "COMMIT")),
))  # fmt: skip
FOUND_OLD = made(2 * SECOND, 7, call("s.1", "GET old pen", "1", uses=Uses.MANY))


def test_a_threads_own_transaction_may_come_before_the_case_it_was_recorded_in() -> None:
    """Its connection was opened for it, and begins with a read that is nobody's."""
    engine = Engine(
        suite(SWEPT, session=[FOUND_OLD]), {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0
    )

    def nothing_left(request: str) -> Generator[str, str, str]:
        return "bought pen"
        yield  # a generator, though it asks nothing

    simulator = Simulator(engine, nothing_left)
    for request in ("GET old pen", "BEGIN", "DEL old pen", "COMMIT"):
        simulator.wait(7, request)
    assert simulator.answers[7] == ["1", "OK", "OK", "OK"]
    [verdict] = verdicts(simulator.run())
    assert verdict.status is Status.PASS


def test_a_threads_own_transaction_that_never_comes_is_missing() -> None:
    def nothing(request: str) -> Generator[str, str, str]:
        return "bought pen"
        yield  # a generator, though it asks nothing

    [verdict] = verdicts(play(suite(SWEPT, session=[FOUND_OLD]), nothing))
    assert [label for _, label in verdict.missing] == ["BEGIN", "DEL old pen", "COMMIT"]


def test_a_connection_of_a_pool_is_no_unit_though_it_had_one_transaction() -> None:
    brief = [Step(False, False, 0, ""), Step(True, False, 1, "a"), Step(False, True, 2, "a")]
    assert one_unit(brief)
    assert not one_unit([*brief, Step(False, False, 3, "a")]), "it went on"
    others = [Step(False, False, 0, "b"), Step(False, False, 0, "c")]
    assert not one_unit([*others, *brief[1:]]), "it served other requests"
    assert not one_unit([*brief[:2], Step(False, True, 10**10, "a")]), "it was kept"


def test_a_read_made_earlier_than_recorded_has_the_answer_of_its_own_time() -> None:
    """It was recorded after a purchase that has not been made yet."""
    tenth = SECOND // 10
    moments = (
        (1, case(1, "SHOW pen", "pen 5", call("1.1", "GET stock pen", "5"))),
        (2, case(2, "LIST", "stock pen 5")),
        (3, case(3, "BUY pen", "bought", call("3.1", "SET stock pen 4"))),
        (4, case(4, "SHOW pen", "pen 4", call("4.1", "GET stock pen", "4"))),
    )
    recorded = [replace(k, at_ns=n * 3 * tenth, took_ns=tenth) for n, k in moments]

    def forgetful(request: str) -> Generator[str, str, str]:
        if request == "BUY pen":
            yield "SET stock pen 4"
            return "bought"
        told = yield "GET stock pen"
        return f"stock pen {told}" if request == "LIST" else f"pen {told}"

    run = play(suite(*recorded), forgetful, discover=True, rehearsal=True)
    assert [d.observation.reproduced for d in run.done] == [True] * 4
    assert [
        d.observation.case for d in run.done if any(s.shared for s in d.observation.served)
    ] == ["0002-x"]


def nobodys(of_session: int, seen: int) -> set[str]:
    """Of three cases' reads of a kind, when some were seen to be nobody's."""
    session = {f"s.{n}": call(f"s.{n}", f"GET file {n}") for n in range(of_session)}
    own = {f"{n}.1": call(f"{n}.1", f"GET file {n}0") for n in range(1, 4)}
    calls = {**session, **own}
    known = Calls(
        calls,
        {id: (1, n) for n, id in enumerate(calls)},
        {id: f"000{id[0]}-x" for id in own},
        {"toy": TOY},
    )
    shared = Shared()
    for n in range(1, seen + 1):
        shared.read(f"{n}.1", known)
    return shared.among(known)


def test_a_read_of_a_kind_that_is_mostly_nobodys_is_nobodys_once_one_was_seen_to_be() -> None:
    assert nobodys(of_session=4, seen=1) == {"1.1", "2.1", "3.1"}


def test_nothing_is_said_of_a_kind_of_which_none_was_seen_to_be_nobodys() -> None:
    assert nobodys(of_session=4, seen=0) == set()


def test_nor_of_a_kind_that_is_mostly_the_cases() -> None:
    assert nobodys(of_session=1, seen=1) == {"1.1"}


def others_nobodys(of_kinds: int) -> set[str]:
    """Of five cases' reads of as many kinds, when so many were seen to be nobody's."""
    own = {f"{n}.1": call(f"{n}.1", f"GET {'abcde'[n]} {n}") for n in range(5)}
    known = Calls(
        own, {id: (1, n) for n, id in enumerate(own)}, {id: f"{id}-x" for id in own}, {"toy": TOY}
    )
    assert len(set(map(known.kind, own))) == 5
    shared = Shared()
    for n in range(of_kinds):
        shared.read(f"{n}.1", known)
    return shared.among(known)


def test_where_nearly_all_reads_of_a_destination_are_nobodys_all_are() -> None:
    assert others_nobodys(4) == {"0.1", "1.1", "2.1", "3.1", "4.1"}


def test_where_most_are_the_others_stay_the_cases() -> None:
    assert others_nobodys(3) == {"0.1", "1.1", "2.1"}
