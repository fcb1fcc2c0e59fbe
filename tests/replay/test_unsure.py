"""A read at a time of which the recording does not know the answer: what goes wrong after it says nothing
of the build, so it is played again."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.replay.test_engine import call, case, play, suite, verdicts
from tests.replay.test_shared import SECOND, at, made
from tests.servers.process import free_port
from tests.toy import TOY, Simulator

from reenact.intercept.settings import Settings
from reenact.model.exchange import Outcome
from reenact.model.suite import FORMAT, Case, Interaction, Suite, Uses
from reenact.model.value import Value
from reenact.model.verdict import Status
from reenact.replay.clock import NOW
from reenact.replay.core import Engine, Mode
from reenact.replay.instances import TRIES
from reenact.replay.options import RunOptions
from reenact.replay.run import Played, run_suite

SOLD, SOLD_OUT = (
    at(2, case(1, "SELL", "1 left", made(1, 1, call("1.1", "SET stock 1")))),
    at(4, case(2, "SELL", "0 left", made(1, 1, call("2.1", "SET stock 0")))),
)
READ = (
    made(1 * SECOND, 5, call("s.1", "GET stock", "2", uses=Uses.MANY)),
    made(6 * SECOND, 5, call("s.2", "GET stock", "0", uses=Uses.MANY)),
)
WHAT = suite(SOLD, SOLD_OUT, session=READ)


def reading(request: str) -> Generator[str, str, str]:
    """In the recording it knew without asking what it had written."""
    yield "SET stock 1"
    return f"{(yield 'GET stock')} left"


def engine_after(what: Suite, service: object, **mode: bool) -> Engine:
    engine = Engine(what, {"toy": TOY}, Mode(**mode), wall_ns=10**18, now_ns=0)
    Simulator(engine, service).run()  # type: ignore[arg-type]
    return engine


def test_between_two_writes_an_answer_from_before_both_is_unsure() -> None:
    assert list(engine_after(WHAT, reading).unsure) == ["GET stock"]


def test_it_is_sure_when_nothing_was_written_or_it_is_the_same_after_the_writes() -> None:
    def before(request: str) -> Generator[str, str, str]:
        stock = yield "GET stock"
        yield "SET stock 1"
        return f"{int(stock) - 1} left"

    assert not engine_after(suite(SOLD, session=READ[:1]), before).unsure
    unchanged = (READ[0], replace(READ[1], response="2"))
    assert not engine_after(suite(SOLD, SOLD_OUT, session=unchanged), reading).unsure


def test_after_the_last_recorded_answer_a_write_makes_it_unsure() -> None:
    assert engine_after(suite(SOLD, session=READ[:1]), reading).unsure


def test_what_was_written_to_the_same_place_is_told_by_its_words() -> None:
    """Neither the statement that writes nor the one that reads names a value."""
    ink = at(5, case(3, "ADD", "ok", made(1, 1, call("3.1", "SET ink 1"))))

    def service(request: str) -> Generator[str, str, str]:
        if request == "ADD":
            yield "SET ink 1"
            return f"ok {(yield 'GET stock')}"
        yield "SET stock 0"
        return "0 left"

    what = suite(SOLD_OUT, replace(ink, response="ok 0"), session=READ)
    assert [v.status for v in verdicts(play(what, service))] == [Status.PASS, Status.PASS]


def test_many_writes_to_other_places_at_once_do_not_outweigh_the_one_to_that_place() -> None:
    others = ("BEGIN", *(f"SET stock {item} 1" for item in ("ink", "pad", "cap")), "COMMIT")
    calls = [made(n, 1, call(f"2.{n}", text)) for n, text in enumerate(others, 1)]
    pen = at(2, case(1, "SELL", "1 left", made(1, 1, call("1.1", "SET stock pen 1"))))
    read = (
        made(1 * SECOND, 5, call("s.1", "GET stock pen", "2", uses=Uses.MANY)),
        made(6 * SECOND, 5, call("s.2", "GET stock pen", "1", uses=Uses.MANY)),
    )

    def service(request: str) -> Generator[str, str, str]:
        if request == "SELL":
            yield "SET stock pen 1"
            return f"{(yield 'GET stock pen')} left"
        for text in others:
            assert (yield text) == "OK"
        return "ok"

    what = suite(pen, at(4, case(2, "ADD", "ok", *calls)), session=read)
    assert [v.status for v in verdicts(play(what, service))] == [Status.PASS, Status.PASS]


def test_of_writes_that_name_as_much_else_the_one_with_the_short_number_counts() -> None:
    first, other = (
        at(2, case(1, "SELL", "sold", made(1, 1, call("1.1", "SET item 6")))),
        at(4, case(2, "SHOW", "none left", made(1, 1, call("2.1", "GET ink", "3")))),
    )
    later = at(5, case(3, "ADD", "ok", made(1, 1, call("3.1", "SET item 7"))))
    read = (
        made(1 * SECOND, 5, call("s.1", "GET item 6", "one", uses=Uses.MANY)),
        made(6 * SECOND, 5, call("s.2", "GET item 6", "none", uses=Uses.MANY)),
    )

    def service(request: str) -> Generator[str, str, str]:
        if request == "SHOW":
            yield "GET ink"
            return f"{(yield 'GET item 6')} left"
        yield "SET item 6" if request == "SELL" else "SET item 7"
        return "sold" if request == "SELL" else "ok"

    what = suite(first, other, later, session=read)
    assert [v.status for v in verdicts(play(what, service))] == [Status.PASS] * 3
    assert not engine_after(what, service).unsure


def test_a_read_that_another_case_was_recorded_to_make_is_unsure_where_reads_are_shared() -> None:
    def early(request: str) -> Generator[str, str, str]:
        yield "GET ink"
        return "1 left"

    first = at(2, case(1, "SELL", "1 left"))
    second = at(4, case(2, "SHOW", "ink 3", call("2.1", "GET ink", "3")))
    assert list(engine_after(suite(first, second, session=READ), early).unsure) == ["GET ink"]
    assert not engine_after(suite(first, second), early).unsure


def test_with_doubts_the_play_stops_at_what_goes_wrong_and_does_not_tell_it() -> None:
    engine = Engine(WHAT, {"toy": TOY}, Mode(doubts=True), wall_ns=10**18, now_ns=0)
    assert verdicts(Simulator(engine, reading).run()) == []
    assert engine.void


def test_with_a_pause_threads_have_that_long_between_two_cases_and_no_longer() -> None:
    quick, slow = play(WHAT, reading), play(WHAT, reading, pause_ns=SECOND)
    assert [v.case for v in verdicts(slow)] == [v.case for v in verdicts(quick)]
    assert slow.now - quick.now == SECOND


SERVICE = """
import http.server, os, socket, sys
port, redis, started = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
open(started, "a").write("started ")
first = open(started).read().count("started") <= int(sys.argv[4])
stock = 2

