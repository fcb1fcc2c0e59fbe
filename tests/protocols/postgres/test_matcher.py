"""Which differences of SQL make a difference, and which do not."""

from __future__ import annotations

from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from reenact.model.protocol import Confidence, Traits
from reenact.model.value import Value
from reenact.protocols.postgres import PLUGIN, wire
from reenact.protocols.postgres import messages as m
from tests.protocols.postgres.script import FLOW, OPENING

MATCHER = PLUGIN.matcher


def normal(sql: str) -> Value:
    return MATCHER.normal({"query": sql})


def key(sql: str) -> str:
    return MATCHER.key({"query": sql})


@pytest.mark.parametrize(
    "other",
    [
        "select a.id,cast(b as int)  from A where (x<>1)",
        "SELECT a.id, b::int FROM a WHERE x != 1 -- by id",
        "/* traceparent='00-1' */ SELECT a.id,\n b::int FROM a WHERE x != 1;",
        "SELECT a.id, b::int FROM a WHERE x != 1 /*route='/a'*/",
    ],
)
def test_how_a_statement_is_written_makes_no_difference(other: str) -> None:
    sql = "SELECT a.id, b::int FROM a WHERE x <> 1"
    assert normal(other) == normal(sql)
    assert key(other) == key(sql)


def test_literals_and_parameters_are_leaves() -> None:
    request: Value = {
        "query": "UPDATE t SET a = 'it''s', b = 1.50 WHERE id = $1 AND c = -3",
        "params": [7],
    }
    assert MATCHER.normal(request) == {
        "query": "UPDATE t SET a = ?, b = ? WHERE id = $1 AND c = ?",
        "literals": ["it's", Decimal("1.50"), -3],
        "params": [7],
    }


def test_other_values_have_the_same_key_and_another_normal() -> None:
    one, two = "SELECT 1 FROM t WHERE a IN (1, 2)", "SELECT 1 FROM t WHERE a IN (3, 4, 5)"
    assert key(one) == key(two)
    assert normal(one) != normal(two)


def test_another_column_has_another_key() -> None:
    assert key("SELECT a FROM t") != key("SELECT b FROM t")


def test_names_that_live_in_the_session_only_are_leaves() -> None:
    assert normal('SAVEPOINT "s140_x1"') == {
        "query": "SAVEPOINT ?name",
        "literals": [],
        "gives": ["s140_x1"],
        "params": [],
    }
    assert key("SAVEPOINT s1") == key('SAVEPOINT "s140_x1"')


def test_what_the_parser_does_not_know_is_compared_as_text() -> None:
    assert normal("SHOW  POOLS please 'a'") == {
        "query": "SHOW POOLS please ?",
        "literals": ["a"],
        "params": [],
    }


def test_a_statement_nested_too_deep_to_write_again_is_compared_as_text() -> None:
    sql = "SELECT 1" + " + 1" * 400
    found = normal(sql + " -- x")
    assert isinstance(found, dict)
    assert found["query"] == "SELECT ?" + " + ?" * 400
    assert key(sql) == key(sql.lower())


@settings(deadline=None)
@given(st.text(st.sampled_from("$'\"ab1.-/*;() \n\\\0E:?")))
def test_any_text_has_a_key_a_normal_a_label_and_traits(sql: str) -> None:
    request: Value = {"query": sql, "copy": sql}
    assert MATCHER.key(request)
    assert MATCHER.normal(request)
    assert len(MATCHER.label(request)) <= 100
    MATCHER.traits(request, {"tag": ""})


@pytest.mark.parametrize(
    ("text", "literals"),
    [
        ("E'a\\nb\\x41\\'c'", ["a\nbA'c"]),
        ("$$a'b$$", ["a'b"]),
        ("$q$ a $$ b $q$", [" a $$ b "]),
        ("1.50, .5, 1e3, -2", [Decimal("1.50"), Decimal("0.5"), Decimal("1E+3"), -2]),
        ("a - 1, a1, $1", [1]),
        ("'/* no comment */ -- none'", ["/* no comment */ -- none"]),
    ],
)
def test_literals_are_read_as_the_values_they_are(text: str, literals: list[Value]) -> None:
    found = normal(f"SELECT {text}")
    assert isinstance(found, dict)
    assert found["literals"] == literals


