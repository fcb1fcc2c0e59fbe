"""DNS messages <-> trees."""

from __future__ import annotations

import struct
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from reenact.base.errors import UserError
from reenact.model.value import Value

SIZE_MAX = 65535
"""Bytes of a message (RFC 1035, 4.2.2)."""


_UNREADABLE = (
    dns.exception.DNSException,
    ValueError,
    IndexError,
    NotImplementedError,
    OverflowError,
    struct.error,
)
"""What dnspython raises on bytes that are no DNS message; it documents the first alone."""


def parsed(data: bytes) -> dns.message.Message | None:
    """None for bytes that are no DNS message, or hold records that cannot be told as text."""
    try:
        message = dns.message.from_wire(data, ignore_trailing=True)
        response_tree(message)
        return message
    except _UNREADABLE:
        return None


def request_tree(message: dns.message.Message) -> Value:
    if not message.question:
        return {"name": "", "type": "NONE", "class": "IN"}
    question = message.question[0]
    return {
        "name": question.name.to_text().lower(),
        "type": dns.rdatatype.to_text(question.rdtype),
        "class": dns.rdataclass.to_text(question.rdclass),
    }


def question(request: Value) -> tuple[str, str, str]:
    """Name, type and class of a request's tree."""
    fields = request if isinstance(request, dict) else {}
    return str(fields.get("name")), str(fields.get("type")), str(fields.get("class"))


def response_tree(message: dns.message.Message) -> Value:
    out: dict[str, Value] = {"rcode": dns.rcode.to_text(message.rcode())}
    if message.flags & dns.flags.TC:
        out["truncated"] = True
    for name, section in (("answers", message.answer), ("authority", message.authority)):
        rows = [_row(rrset, str(data)) for rrset in section for data in rrset]
        if rows or name == "answers":
            out[name] = rows
    return out


def _row(rrset: dns.rrset.RRset, data: str) -> Value:
    row: dict[str, Value] = {
        "name": rrset.name.to_text(),
        "type": dns.rdatatype.to_text(rrset.rdtype),
        "ttl": int(rrset.ttl),
        "data": data,
    }
    if rrset.rdclass != dns.rdataclass.IN:
        row["class"] = dns.rdataclass.to_text(rrset.rdclass)
    return row


# -- trees -> bytes -------------------------------------------------------------------------


def answer(query: dns.message.Message, tree: Value, size_max: int = SIZE_MAX) -> bytes:
    """The recorded answer for a live query: its id, its question's spelling. What is over
    `size_max` bytes is cut off and marked (TC), for the client to ask again over TCP.

    Raises UserError for a tree that is no answer (a case file was edited).
    """
    made = dns.message.make_response(query, recursion_available=True)
    try:
        _fill(made, tree if isinstance(tree, dict) else {})
    except (*_UNREADABLE, KeyError, TypeError) as wrong:
        raise UserError(
            f"the recorded answer for {question_text(query)} cannot be written as DNS: {wrong!s}; "
            "a row has name, type, ttl and data as in a zone file"
        ) from wrong
    return _written(made, size_max)


def _fill(made: dns.message.Message, fields: dict[str, Value]) -> None:
    made.set_rcode(dns.rcode.from_text(str(fields.get("rcode", "SERVFAIL"))))
    if fields.get("truncated"):
        made.flags |= dns.flags.TC
    for name, section in (("answers", made.answer), ("authority", made.authority)):
        for row in cast("list[dict[str, Value]]", fields.get(name) or []):
            owner = dns.name.from_text(str(row["name"]))
            kind = dns.rdatatype.from_text(str(row["type"]))
            group = dns.rdataclass.from_text(str(row.get("class", "IN")))
            ttl = int(cast(int, row.get("ttl", 0)))
            one = dns.rrset.from_text(owner, ttl, group, kind, str(row["data"]))
            rrset = made.find_rrset(section, owner, group, kind, one.covers, create=True)
            rrset.update(one)  # type: ignore[no-untyped-call]
            rrset.update_ttl(ttl)


def _written(made: dns.message.Message, size_max: int) -> bytes:
    """Records in the order recorded, which dnspython shuffles unless told: clients take the first."""
    try:
        return made.to_wire(max_size=size_max, want_shuffle=False)
    except dns.exception.TooBig:
        made.flags |= dns.flags.TC
        made.answer.clear()
        made.authority.clear()
        return made.to_wire(max_size=SIZE_MAX)


def refusal(query: dns.message.Message) -> bytes:
    """NXDOMAIN. It carries no SOA, so that nobody may cache it (RFC 2308, 5)."""
    made = dns.message.make_response(query, recursion_available=True)
    made.set_rcode(dns.rcode.NXDOMAIN)
    return made.to_wire()


def format_error(data: bytes) -> bytes:
    """FORMERR for bytes that are no query, if they are long enough to have an id; else nothing."""
    if len(data) < 12:
        return b""
    return data[:2] + b"\x80\x01" + bytes(8)


def question_text(query: dns.message.Message) -> str:
    return " ".join(str(part) for part in query.question[:1]) or "no question"
