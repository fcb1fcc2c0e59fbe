"""Look-ups: read from both transports, answered to any id and spelling."""

from __future__ import annotations

import itertools

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import msgspec
import pytest

from reenact.base.errors import UserError
from reenact.model.exchange import Outcome
from reenact.model.message import Gap, Malformed
from reenact.model.protocol import Answer, Ask, Faulty, Refuse, Send
from reenact.model.segment import Side, Transport
from reenact.protocols.dns import PLUGIN
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.trees import response_tree
from reenact.testing import check_all
from reenact.testing.conformance import FLOW, read_exchanges
from reenact.testing.rehearse import interactions

C, S = Side.CLIENT, Side.SERVER
UDP = msgspec.structs.replace(FLOW, transport=Transport.UDP)
TCP = FLOW

RECORDS = {
    "A": ["192.0.2.1", "192.0.2.2"],
    "AAAA": ["2001:db8::1"],
    "CNAME": ["other.example."],
    "MX": ["10 mail.example."],
    "TXT": ['"v=spf1 -all" "caf\\195\\169"'],
    "SRV": ["0 5 5060 sip.example."],
    "HTTPS": ['1 . alpn="h2,h3" ipv4hint="192.0.2.1"'],
    "SOA": ["ns.example. root.example. 1 7200 3600 1209600 300"],
    "PTR": ["host.example."],
    "CAA": ['0 issue "ca.example"'],
    "NS": ["ns1.example.", "ns2.example."],
    "TYPE65280": ["\\# 3 abcdef"],
}


def asked(name="api.example.", kind="A", id=7, **options):
    query = dns.message.make_query(name, kind, **options)
    query.id = id
    return query


def answered(query, *rows, rcode=dns.rcode.NOERROR, flags=0):
    made = dns.message.make_response(query, recursion_available=True)
    made.set_rcode(rcode)
    made.flags |= flags
    if rows:
        q = query.question[0]
        made.answer.append(dns.rrset.from_text_list(q.name, 60, q.rdclass, q.rdtype, rows))
    return made.to_wire(max_size=65535, want_shuffle=False)


def conversation(kind, framed):
    query = asked(kind=kind)
    wires = [(C, query.to_wire()), (S, answered(query, *RECORDS[kind]))]
    return [(s, len(w).to_bytes(2) + w) for s, w in wires] if framed else wires


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(RECORDS))
@pytest.mark.parametrize("flow", [UDP, TCP], ids=["udp", "tcp"])
def test_laws_hold(kind, flow):
    check_all(PLUGIN, conversation(kind, framed=flow is TCP), flow)


def test_a_look_up_is_one_exchange():
    [made] = read_exchanges(PLUGIN, conversation("A", framed=False), UDP)
    assert made.request == {"name": "api.example.", "type": "A", "class": "IN"}
    assert made.response == {
        "rcode": "NOERROR",
        "answers": [
            {"name": "api.example.", "type": "A", "ttl": 60, "data": "192.0.2.1"},
            {"name": "api.example.", "type": "A", "ttl": 60, "data": "192.0.2.2"},
        ],
    }


def test_a_query_sent_again_is_the_same_exchange():
    query = asked()
    turns = [(C, query.to_wire()), (C, query.to_wire()), (S, answered(query, "192.0.2.1"))]
    [made] = read_exchanges(PLUGIN, turns, UDP)
    assert made.outcome is Outcome.COMPLETE and len(made.messages) == 3


def test_two_questions_with_one_id_are_two_exchanges():
    a, b = asked(kind="A"), asked(kind="AAAA")
    turns = [
        (C, a.to_wire()),
        (C, b.to_wire()),
        (S, answered(b, "2001:db8::1")),
        (S, answered(a, "192.0.2.1")),
    ]
    made = read_exchanges(PLUGIN, turns, UDP)
    assert [(e.outcome, e.request["type"]) for e in made] == [
        (Outcome.COMPLETE, "AAAA"),
        (Outcome.COMPLETE, "A"),
    ]


def test_an_answer_that_cannot_be_read_breaks_its_query():
    [made] = read_exchanges(PLUGIN, [(C, asked().to_wire()), (S, b"\x00\x07\x81\x80garbled")], UDP)
    assert (made.outcome, made.request["name"]) == (Outcome.BROKEN, "api.example.")


def played(query, tree, flow=UDP, recorded=()):
    """What the client gets for `query` when the engine answers with `tree`."""
    wire = query.to_wire()
    r = PLUGIN.responder(flow, PLUGIN.recall(recorded))
    [ask] = r.receive(wire if flow is UDP else len(wire).to_bytes(2) + wire, 0)
    assert isinstance(ask, Ask)
    reply = tree
    if not isinstance(tree, Refuse):
        [one] = interactions(read_exchanges(PLUGIN, conversation("A", framed=False), UDP))
        reply = Answer(one, tree)
    [sent] = r.answer(ask.token, reply, 0)
    assert isinstance(sent, Send)
    return dns.message.from_wire(sent.data if flow is UDP else sent.data[2:])


def test_the_answer_has_the_live_id_and_the_live_spelling():
    query = asked("API.exAMple.", id=4711)
    tree = {"rcode": "NOERROR", "answers": [row("192.0.2.9")]}
    got = played(query, tree)
    assert got.id == 4711
    assert got.question[0].name.to_text() == "API.exAMple."
    assert [str(r) for r in got.answer[0]] == ["192.0.2.9"]
    assert query.is_response(got)


def row(data, kind="A"):
    return {"name": "api.example.", "type": kind, "ttl": 60, "data": data}


