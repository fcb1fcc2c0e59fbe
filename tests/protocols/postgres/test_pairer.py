"""What one conversation means: exchanges, however many packets they took."""

from __future__ import annotations

import pytest

from reenact.model.exchange import Outcome
from reenact.protocols.postgres import PLUGIN
from reenact.protocols.postgres import messages as m
from tests.protocols.postgres.script import (
    FAILED,
    IN_TRANSACTION,
    OPENING,
    READY,
    SYNC,
    Turn,
    bind,
    client,
    columns,
    describe,
    done,
    error,
    execute,
    pair,
    parse,
    row,
    server,
    told,
)

A_IS_1 = {
    "columns": [{"name": "a", "type": "int4"}],
    "rows": [[1]],
    "tag": "SELECT 1",
    "status": "I",
}


def test_a_startup_keeps_who_asked_and_what_the_server_said_but_no_secret() -> None:
    turns = [
        client(m.SslRequest()),
        server(m.EncryptionAnswer(answer=b"N")),
        client(m.Startup(version=196608, options=[(b"user", b"app"), (b"tz", b"UTC")])),
        server(m.Authentication(code=3, data=b"")),
        client(m.Password(data=b"hunter2\0")),
        server(m.Authentication(code=0, data=b""), m.ParameterStatus(name=b"a", value=b"b")),
        server(m.BackendKey(pid=1, secret=b"xxxx"), READY),
    ]
    [found] = pair(turns)
    assert found.request == {
        "startup": {"user": "app", "database": "app", "parameters": {"tz": "UTC"}}
    }
    assert found.response == {"auth": "password", "parameters": {"a": "b"}, "backend_key": True}
    assert len(found.messages) == 9


def test_a_refused_startup_is_a_response() -> None:
    [found] = pair([OPENING[0], server(error(b"28P01", b"FATAL"))])
    assert found.outcome is Outcome.COMPLETE
    assert isinstance(found.response, dict)
    assert isinstance(found.response["error"], dict)
    assert found.response["error"]["code"] == "28P01"


def test_simple_and_extended_make_the_same_exchange() -> None:
    simple = [
        client(m.Query(sql=b"SELECT 1 AS a")),
        server(columns(b"a"), row(b"1"), done(b"SELECT 1"), READY),
    ]
    extended = [
        client(parse(b"SELECT 1 AS a"), bind(results=[1]), describe(b"P"), execute(), SYNC),
        server(m.ParseComplete(), m.BindComplete(), columns(b"a"), row(b"\0\0\0\1")),
        server(done(b"SELECT 1"), READY),
    ]
    assert told(simple) == told(extended) == [({"query": "SELECT 1 AS a"}, A_IS_1)]


def test_a_warm_statement_answers_with_the_columns_it_was_described_with() -> None:
    cold = [
        client(parse(b"SELECT $1::int AS a", b"s"), describe(b"S", b"s"), SYNC),
        server(m.ParseComplete(), m.ParameterDescription(types=[23]), columns(b"a"), READY),
    ]
    warm = [
        client(bind(b"\0\0\0\1", name=b"s", formats=[1], results=[1]), execute(), SYNC),
        server(m.BindComplete(), row(b"\0\0\0\1"), done(b"SELECT 1"), READY),
    ]
    sql = "SELECT $1::int AS a"
    described = {"parameters": ["int4"], "columns": [{"name": "a", "type": "int4"}]}
    query = ({"query": sql, "params": [1]}, A_IS_1)
    assert told([*cold, *warm, *warm]) == [({"prepare": sql}, described), query, query]


def test_each_statement_of_a_pipeline_is_an_exchange() -> None:
    turns = [
        client(parse(b"INSERT INTO t VALUES ($1)", b"i"), bind(b"1", name=b"i"), execute()),
        client(bind(b"2", name=b"i"), execute(), SYNC),
        server(m.ParseComplete(), m.BindComplete(), done(b"INSERT 0 1")),
        server(m.BindComplete(), done(b"INSERT 0 1"), READY),
    ]
    answer = {"tag": "INSERT 0 1", "status": "I"}
    assert told(turns) == [
        ({"query": "INSERT INTO t VALUES ($1)", "params": ["1"]}, answer),
        ({"query": "INSERT INTO t VALUES ($1)", "params": ["2"]}, answer),
    ]