def ask(*words):
    with socket.create_connection(("127.0.0.1", redis)) as at:
        at.sendall(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(w), w) for w in words))
        return at.recv(100)

class Sell(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global stock
        stock -= 1
        ask(b"SET", b"stock", b"%d" % stock)
        told = ask(b"GET", b"stock").split()[1] if first else b"%d" % stock
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\nX-Left: " + told + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")

http.server.HTTPServer(("127.0.0.1", port), Sell).serve_forever()
"""


def asked(id: str, port: int, *words: str, response: Value, ns: int, uses: Uses) -> Interaction:
    return Interaction(
        id=id, protocol="redis", destination=f"127.0.0.1:{port}", connection=5, uses=uses,
        outcome=Outcome.COMPLETE, request={"command": list(words)}, response=response, asked_ns=ns,
    )  # fmt: skip


def sold(n: int, port: int, redis: int, left: str) -> Case:
    wrote = asked(
        f"000{n}.1", redis, "SET", "stock", left, response={"simple": "OK"}, ns=1, uses=Uses.ONCE
    )
    return Case(
        id=f"000{n}-get", protocol="http1", port=port, connection=n, at_ns=n * 2 * SECOND,
        took_ns=SECOND, calls=(wrote,),
        request={"method": "GET", "target": "/", "version": "1.0", "headers": [["Host", "x"]]},
        response={"status": 200, "headers": [["X-Left", left], ["Content-Length", "0"]]},
    )  # fmt: skip


def played(tmp_path: Path, times_wrong: int) -> tuple[Played, Sequence[str]]:
    """The run and the verdicts that were told on the way. The service goes wrong in its first
    `times_wrong` instances."""
    port, redis = free_port(), free_port()
    reads = [("2", SECOND), ("0", 9 * SECOND)]
    what = Suite(
        format=FORMAT, capture="", command=(), started_ns=0, ports=(port,),
        cases=(sold(1, port, redis, "1"), sold(2, port, redis, "0")),
        session=tuple(
            asked(f"s.{n}", redis, "GET", "stock", response=left, ns=ns, uses=Uses.MANY)
            for n, (left, ns) in enumerate(reads, 1)
        ),
    )  # fmt: skip
    line = (sys.executable, "-c", SERVICE, port, redis, tmp_path / "started", times_wrong)
    options = RunOptions(
        command=tuple(map(str, line)), cwd=tmp_path, env=dict(os.environ), log=tmp_path / "log",
        settings=Settings(), explicit=True, clock=NOW,
    )  # fmt: skip
    told: list[str] = []
    run = run_suite(
        what, options, lambda verdict: told.append(f"{verdict.case} {verdict.status.value}")
    )
    return run, told


@pytest.mark.slow
def test_what_goes_wrong_by_chance_after_an_unsure_answer_is_played_again(tmp_path: Path) -> None:
    run, told = played(tmp_path, times_wrong=1)
    assert told == ["0001-get pass", "0002-get pass"], (tmp_path / "log").read_text()
    assert any("played 2 times" in note and "GET stock" in note for note in run.notes)


@pytest.mark.slow
def test_what_goes_wrong_every_time_is_told(tmp_path: Path) -> None:
    run, told = played(tmp_path, times_wrong=TRIES)
    assert told[0] == "0001-get fail"
    assert any(f"played {TRIES} times" in note for note in run.notes)


@pytest.mark.slow
def test_what_goes_well_at_once_is_played_once(tmp_path: Path) -> None:
    run, told = played(tmp_path, times_wrong=0)
    assert (told, run.notes) == (["0001-get pass", "0002-get pass"], ())