def test_a_name_that_was_not_looked_up_does_not_exist():
    assert played(asked(), Refuse("unknown")).rcode() == dns.rcode.NXDOMAIN


def test_records_keep_their_order():
    data = [f"192.0.2.{n}" for n in (9, 3, 7, 1, 5)]
    tree = {"rcode": "NOERROR", "answers": [row(d) for d in data]}
    for _ in range(5):
        assert [str(r) for r in played(asked(), tree).answer[0]] == data


def aliased():
    """A chain of aliases that ends in two addresses."""
    names = ["api.example.", "edge.example.", "node.example."]
    alias = [
        {"name": a, "type": "CNAME", "ttl": 30, "data": b} for a, b in itertools.pairwise(names)
    ]
    return [
        *alias,
        *(
            {"name": names[-1], "type": "A", "ttl": 5, "data": d}
            for d in ("192.0.2.2", "192.0.2.1")
        ),
    ]


def test_a_chain_of_aliases_is_served_in_order():
    tree = {"rcode": "NOERROR", "answers": aliased()}
    assert response_tree(played(asked(), tree)) == tree


def test_an_empty_answer_keeps_its_authority():
    soa = "ns.example. root.example. 1 7200 3600 1209600 300"
    authority = [{"name": "example.", "type": "SOA", "ttl": 300, "data": soa}]
    for rcode in ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"):
        tree = {"rcode": rcode, "answers": [], "authority": authority}
        assert response_tree(played(asked(), tree)) == tree


def test_a_long_text_is_whole_where_the_client_takes_it():
    text = " ".join(f'"{"x" * 250}"' for _ in range(8))
    tree = {"rcode": "NOERROR", "answers": [row(text, "TXT")]}
    assert played(asked(kind="TXT"), tree).flags & dns.flags.TC
    for query, flow in (
        (asked(kind="TXT", use_edns=0, payload=4096), UDP),
        (asked(kind="TXT"), TCP),
    ):
        assert response_tree(played(query, tree, flow)) == tree


def test_a_look_up_that_was_never_answered_is_not_answered():
    [one] = interactions(read_exchanges(PLUGIN, conversation("A", framed=False)[:1], UDP))
    assert one.outcome is Outcome.CUT
    r = PLUGIN.responder(UDP, PLUGIN.recall([one]))
    [ask] = r.receive(asked().to_wire(), 0)
    assert r.answer(ask.token, Answer(one, None), 0) == []


@pytest.mark.parametrize("spelling", ["api.example.", "API.Example.", "aPi.eXample."])
def test_spelling_makes_no_other_question(spelling):
    turns = [(C, asked(spelling).to_wire())]
    [made] = read_exchanges(PLUGIN, turns, UDP)
    assert made.request == {"name": "api.example.", "type": "A", "class": "IN"}


def test_order_and_lifetimes_of_records_are_not_compared():
    normal = PLUGIN.matcher.normal_response
    rows = [row("192.0.2.1"), row("192.0.2.2")]
    other = [{**r, "ttl": 1} for r in reversed(rows)]
    assert normal({"rcode": "NOERROR", "answers": rows}) == normal(
        {"rcode": "NOERROR", "answers": other}
    )


def test_what_is_too_long_for_a_datagram_is_cut_off_and_whole_over_tcp():
    tree = {"rcode": "NOERROR", "answers": [row(f"192.0.2.{n}") for n in range(200)]}
    got = played(asked(), tree)
    assert got.flags & dns.flags.TC and not got.answer
    assert len(played(asked(), tree, TCP).answer[0]) == 200
    assert len(played(asked(use_edns=0, payload=4096), tree).answer[0]) == 200


def test_a_cut_off_answer_is_replaced_by_the_whole_one_that_was_recorded_too():
    query = asked()
    turns = [(C, query.to_wire()), (S, answered(query, "192.0.2.1"))]
    recorded = interactions(read_exchanges(PLUGIN, turns, UDP))
    got = played(query, {"rcode": "NOERROR", "truncated": True, "answers": []}, TCP, recorded)
    assert [str(r) for r in got.answer[0]] == ["192.0.2.1"]


def test_bytes_that_are_no_query_get_a_format_error():
    r = PLUGIN.responder(UDP, PLUGIN.recall(()))
    faulty, sent = r.receive(b"\x12\x34" + b"\x00" * 2 + b"\xff" * 12, 0)
    assert isinstance(faulty, Faulty)
    got = dns.message.from_wire(sent.data)
    assert (got.id, got.rcode()) == (0x1234, dns.rcode.FORMERR)


def test_an_edited_answer_that_cannot_be_written_is_the_users_mistake():
    with pytest.raises(UserError, match=r"api\.example"):
        played(asked(), {"rcode": "NOERROR", "answers": [row("not an address")]})


def test_look_ups_are_housekeeping_and_change_nothing():
    traits = PLUGIN.matcher.traits({"name": "a.", "type": "A", "class": "IN"}, None)
    assert traits.housekeeping and traits.reads


def test_a_stream_is_not_read_on_after_bytes_were_lost_in_it():
    wire = conversation("A", framed=True)[0][1]
    codec = PLUGIN.codec(TCP)
    found = codec.gap(C, 1, 0) + codec.feed(C, wire, 1) + codec.close(C, 2)
    assert [type(m.payload) for m in found] == [Gap, Malformed]


def test_datagrams_are_read_on_after_one_was_lost():
    wire = conversation("A", framed=False)[0][1]
    codec = PLUGIN.codec(UDP)
    found = codec.gap(C, 1, 0) + codec.feed(C, wire, 1) + codec.close(C, 2)
    assert [type(m.payload) for m in found] == [Gap, Packet]
