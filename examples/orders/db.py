"""The connection pool. Every `with db.transaction()` is one transaction."""

from contextlib import AbstractContextManager
from typing import Any

import settings
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

Row = dict[str, Any]

pool = ConnectionPool(
    settings.DATABASE_URL,
    min_size=2,
    max_size=8,
    open=False,
    kwargs={"row_factory": dict_row, "application_name": "orders"},
)


def transaction() -> AbstractContextManager[Connection[Row]]:
    """A pooled connection; commits at the end of the block, rolls back when it raises."""
    return pool.connection()
