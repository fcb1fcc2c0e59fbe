"""The collector is left as it was found."""

from __future__ import annotations

import gc

import pytest

from reenact.base.collector import making_what_stays, only_what_is_new


def test_nothing_is_collected_while_what_stays_is_made() -> None:
    with making_what_stays():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_collects_again_after_a_failure_and_not_where_it_did_not_before() -> None:
    with pytest.raises(KeyError), making_what_stays():
        raise KeyError
    assert gc.isenabled()
    with making_what_stays():
        with making_what_stays():
            pass
        assert not gc.isenabled()


def test_what_was_there_is_not_looked_at_until_the_end() -> None:
    before = gc.get_freeze_count()
    with only_what_is_new():
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == 0
