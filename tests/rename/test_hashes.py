"""A hash of equal content stays equal, and of other content does not."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest
from tests.rename.minting import changes, judged, learned

from reenact.model.difference import Change
from reenact.model.value import Value
from reenact.rename.forms import STEADY
from reenact.rename.table import Renaming


def response(body: Value, etag: str = "") -> Value:
    made = hashlib.sha256(repr(body).encode()).hexdigest()[:32]
    return {"headers": {"etag": etag or f'"{made}"'}, "body": body}


def order(**fields: Value) -> dict[str, Value]:
    return {"id": str(uuid4()), "total": 7, **fields}


ETAG = ("response", "headers", "etag")
RECORDED = response(order())


def test_an_etag_that_changes_with_its_body_is_a_hash() -> None:
    sites = learned([(RECORDED, response(order()))])
    assert sites[ETAG] == {"hash"}
    found = judged(RECORDED, response(order()), sites)
    assert found.equal
    assert "hash" in {b.kind for b in found.bindings}


def test_an_etag_that_stays_though_the_body_differs_is_a_finding() -> None:
    sites = learned([(RECORDED, response(order()))])
    kept = response(order(), RECORDED["headers"]["etag"])
    assert changes(judged(RECORDED, kept, sites)) == [(Change.HASH, "headers/etag")]


def test_an_etag_that_changes_though_the_body_is_equal_is_a_finding() -> None:
    sites = learned([(RECORDED, response(order()))])
    other = response(RECORDED["body"], '"00aa11bb22cc33dd00aa11bb22cc33dd"')
    assert changes(judged(RECORDED, other, sites)) == [(Change.HASH, "headers/etag")]


@pytest.mark.parametrize("etag", ["", 'W/"00aa11bb22cc33dd"', "00aa11bb22cc33dd", '"a b"'])
def test_an_etag_keeps_its_quotes_and_its_strength(etag: str) -> None:
    sites = learned([(RECORDED, response(order()))])
    live = {"headers": {"etag": etag}, "body": order()}
    assert changes(judged(RECORDED, live, sites)) == [(Change.FORM, "headers/etag")]


def test_an_etag_that_is_made_up_for_equal_bodies_is_no_hash_of_them() -> None:
    body = order()
    recorded, rehearsed, live = (response(body, f'"{uuid4().hex}"') for _ in range(3))
    sites = learned([(recorded, rehearsed)])
    assert sites[ETAG] == {"hex"}
    assert judged(recorded, live, sites).equal


def test_an_etag_of_something_else_once_seen_to_stay_may_stay() -> None:
    version = '"00aa11bb22cc33dd"'
    recorded = response(order(), version)
    sites = learned([(recorded, response(order(), version)), (recorded, response(order()))])
    assert sites[ETAG] == {STEADY, "hash"}
    assert judged(recorded, response(order(), version), sites).equal


def test_an_etag_that_never_changed_must_not() -> None:
    version = '"00aa11bb22cc33dd"'
    recorded = response(order(), version)
    sites = learned([(recorded, response(order(), version))])
    assert changes(judged(recorded, response(order()), sites)) == [(Change.VALUE, "headers/etag")]


def test_two_answers_of_equal_content_keep_equal_hashes() -> None:
    body = order()
    recorded = {"one": response(body), "two": response(body)}
    other = order()
    live = {"one": response(other), "two": response(other)}
    sites = learned([(recorded, live)])
    broken = {"one": response(other), "two": response(other, '"00aa11bb22cc33dd00aa11bb22cc33dd"')}
    assert judged(recorded, live, sites).equal
    assert changes(judged(recorded, broken, sites)) == [(Change.ALIAS, "two/headers/etag")]


def test_a_hash_of_equal_content_is_right_whatever_stood_for_it_before() -> None:
    """A rehearsal may have seen the same body with another call's answer in it."""
    names = Renaming()
    names.bind("hash", RECORDED["headers"]["etag"], response(order())["headers"]["etag"])
    assert judged(RECORDED, RECORDED, {}, names=names).equal


def test_a_hash_of_content_that_is_not_sent_may_be_any() -> None:
    """An answer to HEAD, or 304, has the header alone."""
    sites = learned([(RECORDED, response(order()))])
    head = {"headers": RECORDED["headers"]}
    assert judged(head, {"headers": response(order())["headers"]}, sites).equal
    assert not judged(head, {"headers": {"etag": "none"}}, sites).equal
