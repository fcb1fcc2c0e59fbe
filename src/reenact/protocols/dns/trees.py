"""DNS messages <-> trees."""

from __future__ import annotations

from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from reenact.model.value import Value


def parsed(data: bytes) -> dns.message.Message | None:
    """None for bytes that are no DNS message. dnspython raises more than it documents."""
    try:
        return dns.message.from_wire(data, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, IndexError, NotImplementedError):
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


def response_tree(message: dns.message.Message) -> Value:
    out: dict[str, Value] = {"rcode": dns.rcode.to_text(message.rcode())}
    for name, section in (("answers", message.answer), ("authority", message.authority)):
        rows = [_row(rrset, str(data)) for rrset in section for data in rrset]
        if rows or name == "answers":
            out[name] = rows
    return out


def _row(rrset: dns.rrset.RRset, data: str) -> Value:
    return {
        "name": rrset.name.to_text(),
        "type": dns.rdatatype.to_text(rrset.rdtype),
        "ttl": int(rrset.ttl),
        "data": data,
    }


def answer(query: dns.message.Message, tree: Value) -> bytes:
    """The recorded answer for a live query: its id, its question's spelling."""
    made = dns.message.make_response(query, recursion_available=True)
    fields = tree if isinstance(tree, dict) else {}
    made.set_rcode(dns.rcode.from_text(str(fields.get("rcode", "SERVFAIL"))))
    for name, section in (("answers", made.answer), ("authority", made.authority)):
        for row in cast("list[dict[str, Value]]", fields.get(name) or []):
            owner = dns.name.from_text(str(row["name"]))
            kind = dns.rdatatype.from_text(str(row["type"]))
            rrset = made.find_rrset(section, owner, dns.rdataclass.IN, kind, create=True)
            one = dns.rrset.from_text(
                owner, int(cast(int, row["ttl"])), "IN", kind, str(row["data"])
            )
            rrset.update(one)  # type: ignore[no-untyped-call]
            rrset.update_ttl(one.ttl)
    return made.to_wire(max_size=65535)


def refusal(query: dns.message.Message) -> bytes:
    made = dns.message.make_response(query, recursion_available=True)
    made.set_rcode(dns.rcode.NXDOMAIN)
    return made.to_wire()