def test_what_an_error_in_a_pipeline_skips_is_part_of_the_error() -> None:
    turns = [
        client(parse(b"boom"), bind(), execute(), parse(b"never"), bind(), execute(), SYNC),
        server(error(), READY),
        client(m.Query(sql=b"SELECT 1 AS a")),
        server(columns(b"a"), row(b"1"), done(b"SELECT 1"), READY),
    ]
    (failed, answer), after = told(turns)
    assert failed == {"query": "boom"}
    assert isinstance(answer, dict)
    assert "error" in answer
    assert after == ({"query": "SELECT 1 AS a"}, A_IS_1)


def test_several_statements_skipped_leave_one_exchange() -> None:
    one = (parse(b"one"), bind(), execute())
    two = (parse(b"two"), bind(), execute())
    turns = [
        client(parse(b"boom"), bind(), execute(), *one, *two, SYNC),
        server(m.ParseComplete(), m.BindComplete(), error(b"22012"), READY),
    ]
    assert [request for request, _ in told(turns)] == [{"query": "boom"}]


def test_a_portal_read_in_batches_is_one_exchange() -> None:
    turns = [
        client(parse(b"SELECT a"), bind(portal=b"p"), describe(b"P", b"p"), execute(1, b"p"), SYNC),
        server(m.ParseComplete(), m.BindComplete(), columns(b"a"), row(b"1")),
        server(m.PortalSuspended(), IN_TRANSACTION),
        client(execute(1, b"p"), SYNC),
        server(row(b"2"), m.PortalSuspended(), IN_TRANSACTION),
        client(execute(1, b"p"), SYNC),
        server(done(b"SELECT 0"), IN_TRANSACTION),
    ]
    [(request, response)] = told(turns)
    assert request == {"query": "SELECT a"}
    assert isinstance(response, dict)
    assert response["rows"] == [[1], [2]]
    assert response["tag"] == "SELECT 2"


def test_a_portal_left_early_says_so() -> None:
    turns = [
        client(parse(b"SELECT a"), bind(), describe(b"P"), execute(1), SYNC),
        server(m.ParseComplete(), m.BindComplete(), columns(b"a"), row(b"1")),
        server(m.PortalSuspended(), READY),
    ]
    [(_, response)] = told(turns)
    assert response == {
        "columns": [{"name": "a", "type": "int4"}],
        "rows": [[1]],
        "suspended": True,
        "status": "I",
    }


def test_statements_of_one_simple_query_stay_together() -> None:
    turns = [
        client(m.Query(sql=b"SELECT 1 AS a; DELETE FROM t; boom")),
        server(columns(b"a"), row(b"1"), done(b"SELECT 1"), done(b"DELETE 3"), error(), READY),
    ]
    [(_, response)] = told(turns)
    assert isinstance(response, dict)
    assert isinstance(response["results"], list)
    tags = [r.get("tag", "error") for r in response["results"] if isinstance(r, dict)]
    assert tags == ["SELECT 1", "DELETE 3", "error"]


def test_copy_in_keeps_its_data_with_the_request() -> None:
    turns = [
        client(m.Query(sql=b"COPY t FROM STDIN")),
        server(m.CopyStart(way=b"G", format=0, columns=[0, 0])),
        client(m.CopyData(data=b"1\ta\n2"), m.CopyData(data=b"\tb\n"), m.CopyDone()),
        server(done(b"COPY 2"), READY),
    ]
    assert told(turns) == [
        (
            {"query": "COPY t FROM STDIN", "copy": "1\ta\n2\tb\n"},
            {"copy_format": "text", "copy_columns": 2, "tag": "COPY 2", "status": "I"},
        )
    ]


