"""Each mutation of the kill rate's bench is a real, small, running mistake."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from benches.killrate.mutation import Mutation
from benches.killrate.mutations import MUTATIONS, by_name

from tests.servers.orders import EXAMPLE


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_it_stands_at_one_place_and_still_compiles(mutation: Mutation) -> None:
    source = (EXAMPLE / mutation.file).read_text()
    mutated = mutation.mutated(source)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))


def test_there_are_enough_of_every_family() -> None:
    kinds = Counter(mutation.kind for mutation in MUTATIONS)
    assert len(MUTATIONS) >= 60
    assert {"constant", "dropped write", "wrong column", "swapped arguments"} <= set(kinds)
    assert {"missing header", "extra query", "lost commit", "removed check"} <= set(kinds)
    assert {"off by one", "rounding", "null for empty"} <= set(kinds)


def test_names_are_unique_and_found() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    assert by_name("tax-rounded-down").file == "money.py"
    with pytest.raises(KeyError, match="no mutation 'nonsense'; there are: tax-rounded-down"):
        by_name("nonsense")


def test_what_it_changes_is_shown_as_a_diff() -> None:
    shown = by_name("shipping-dearer").shown(EXAMPLE)
    assert '-SHIPPING = Decimal("4.90")\n+SHIPPING = Decimal("4.95")' in shown


def test_a_text_that_stands_nowhere_is_an_error() -> None:
    gone = Mutation(name="gone", kind="", file="money.py", old="zzz", new="", breaks="")
    with pytest.raises(AssertionError, match="gone: 0 places in money"):
        gone.mutated((EXAMPLE / "money.py").read_text())
