"""Whose BEGIN and COMMIT it is, is told by what they enclose."""

from __future__ import annotations

from collections.abc import Generator

import msgspec
from tests.replay.test_engine import BUY, buy, call, case, play, suite, verdicts
from tests.toy import TOY

from reenact.model.suite import Interaction, Uses
from reenact.model.verdict import Status
from reenact.replay.rehearse import Findings, learn


def on(connection: int, *calls: Interaction) -> list[Interaction]:
    return [msgspec.structs.replace(c, connection=connection) for c in calls]


SWEEP = on(
    7,
    call("s.2", "BEGIN", uses=Uses.MANY),
    call("s.3", "EXPIRE orders", uses=Uses.MANY),
    call("s.4", "COMMIT", uses=Uses.MANY),
)


def swept(request: str) -> Generator[str, str, str]:
    """The background's transaction comes first, on the same connection of a pool."""
    yield "BEGIN"
    yield "EXPIRE orders"
    yield "COMMIT"
    return (yield from buy(request))


def test_a_transaction_of_the_background_does_not_take_the_place_of_the_requests() -> None:
    [verdict] = verdicts(play(suite(BUY, session=[call("s.1", "HELLO"), *SWEEP]), swept))
    assert verdict.status is Status.PASS
    fates = [(step.label, step.fate) for step in verdict.timeline]
    assert fates[:3] == [
        ("BEGIN", "background"), ("EXPIRE orders", "background"), ("COMMIT", "background"),
    ]  # fmt: skip
    assert {fate for _, fate in fates[3:]} == {"as recorded"}


def test_a_lost_commit_is_missing_though_the_background_commits() -> None:
    def lost(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        yield "EXPIRE orders"
        yield "COMMIT"
        yield "BEGIN"
        yield "GET stock pen"
        yield "SET stock pen 4"
        return "bought pen"

    [verdict] = verdicts(play(suite(BUY, session=[call("s.1", "HELLO"), *SWEEP]), lost))
    assert verdict.status is Status.FAIL
    assert verdict.missing == (("1.4", "COMMIT"),)


def test_rehearsal_gives_each_transaction_to_the_case_whose_statements_it_encloses() -> None:
    """The compiler has mixed up the edges of two transactions of two connections."""
    ink = case(
        2, "BUY ink", "bought ink",
        *on(2, call("2.1", "BEGIN"), call("2.2", "GET stock ink", "9")),
        *on(2, call("2.3", "SET stock ink 8")), *on(1, call("2.4", "COMMIT")),
    )  # fmt: skip
    pen = case(
        1, "BUY pen", "bought pen",
        *on(1, call("1.1", "BEGIN"), call("1.2", "GET stock pen", "5")),
        *on(1, call("1.3", "SET stock pen 4")), *on(2, call("1.4", "COMMIT")),
    )  # fmt: skip
    later = [msgspec.structs.replace(c, asked_ns=n) for n, c in enumerate(ink.calls, 100)]
    ink = msgspec.structs.replace(ink, calls=tuple(later))
    early = [msgspec.structs.replace(c, asked_ns=n) for n, c in enumerate(pen.calls[:3])]
    commit = msgspec.structs.replace(pen.calls[3], asked_ns=200)
    pen = msgspec.structs.replace(pen, calls=(*early, commit))
    mixed = suite(pen, ink)
    run = play(mixed, buy, discover=True)
    learned = learn(mixed, [[d.observation for d in run.done]], Findings(), {"toy": TOY})
    found = [{(str(c.request), c.connection) for c in k.calls} for k in learned.cases]
    assert {connection for _, connection in found[0]} == {1}
    assert {connection for _, connection in found[1]} == {2}


def test_a_transaction_that_the_background_has_just_begun_is_not_held_against_a_case() -> None:
    def begun(request: str) -> Generator[str, str, str]:
        done = yield from buy(request)
        yield "BEGIN"  # the sweep's; the rest comes when the case is over
        return done

    [verdict] = verdicts(play(suite(BUY, session=[call("s.1", "HELLO"), *SWEEP]), begun))
    assert verdict.status is Status.PASS


LOCKING = case(
    1, "BUY pen", "bought pen",
    *on(1, call("1.1", "BEGIN"), call("1.2", "GET stock pen", "5")),
    *on(1, call("1.3", "SET lock"), call("1.4", "SET stock pen 4"), call("1.5", "COMMIT")),
)  # fmt: skip


SWEEP_THAT_LOCKS = on(
    7,
    call("s.2", "BEGIN", uses=Uses.MANY),
    call("s.3", "EXPIRE orders", uses=Uses.MANY),
    call("s.4", "SET lock", uses=Uses.MANY),
    call("s.5", "COMMIT", uses=Uses.MANY),
)


def locked(request: str) -> Generator[str, str, str]:
    yield "BEGIN"
    yield "GET stock pen"
    yield "SET lock"
    yield "SET stock pen 4"
    yield "COMMIT"
    return "bought pen"


def test_a_call_that_both_make_belongs_to_whose_unit_of_work_it_is_in() -> None:
    def swept_first(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        yield "EXPIRE orders"
        yield "SET lock"
        yield "COMMIT"
        return (yield from locked(request))

    [verdict] = verdicts(play(suite(LOCKING, session=SWEEP_THAT_LOCKS), swept_first))
    assert verdict.status is Status.PASS
    fates = [(step.label, step.fate) for step in verdict.timeline]
    assert {fate for _, fate in fates[:4]} == {"background"}
    assert {fate for _, fate in fates[4:]} == {"as recorded"}


LOOKS_BEFORE_IT_LOCKS = on(
    7,
    call("s.2", "GET orders", uses=Uses.MANY),
    call("s.3", "BEGIN", uses=Uses.MANY),
    call("s.4", "SET lock", uses=Uses.MANY),
    call("s.5", "COMMIT", uses=Uses.MANY),
)


def test_what_came_before_a_unit_of_work_tells_whose_it_is_as_well() -> None:
    def swept_first(request: str) -> Generator[str, str, str]:
        yield "GET orders"
        yield "BEGIN"
        yield "SET lock"
        yield "COMMIT"
        return (yield from locked(request))

    [verdict] = verdicts(play(suite(LOCKING, session=LOOKS_BEFORE_IT_LOCKS), swept_first))
    assert verdict.status is Status.PASS
    assert [step.fate for step in verdict.timeline][:4] == ["background"] * 4


def test_what_the_background_does_in_its_own_unit_of_work_does_not_stand_for_the_requests() -> None:
    def lost(request: str) -> Generator[str, str, str]:
        yield "BEGIN"
        yield "EXPIRE orders"
        yield "SET lock"
        yield "COMMIT"
        yield "BEGIN"
        yield "GET stock pen"
        yield "SET stock pen 4"
        yield "COMMIT"
        return "bought pen"

    [verdict] = verdicts(play(suite(LOCKING, session=SWEEP_THAT_LOCKS), lost))
    assert verdict.missing == (("1.3", "SET lock"),)


def test_outside_of_units_of_work_what_a_pool_lent_its_connection_for_before_says_nothing() -> None:
    session = on(
        7,
        call("s.2", "GET menu", uses=Uses.MANY),
        call("s.3", "GET user", uses=Uses.MANY),
    )

    def served(request: str) -> Generator[str, str, str]:
        yield "GET menu"
        yield "GET user"
        return "ok"

    own = case(1, "SHOW", "ok", call("1.1", "GET user"))
    [verdict] = verdicts(play(suite(own, session=session), served))
    assert (verdict.status, verdict.missing) == (Status.PASS, ())
