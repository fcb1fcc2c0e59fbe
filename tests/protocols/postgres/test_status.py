"""How the transaction status moves."""

from __future__ import annotations

import pytest

from reenact.protocols.postgres import status


@pytest.mark.parametrize(
    ("before", "sql", "undoes"),
    [
        ("E", "ROLLBACK", True),
        ("E", " commit work ; ", True),
        ("E", "END TRANSACTION", True),
        ("T", "ROLLBACK", True),
        ("T", "abort", True),
        ("T", "COMMIT", False),
        ("I", "ROLLBACK", False),
        ("E", "ROLLBACK TO SAVEPOINT a", False),
        ("E", "COMMIT; SELECT 1", False),
        ("E", "ROLLBACK AND CHAIN", False),
        ("T", "ROLLBACK PREPARED 'a'", False),
    ],
)
def test_undoing_a_transaction_never_fails(before: str, sql: str, undoes: bool) -> None:
    assert status.undoes(before, sql) is undoes
