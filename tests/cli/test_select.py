"""`-k`: parts of ids and labels, and how they combine."""

from __future__ import annotations

import pytest

from reenact.base.errors import UserError
from reenact.cli.select import selected

LABELS = {
    "0001-post-orders": "POST /orders",
    "0002-get-order": "GET /orders/7",
    "0003-delete-order": "DELETE /orders/7 (or not)",
    "0004-get-orders": "GET /orders",
    "0002-get-order-x": "GET /orders/8",
}


@pytest.mark.parametrize(
    ("expression", "numbers"),
    [
        (None, "0001 0002 0003 0004 0002"),
        ("delete", "0003"),
        ("DELETE", "0003"),
        ("POST /orders", "0001"),
        ("get and not 0004", "0002 0002"),
        ("post or delete", "0001 0003"),
        ("not (post or get)", "0003"),
        ("not not post", "0001"),
        ("post or delete and 7", "0001 0003"),
        ("(post or delete) and 7", "0003"),
        ('"or not"', "0003"),
        ("'(or'", "0003"),
        ("0002-get-order", "0002"),
    ],
)
def test_an_expression_selects(expression, numbers):
    assert [name[:4] for name in selected(expression, LABELS)] == numbers.split()


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "a word is missing at the end"),
        ("a and", "a word is missing at the end"),
        ("and a", "a word is missing before 'and'"),
        ("(a", "a ) is missing"),
        ("a)", "unexpected ')'"),
        ('"a', "a quote is not closed"),
        ("nothing like it", "selects none of 5"),
    ],
)
def test_a_mistake_in_an_expression_is_told(expression, why):
    with pytest.raises(UserError, match="-k") as caught:
        selected(expression, LABELS)
    assert why in str(caught.value)
