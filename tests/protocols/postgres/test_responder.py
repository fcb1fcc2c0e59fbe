"""The server half: what it says by itself, what it asks, and in which order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec
import pytest

from reenact.model.exchange import Outcome
from reenact.model.message import Payload
from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Close,
    Faulty,
    Refuse,
    Responder,
    Send,
    StartTls,
)
from reenact.model.segment import Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.postgres import PLUGIN
from reenact.protocols.postgres import messages as m
from tests.protocols.postgres.script import (
    FLOW,
    OPENING,
    SYNC,
    bind,
    client,
    describe,
    execute,
    parse,
    recorded,
)

COLUMNS: Value = [{"name": "a", "type": "int4"}]
ONE_ROW: Value = {"columns": COLUMNS, "rows": [[1]], "tag": "SELECT 1", "status": "I"}
STARTUP = recorded(
    {"startup": {"user": "app", "database": "shop", "parameters": {}}},
    {"auth": "md5", "parameters": {"server_version": "15.0"}, "backend_key": True},
)


@dataclasses.dataclass
class Stage:
    """Plays a responder and reads back what it writes."""

    responder: Responder
    asked: list[Ask] = dataclasses.field(default_factory=list)
    others: list[Action] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self._codec = PLUGIN.codec(FLOW)
        self._codec.feed(*OPENING[0], 0)

    def say(self, *payloads: Payload) -> list[Payload]:
        return self.take(self.responder.receive(client(*payloads)[1], 0))

    def answer(self, response: Value, outcome: Outcome = Outcome.COMPLETE) -> list[Payload]:
        ask = self.asked.pop(0)
        call = recorded(ask.request, response, outcome)
        return self.take(self.responder.answer(ask.token, Answer(call, response), 0))

    def refuse(self, reason: str = "nothing like it") -> list[Payload]:
        ask = self.asked.pop(0)
        return self.take(self.responder.answer(ask.token, Refuse(reason), 0))

    def take(self, actions: Sequence[Action]) -> list[Payload]:
        said: list[Payload] = []
        for action in actions:
            if isinstance(action, Send):
                said += [x.payload for x in self._codec.feed(Side.SERVER, action.data, 0)]
            elif isinstance(action, Ask):
                self.asked.append(action)
            else:
                self.others.append(action)
        return said


def opened(*known: Interaction) -> Stage:
    stage = Stage(PLUGIN.responder(FLOW, PLUGIN.recall([STARTUP, *known])))
    stage.take(stage.responder.receive(OPENING[0][1], 0))
    assert stage.asked == []
    return stage


def kinds(payloads: Sequence[Payload]) -> list[str]:
    return [type(p).__name__ for p in payloads]


def error_of(payloads: Sequence[Payload]) -> dict[bytes, bytes]:
    [found] = [p for p in payloads if isinstance(p, m.ErrorResponse)]
    return dict(found.fields)


# -- opening --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tls", "actions"), [(True, [Send(b"S"), StartTls()]), (False, [Send(b"N")])]
)
def test_an_ssl_request_is_granted_if_the_recording_was_tls(
    tls: bool, actions: list[Action]
) -> None:
    flow = msgspec.structs.replace(FLOW, tls=tls)
    responder = PLUGIN.responder(flow, PLUGIN.recall([STARTUP]))
    assert responder.receive(client(m.SslRequest())[1], 0) == actions


def test_gss_encryption_is_declined() -> None:
    responder = PLUGIN.responder(FLOW, PLUGIN.recall([STARTUP]))
    assert responder.receive(client(m.GssEncRequest())[1], 0) == [Send(b"N")]


def test_whoever_asks_is_let_in_with_what_was_recorded() -> None:
    stage = Stage(PLUGIN.responder(FLOW, PLUGIN.recall([STARTUP])))
    said = stage.say(m.Startup(version=196608, options=[(b"user", b"x"), (b"database", b"shop")]))
    assert kinds(said) == ["Authentication", "ParameterStatus", "BackendKey", "ReadyForQuery"]
    assert said[0] == m.Authentication(code=0, data=b"")


def test_a_newer_minor_version_is_negotiated_down() -> None:
    stage = Stage(PLUGIN.responder(FLOW, PLUGIN.recall([STARTUP])))
    options = [(b"database", b"shop"), (b"_pq_.x", b"1")]
    said = stage.say(m.Startup(version=196610, options=options))
    assert said[0] == m.NegotiateVersion(minor=0, unknown=[b"_pq_.x"])
    assert kinds(said)[-1] == "ReadyForQuery"


def test_a_database_that_was_never_asked_for_is_the_engines_to_decide() -> None:
    stage = Stage(PLUGIN.responder(FLOW, PLUGIN.recall([STARTUP])))
    stage.say(m.Startup(version=196608, options=[(b"user", b"app"), (b"database", b"other")]))
    said = stage.refuse("no such database on record")
    assert error_of(said)[b"S"] == b"FATAL"
    assert stage.others == [Close()]


def test_a_refused_startup_is_refused_again() -> None:
    failed: Value = {
        "auth": "md5",
        "error": {"severity": "FATAL", "code": "28P01", "message": "no"},
    }
    known = recorded({"startup": {"user": "app", "database": "shop", "parameters": {}}}, failed)
    stage = Stage(PLUGIN.responder(FLOW, PLUGIN.recall([known])))
    stage.take(stage.responder.receive(OPENING[0][1], 0))
    assert error_of(stage.answer(failed))[b"C"] == b"28P01"
    assert stage.others == [Close()]


# -- statements -----------------------------------------------------------------------------


def test_a_warm_recording_serves_a_cold_driver() -> None:
    known = recorded({"query": "SELECT a FROM t WHERE b = 1"}, ONE_ROW)
    stage = opened(known)
    said = stage.say(parse(b"select a from t  where b = 2", b"s"), describe(b"S", b"s"), SYNC)
    assert kinds(said) == [
        "ParseComplete",
        "ParameterDescription",
        "RowDescription",
        "ReadyForQuery",
    ]
    stage.say(bind(name=b"s", results=[1]), execute(), SYNC)
    assert stage.asked[0].request == {"query": "select a from t  where b = 2"}
    said = stage.answer(ONE_ROW)
    assert kinds(said) == ["DataRow", "CommandComplete", "ReadyForQuery"]
    assert said[0] == m.DataRow(values=[b"\0\0\0\1"])


def test_a_described_portal_waits_for_its_answer() -> None:
    stage = opened()
    said = stage.say(parse(b"SELECT a"), bind(results=[1]), describe(b"P"), execute(), SYNC)
    assert kinds(said) == ["ParseComplete", "BindComplete"]
    said = stage.answer(ONE_ROW)
    assert isinstance(said[0], m.RowDescription)
    assert [c.format for c in said[0].columns] == [1]
    assert kinds(said) == ["RowDescription", "DataRow", "CommandComplete", "ReadyForQuery"]


def test_describing_what_nobody_recorded_is_asked() -> None:
    stage = opened()
    assert stage.say(parse(b"SELECT b", types=[23]), describe(b"S"), SYNC) == []
    assert stage.asked[0].request == {"prepare": "SELECT b", "types": ["int4"]}
    said = stage.refuse()
    assert error_of(said) == {
        b"S": b"ERROR",
        b"V": b"ERROR",
        b"C": b"XX000",
        b"M": b"reenact: no recording: nothing like it",
    }
    assert kinds(said) == ["ErrorResponse", "ReadyForQuery"]


def test_a_recorded_failure_to_prepare_is_asked_and_served() -> None:
    failed: Value = {"error": {"severity": "ERROR", "code": "42P01", "message": "no"}}
    stage = opened(recorded({"prepare": "SELECT nothing"}, failed))
    stage.say(parse(b"SELECT nothing"), describe(b"S"), SYNC)
    assert error_of(stage.answer(failed))[b"C"] == b"42P01"


def test_parameters_are_decoded_by_their_types() -> None:
    stage = opened()
    stage.say(
        parse(b"SELECT $1, $2, $3", types=[23, 1700]),
        bind(b"\0\0\0\7", b"1.50", b"x", formats=[1, 0, 0]),
        execute(),
        SYNC,
    )
    request = stage.asked[0].request
    assert isinstance(request, dict)
    assert [str(p) for p in request["params"] or ()] == ["7", "1.50", "x"]  # type: ignore[union-attr]


def test_answers_keep_the_order_however_late_they_come() -> None:
    stage = opened()
    said = stage.say(
        parse(b"SELECT a"), bind(), execute(), parse(b"SELECT b"), bind(), execute(), SYNC
    )
    assert kinds(said) == ["ParseComplete", "BindComplete"]
    assert [a.request for a in stage.asked] == [{"query": "SELECT a"}]
    said = stage.answer({"tag": "SELECT 0", "columns": [], "rows": []})
    assert kinds(said) == ["CommandComplete", "ParseComplete", "BindComplete"]
    assert [a.request for a in stage.asked] == [{"query": "SELECT b"}]
    assert kinds(stage.answer(ONE_ROW)) == ["DataRow", "CommandComplete", "ReadyForQuery"]


def test_after_a_refusal_the_rest_is_skipped_and_the_connection_goes_on() -> None:
    stage = opened()
    stage.say(parse(b"boom"), bind(), execute(), parse(b"never"), bind(), execute(), SYNC)
    assert kinds(stage.refuse()) == ["ErrorResponse", "ReadyForQuery"]
    assert stage.asked == []
    stage.say(m.Query(sql=b"SELECT a"))
    assert kinds(stage.answer(ONE_ROW))[-1] == "ReadyForQuery"


def test_a_portal_is_served_in_the_batches_asked_for() -> None:
    rows: Value = {"columns": COLUMNS, "rows": [[1], [2], [3]], "tag": "SELECT 3", "status": "I"}
    stage = opened()
    stage.say(parse(b"SELECT a"), bind(), execute(2), m.Flush())
    assert kinds(stage.answer(rows)) == ["DataRow", "DataRow", "PortalSuspended"]
    said = stage.say(execute(2), SYNC)
    assert kinds(said) == ["DataRow", "CommandComplete", "ReadyForQuery"]
    assert said[1] == m.CommandComplete(command=b"SELECT 1")


def test_more_rows_than_were_recorded_are_not_made_up() -> None:
    stage = opened()
    stage.say(parse(b"SELECT a"), bind(), execute(), SYNC)
    said = stage.answer({"columns": COLUMNS, "rows": [[1]], "suspended": True, "status": "I"})
    assert kinds(said) == ["DataRow", "ErrorResponse", "ReadyForQuery"]
    assert isinstance(stage.others[0], Faulty)


def test_a_value_that_cannot_be_written_in_the_format_asked_is_an_error() -> None:
    stage = opened()
    stage.say(parse(b"SELECT a"), bind(), execute(), SYNC)
    said = stage.answer(
        {"columns": [{"name": "a", "type": 16400}], "rows": [[{"bin": b"\0"}]], "tag": "SELECT 1"}
    )
    assert b"recorded in binary only" in error_of(said)[b"M"]


@pytest.mark.parametrize("response", [{"rows": ["x"]}, {"error": "x"}, {"columns": ["x"]}])
def test_a_response_that_an_editor_broke_is_an_error(response: Value) -> None:
    stage = opened()
    stage.say(m.Query(sql=b"SELECT a"))
    assert kinds(stage.answer(response)) == ["ErrorResponse", "ReadyForQuery"]
    stage.say(parse(b"SELECT a"), bind(), describe(b"P"), execute(), SYNC)
    assert kinds(stage.answer(response))[-2:] == ["ErrorResponse", "ReadyForQuery"]


def test_an_answer_after_the_client_left_says_nothing() -> None:
    stage = opened()
    stage.say(m.Query(sql=b"SELECT a"))
    stage.responder.eof(0)
    assert stage.answer(ONE_ROW) == []


@pytest.mark.parametrize("sql", ["", ";", "-- ping", "SELECT 1", "select 1 AS one", "VALUES (1)"])
def test_a_ping_needs_no_recording(sql: str) -> None:
    stage = opened()

    def always() -> list[Payload]:
        response = PLUGIN.always(stage.asked[0].request)
        assert response is not None
        return stage.answer(response)

    stage.say(m.Query(sql=sql.encode()))
    simple = always()
    assert simple[-1] == m.ReadyForQuery(status=b"I")
    stage.say(parse(sql.encode()), describe(b"S"), SYNC)
    assert not isinstance(always()[-1], m.ErrorResponse)


def test_no_other_statement_goes_without_a_recording() -> None:
    for sql in ("SELECT 2", "SELECT true", "BEGIN", "SELECT now()"):
        assert PLUGIN.always({"query": sql}) is None
    assert PLUGIN.always({"startup": {}}) is None


def test_an_unknown_statement_is_the_servers_own_error() -> None:
    said = opened().say(bind(name=b"gone"), SYNC)
    assert error_of(said)[b"C"] == b"26000"


# -- transactions, simple queries, COPY -----------------------------------------------------


def test_the_status_is_that_of_the_live_transaction() -> None:
    stage = opened()
    stage.say(m.Query(sql=b"BEGIN"))
    assert stage.answer({"tag": "BEGIN", "status": "T"})[-1] == m.ReadyForQuery(status=b"T")
    stage.say(m.Query(sql=b"boom"))
    assert stage.refuse()[-1] == m.ReadyForQuery(status=b"E")
    stage.say(m.Query(sql=b"ROLLBACK"))
    assert stage.answer({"tag": "ROLLBACK", "status": "I"})[-1] == m.ReadyForQuery(status=b"I")


def test_a_simple_query_gets_all_its_results() -> None:
    stage = opened()
    stage.say(m.Query(sql=b"SELECT 1 AS a; DELETE FROM t"))
    said = stage.answer({"results": [ONE_ROW, {"tag": "DELETE 3"}], "status": "I"})
    assert kinds(said) == [
        "RowDescription",
        "DataRow",
        "CommandComplete",
        "CommandComplete",
        "ReadyForQuery",
    ]


def test_copy_data_is_read_before_the_question_is_asked() -> None:
    request: Value = {"query": "COPY t FROM STDIN", "copy": "1\n"}
    response: Value = {"copy_format": "text", "copy_columns": 1, "tag": "COPY 1", "status": "I"}
    stage = opened(recorded(request, response))
    said = stage.say(m.Query(sql=b"COPY t FROM STDIN"))
    assert said == [m.CopyStart(way=b"G", format=0, columns=[0])]
    stage.say(m.CopyData(data=b"1"), m.CopyData(data=b"\n"), m.CopyDone())
    assert stage.asked[0].request == request
    assert kinds(stage.answer(response)) == ["CommandComplete", "ReadyForQuery"]


def test_a_copy_that_nobody_recorded_is_asked_at_once() -> None:
    stage = opened()
    stage.say(m.Query(sql=b"COPY t FROM STDIN"))
    assert kinds(stage.refuse()) == ["ErrorResponse", "ReadyForQuery"]


def test_an_answer_that_was_cut_is_cut_again() -> None:
    stage = opened()
    stage.say(m.Query(sql=b"SELECT a"))
    said = stage.answer({"columns": COLUMNS, "rows": [[1]]}, Outcome.CUT)
    assert kinds(said) == ["RowDescription", "DataRow"]
    assert stage.others == [Close()]


# -- notifications and the end --------------------------------------------------------------


def test_only_who_listens_is_notified() -> None:
    stage = opened()
    pushed: Value = {"notify": "news", "payload": "x"}
    assert stage.responder.push(pushed, 0) is None
    stage.say(m.Query(sql=b"LISTEN News"))
    stage.answer({"tag": "LISTEN", "status": "I"})
    actions = stage.responder.push(pushed, 0)
    assert actions is not None
    assert stage.take(actions) == [m.Notification(pid=1, channel=b"news", payload=b"x")]
    stage.say(m.Query(sql=b"UNLISTEN *"))
    stage.answer({"tag": "UNLISTEN", "status": "I"})
    assert stage.responder.push(pushed, 0) is None


def test_a_notification_waits_for_the_end_of_the_transaction() -> None:
    stage = opened()
    for sql, tag, status in (("LISTEN c", "LISTEN", "I"), ("BEGIN", "BEGIN", "T")):
        stage.say(m.Query(sql=sql.encode()))
        stage.answer({"tag": tag, "status": status})
    assert stage.responder.push({"notify": "c", "payload": ""}, 0) == []
    stage.say(m.Query(sql=b"COMMIT"))
    said = stage.answer({"tag": "COMMIT", "status": "I"})
    assert kinds(said) == ["CommandComplete", "Notification", "ReadyForQuery"]


def test_a_server_that_went_down_goes_down_again() -> None:
    stage = opened()
    error: Value = {"error": {"severity": "FATAL", "code": "57P01", "message": "bye"}}
    actions = stage.responder.push(error, 0)
    assert actions is not None
    assert kinds(stage.take(actions)) == ["ErrorResponse"]
    assert stage.others == [Close()]


def test_a_terminate_ends_it() -> None:
    stage = opened()
    assert stage.say(m.Terminate()) == []
    assert stage.others == [Close()]


def test_bytes_that_are_no_message_are_faulty() -> None:
    stage = opened()
    stage.take(stage.responder.receive(b"\x01garbage", 0))
    assert [type(a) for a in stage.others] == [Faulty, Close]
