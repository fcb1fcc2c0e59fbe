"""Which changes are tried: all kinds in turn, none twice, and no value that nobody could tell from another."""

from __future__ import annotations

import json

from benches.inflight import sites
from benches.inflight.sites import Message, Observed, Site

GET = Message(1, "> GET user:#", 1)
PAGE = Message(1, "< GET /", 1)


def seen(changes: dict[Message, dict[str, str]]) -> Observed:
    return Observed(["GET / HTTP/1.1"], changes, {GET: "2b4f4b0d0a"})


def test_what_the_relay_told_is_read_past_what_else_was_said() -> None:
    told = [
        {"request": 1, "start": "GET / HTTP/1.1"},
        {"request": 1, "shape": GET.shape, "nth": 1, "changes": [["argument-value 1", "user:7"]]},
        {"request": 1, "shape": GET.shape, "nth": 1, "answer": "2b4f4b0d0a"},
    ]
    log = "hello\n" + "\n".join(f"@m {json.dumps(line)}" for line in told) + "\n@m {broken\n"
    assert sites.observed(sites.told(log, "@m ")) == seen({GET: {"argument-value 1": "user:7"}})


def test_a_made_up_value_gets_another_form_and_any_other_another_value() -> None:
    both = {"header-value id": "a1", "header-form id": "a1", "header-value kind": "k"}
    again = {**both, "header-value id": "b2", "header-form id": "b2", "header-form kind": "k"}
    found = sites.sites(
        seen({PAGE: {**both, "header-form kind": "k", "status": ""}}),
        seen({PAGE: {**again, "status": ""}}),
    )
    changes = [site.change for site in found]
    assert changes == ["header-form id", "header-value kind", "status"]


def test_a_call_is_dropped_only_where_its_answer_is_known() -> None:
    unknown = Message(1, "> PING ", 1)
    both = seen({GET: {"drop": ""}, unknown: {"drop": "", "double": ""}})
    assert sites.sites(both, both) == [Site(GET, "drop"), Site(unknown, "double")]


def test_a_sample_takes_every_kind_in_turn_and_is_the_same_for_the_same_seed() -> None:
    many = [Site(Message(n, f"> GET k{n % 3}", 1), "drop") for n in range(9)]
    few = [Site(PAGE, "status"), Site(PAGE, "header-new")]
    found = sites.sample([*many, *few], 4, seed=1)
    assert sites.sample([*few, *many], 4, seed=1) == found
    assert sorted(site.change for site in found) == ["drop", "drop", "header-new", "status"]
    everything = sites.sample([*many, *few], 100, seed=1)
    assert sum(site.change == "drop" for site in everything) == 3


def test_a_header_is_changed_once_wherever_it_stands() -> None:
    pages = [Site(Message(n, f"< GET /{n}", 1), "header-gone server") for n in range(5)]
    assert len(sites.sample(pages, 100, seed=1)) == 1


def test_it_is_told_whose_message_is_changed() -> None:
    shapes = ["< GET /", "> SQL SELECT 1", "> GET user:#", "> GET /users/#", "> SET k"]
    assert [sites.speaker(shape) for shape in shapes] == [
        "response",
        "postgres",
        "redis",
        "http",
        "redis",
    ]