def test_a_notification_is_a_push_wherever_it_comes() -> None:
    turns = [
        client(m.Query(sql=b"NOTIFY c, 'x'")),
        server(done(b"NOTIFY"), m.Notification(pid=7, channel=b"c", payload=b"x"), READY),
    ]
    found = pair([*OPENING, *turns])[1:]
    assert {e.outcome for e in found} == {Outcome.PUSH, Outcome.COMPLETE}
    [pushed] = [e for e in found if e.outcome is Outcome.PUSH]
    assert (pushed.request, pushed.response) == (None, {"notify": "c", "payload": "x"})


def test_the_status_follows_the_transaction() -> None:
    turns = [
        client(m.Query(sql=b"BEGIN")),
        server(done(b"BEGIN"), IN_TRANSACTION),
        client(m.Query(sql=b"boom")),
        server(error(), FAILED),
        client(m.Query(sql=b"ROLLBACK")),
        server(done(b"ROLLBACK"), READY),
    ]
    statuses = [r["status"] for _, r in told(turns) if isinstance(r, dict)]
    assert statuses == ["T", "E", "I"]


def test_an_answer_that_the_end_cut_off_is_cut() -> None:
    turns = [client(m.Query(sql=b"SELECT 1 AS a")), server(columns(b"a"), row(b"1"))]
    found = pair([*OPENING, *turns])[-1]
    assert found.outcome is Outcome.CUT
    assert isinstance(found.response, dict)
    assert found.response["rows"] == [[1]]


def test_a_cancel_request_is_one_way() -> None:
    [found] = pair([client(m.CancelRequest(pid=1, secret=b"abcd"))])
    assert (found.request, found.response) == ({"cancel": True}, None)
    assert found.outcome is Outcome.ONE_WAY


def test_a_function_call_has_arguments_and_a_result() -> None:
    turns = [
        client(m.FunctionCall(function=952, formats=[], values=[b"5", None], result_format=0)),
        server(m.FunctionResult(value=b"6"), READY),
    ]
    request = {"function": 952, "params": ["5", None], "binary": False}
    assert told(turns) == [(request, {"result": "6", "status": "I"})]


def test_replication_is_said_to_be_uncovered() -> None:
    turns = [
        client(m.Query(sql=b"START_REPLICATION 0/0")),
        server(m.CopyStart(way=b"W", format=0, columns=[]), m.CopyData(data=b"w...")),
    ]
    found = pair([*OPENING, *turns])[-1]
    assert found.outcome is Outcome.BROKEN
    assert "not covered" in found.note


def transaction(*statements: bytes) -> list[Turn]:
    turns = [client(m.Query(sql=b"BEGIN")), server(done(b"BEGIN"), IN_TRANSACTION)]
    for sql in statements:
        turns += [client(m.Query(sql=sql)), server(done(sql.split()[0].upper()), IN_TRANSACTION)]
    return [*turns, client(m.Query(sql=b"ROLLBACK")), server(done(b"ROLLBACK"), READY)]


@pytest.mark.parametrize(
    ("statements", "setup"),
    [
        ([b"SELECT 1"], True),
        ([b"select pg_catalog.version()", b"SHOW standard_conforming_strings"], True),
        ([b"SAVEPOINT a", b"select current_schema()", b"RELEASE a"], True),
        ([b"SELECT 1", b"SELECT a FROM t"], False),
        ([b"SAVEPOINT a", b"INSERT INTO t VALUES (1)", b"RELEASE a"], False),
        ([b"SAVEPOINT a", b"RELEASE a"], False),
        ([], False),
    ],
)
def test_a_transaction_of_housekeeping_only_is_housekeeping(
    statements: list[bytes], setup: bool
) -> None:
    found = pair([*OPENING, *transaction(*statements)])[1:]
    first, last = found[0], found[-1]
    for end in (first, last):
        assert PLUGIN.matcher.traits(end.request, end.response).housekeeping is setup
    assert len(found) == len(statements) + 2
