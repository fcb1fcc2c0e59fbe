"""`reenact compile --dedup` on a suite that is there."""

from __future__ import annotations

import msgspec

from reenact.store.suite import load_suite, save_suite


def test_what_is_left_out_is_told_and_its_file_is_gone(reenact, suite, project):
    get = msgspec.structs.replace(suite.cases[1], protocol="http1", needs=(), calls=())
    more = msgspec.structs.replace(get, id="0004-get-order")
    save_suite(msgspec.structs.replace(suite, cases=(get, more)), project / "reenact")
    ran = reenact("compile", "--dedup")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "left out: 0004-get-order: 0002-get-order stands for it",
        "1 case left out of 2",
    ]
    [kept] = load_suite(project / "reenact").cases
    assert kept.stands_for == ("0004-get-order",)
    assert not (project / "reenact/cases/0004-get-order.yaml").exists()


def test_neither_a_recording_nor_dedup_is_a_slip(reenact, suite):
    assert reenact("compile").code == 3
