"""Small integers are renamed on evidence that a sequence gave them out, and else never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rename.minting import changes, judged

from reenact.model.difference import Change
from reenact.model.value import Value
from reenact.protocols.postgres.sequences import drawn as drawn_of_postgres
from reenact.protocols.redis.sequences import drawn as drawn_of_redis
from reenact.rename.sequences import Sequences
from reenact.rename.table import Renaming


def answer(*columns: tuple[str, str, int | None], rows: list[list[Value]]) -> Value:
    told = [
        {"name": name, "type": type} | ({"table": 16385, "attnum": n} if n else {})
        for name, type, n in columns
    ]
    return {"columns": told, "rows": rows, "tag": "INSERT 0 1"}


ID = ("id", "int4", 1)
COLUMN = ("column", 16385, 1)


@pytest.mark.parametrize(
    ("sql", "columns", "row", "expected"),
    [
        ("INSERT INTO o (total) VALUES ($1) RETURNING id", [ID], [7], [(COLUMN, 7)]),
        ("INSERT INTO o DEFAULT VALUES RETURNING o.id", [ID], [7], [(COLUMN, 7)]),
        ("insert into o (total) select 1 returning id, total", [ID, ("total", "int4", 2)], [7, 3], [(COLUMN, 7)]),
        ("INSERT INTO o (id, total) VALUES (7, 1) RETURNING id", [ID], [7], []),
        ("INSERT INTO o (total) VALUES (1) RETURNING total AS id", [("id", "int4", 2)], [1], []),
        ("INSERT INTO o (total) VALUES (1) RETURNING count(*)", [("count", "int8", None)], [1], []),
        ("INSERT INTO o (t) VALUES (1) RETURNING paid", [("paid", "bool", 3)], [True], []),
        ("INSERT INTO o (t) VALUES (1) RETURNING price", [("price", "numeric", 3)], [7], []),
        ("UPDATE o SET total = 1 RETURNING id", [ID], [7], []),
        ("SELECT id FROM o", [ID], [7], []),
        ("SELECT nextval('o_id_seq')", [("nextval", "int8", None)], [7], [(("sequence", "o_id_seq"), 7)]),
    ],
)  # fmt: skip
def test_what_an_answer_of_postgres_shows_to_be_drawn_from_a_sequence(
    sql: str, columns: list[tuple[str, str, int | None]], row: list[Value], expected: list[object]
) -> None:
    assert list(drawn_of_postgres({"query": sql}, answer(*columns, rows=[row]))) == expected


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        (["INCR", "next-order"], 7, [(("counter", "next-order"), 7)]),
        (["hincrby", "ids", "order", "1"], 7, [(("counter", "ids", "order"), 7)]),
        (["LLEN", "orders"], 7, []),
        (["INCR", "next-order"], "OK", []),
    ],
)
def test_what_an_answer_of_redis_shows_to_be_drawn_from_a_counter(
    command: list[Value], reply: Value, expected: list[object]
) -> None:
    assert list(drawn_of_redis({"command": command}, reply)) == expected


def known(*pairs: tuple[int, int]) -> Renaming:
    names = Renaming()
    for recorded, live in pairs:
        assert not names.sequences.gave([(COLUMN, recorded)], [(COLUMN, live)])
    return names


def test_a_number_that_a_sequence_gave_accounts_for_the_other_in_its_place() -> None:
    names = known((7, 12))
    recorded = {"id": 7, "path": ["orders", "7"], "self": "/orders/7?n=1"}
    live = {"id": 12, "path": ["orders", "12"], "self": "/orders/12?n=1"}
    assert judged(recorded, live, {}, names=names).equal
    assert not judged(recorded, live, {}).equal


def test_amounts_counts_flags_and_enums_are_never_renamed() -> None:
    names = known((7, 12), (1, 3))
    assert names.retell({"n": 7, "id": "7", "paid": True}) == {"n": 7, "id": "7", "paid": True}
    assert judged({"quantity": 7}, {"quantity": 7}, {}, names=names).equal
    assert changes(judged({"quantity": 7}, {"quantity": 8}, {}, names=names)) == [
        (Change.VALUE, "quantity")
    ]
    assert changes(judged({"n": 12}, {"n": 7}, {}, names=names)) == [(Change.VALUE, "n")]
    assert changes(judged({"paid": True}, {"paid": False}, {}, names=names)) == [
        (Change.VALUE, "paid")
    ]


def test_a_sequence_keeps_its_order_and_gives_no_number_twice() -> None:
    sequences = Sequences()
    assert not sequences.gave([(COLUMN, 7), (COLUMN, 9)], [(COLUMN, 12), (COLUMN, 13)])
    assert sequences.gave([(COLUMN, 8)], [(COLUMN, 20)])  # 8 lies before 9, and 20 after 13
    assert sequences.gave([(COLUMN, 10)], [(COLUMN, 13)])
    assert sequences.gave([(COLUMN, 9)], [(COLUMN, 14)])
    assert not sequences.gave([(("column", 2, 1), 9)], [(("column", 2, 1), 1)])  # another table
    assert not sequences.renames(8, 20)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_what_is_held_is_always_one_to_one_and_in_order(pairs: list[tuple[int, int]]) -> None:
    sequences = Sequences()
    for recorded, live in pairs:
        sequences.gave([(COLUMN, recorded)], [(COLUMN, live)])
    held = sorted({pair for pair in pairs if sequences.renames(*pair)})
    lives = [live for _, live in held]
    assert lives == sorted(set(lives))
    assert len({recorded for recorded, _ in held}) == len(held)
