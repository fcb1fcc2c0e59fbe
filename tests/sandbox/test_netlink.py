"""Our netlink messages, read back by an independent implementation (pyroute2)."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from reenact.sandbox.inside import netlink as nl
from reenact.sandbox.inside import network


def _decoded(kind: type, message: tuple[int, int, bytes]) -> Any:  # Any: pyroute2's dictionaries
    number, flags, body = message
    frame = struct.pack("=IHHII", 16 + len(body), number, flags, 1, 0) + body
    out = kind(frame)
    out.decode()
    return out


def test_an_address_is_read_as_meant() -> None:
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

    for address, bits in (("192.0.2.2", 32), ("2001:db8::2", 128)):
        got = _decoded(ifaddrmsg, nl.add_address(address))
        assert (got["prefixlen"], got["index"]) == (bits, nl.LO)
        assert got.get_attr("IFA_LOCAL") == got.get_attr("IFA_ADDRESS") == address


def test_the_route_makes_everything_local() -> None:
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    for address in ("192.0.2.2", "2001:db8::2"):
        got = _decoded(rtmsg, nl.everything_is_local(address))
        assert (got["dst_len"], got["table"], got["type"]) == (0, 255, 2)
        assert got.get_attr("RTA_OIF") == nl.LO
        assert got.get_attr("RTA_PREFSRC") == address


def test_rules_are_read_as_meant() -> None:
    from pyroute2.netlink.nfnetlink.nftsocket import nft_rule_msg

    rules = [m for m in network.rules(["192.0.2.2"]) if m[0] & 0xFF == 6]
    names = [_expressions(_decoded(nft_rule_msg, rule)) for rule in rules]
    assert ["meta", "cmp", "notrack"] in names
    assert ["meta", "cmp", "payload", "cmp", "immediate", "redir"] in names
    assert names[-2] == [
        "meta",
        "cmp",
        "meta",
        "cmp",
        "immediate",
        "immediate",
        "tproxy",
        "immediate",
    ]


def _expressions(rule: Any) -> list[str]:
    return [e.get_attr("NFTA_EXPR_NAME") for e in rule.get_attr("NFTA_RULE_EXPRESSIONS")]


def test_chains_hook_where_meant() -> None:
    from pyroute2.netlink.nfnetlink.nftsocket import nft_chain_msg

    got = _decoded(nft_chain_msg, nl.chain("t", "divert", "filter", nl.PREROUTING, -150))
    hook = got.get_attr("NFTA_CHAIN_HOOK")
    assert hook.get_attr("NFTA_HOOK_HOOKNUM") == nl.PREROUTING
    assert struct.unpack("!i", struct.pack("!I", hook.get_attr("NFTA_HOOK_PRIORITY") % 2**32)) == (
        -150,
    )
    assert got.get_attr("NFTA_CHAIN_TYPE") == "filter"


def test_a_refusal_of_the_kernel_is_raised_with_its_number() -> None:
    """An address cannot be added to a link that is not there."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    header = struct.pack("=IHHIIi", 20, nl.NLMSG_ERROR, 0, 1, 0, -19)
    theirs.send(header)
    with ours, theirs, pytest.raises(OSError, match="No such device"):
        nl._await(ours, 1)