def test_copy_data_is_opened_into_fields() -> None:
    request: Value = {"query": "COPY t FROM STDIN", "copy": "1\ta\n2\tb\n"}
    found = MATCHER.normal(request)
    assert isinstance(found, dict)
    assert found["copy"] == [["1", "a"], ["2", "b"]]


def test_of_an_error_code_and_message_are_compared() -> None:
    response: Value = {"error": {"code": "23505", "message": "no", "line": "7"}, "status": "E"}
    assert MATCHER.normal_response(response) == {"error": {"code": "23505", "message": "no"}}


HOUSEKEEPING = [
    "SELECT 1",
    "",
    "-- ping",
    "SET application_name = 'x'",
    "SHOW transaction_isolation",
    "DISCARD ALL",
    "RESET ALL",
    "DEALLOCATE ALL",
    "select pg_catalog.version()",
    "select current_schema()",
    "SELECT current_schema",
    "SELECT set_config('TimeZone', 'UTC', false)",
    "SELECT pg_catalog.set_config($1, $2, false), set_config('a', 'b', false)",
    "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;",
    "SELECT oid, typarray FROM pg_type WHERE typname = 'hstore'",
    "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_namespace n ON t.typnamespace = n.oid",
]
EFFECTS = [
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SET LOCAL app.user = '1'",
    "SELECT set_config('app.user', '1', true)",
    "SELECT set_config('app.user', name, false) FROM users",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SELECT 1 FROM t",
    "SELECT * FROM pg_stat_activity",
    "INSERT INTO t VALUES (1)",
    "LISTEN c",
]


@pytest.mark.parametrize("sql", HOUSEKEEPING)
def test_what_drivers_and_pools_say_is_housekeeping(sql: str) -> None:
    assert MATCHER.traits({"query": sql}, {"tag": "X"}).housekeeping


@pytest.mark.parametrize("sql", EFFECTS)
def test_what_a_service_means_is_not(sql: str) -> None:
    assert not MATCHER.traits({"query": sql}, {"tag": "X"}).housekeeping


def test_ending_a_transaction_that_was_not_open_is_housekeeping() -> None:
    warned: Value = {"notices": [{"code": "25P01"}], "tag": "ROLLBACK", "status": "I"}
    assert MATCHER.traits({"query": "ROLLBACK"}, warned).housekeeping


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT * FROM t", True),
        ("VALUES (1)", True),
        ("WITH x AS (SELECT 1) SELECT * FROM x", True),
        ("EXPLAIN SELECT 1 FROM t", True),
        ("COPY t TO STDOUT", True),
        ("COPY t FROM STDIN", False),
        ("SELECT * FROM t FOR UPDATE", False),
        ("SELECT nextval('s')", False),
        ("SELECT * INTO u FROM t", False),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", False),
        ("EXPLAIN ANALYZE DELETE FROM t", False),
        ("FETCH 10 FROM c", False),
        ("SELECT 1; DELETE FROM t", False),
    ],
)
def test_reads_cannot_change_the_database(sql: str, reads: bool) -> None:
    assert MATCHER.traits({"query": sql}, {}).reads is reads


def test_a_push_has_traits_too() -> None:
    assert MATCHER.traits(None, {"notify": "c", "payload": ""}) == Traits()


def test_a_label_fits_on_a_line() -> None:
    label = MATCHER.label({"query": "SELECT\n   a, " + "b, " * 100 + "c FROM t"})
    assert label.startswith("SELECT a, b, b,")
    assert len(label) == 100


@pytest.mark.parametrize(
    ("first", "confidence"),
    [
        (OPENING[0][1], Confidence.SURE),
        (wire.encode(m.SslRequest()), Confidence.SURE),
        (wire.encode(m.GssEncRequest()), Confidence.SURE),
        (wire.encode(m.CancelRequest(pid=1, secret=b"abcd")), Confidence.SURE),
        (b"\0\0\0", Confidence.WAIT),
        (b"", Confidence.WAIT),
        (b"GET / HTTP/1.1\r\n", Confidence.NO),
        (b"*1\r\n$4\r\nPING\r\n", Confidence.NO),
    ],
)
def test_the_first_packet_tells(first: bytes, confidence: Confidence) -> None:
    assert PLUGIN.detect(FLOW, first, b"") is confidence


def test_a_server_that_speaks_first_is_another_protocol() -> None:
    assert PLUGIN.detect(FLOW, b"", b"J\0\0\0\n8.0.36\0") is Confidence.NO
