"""The addresses this machine uses to reach others, which the service sees as its own."""

from __future__ import annotations

import socket

FALLBACK = "192.0.2.2"
"""For a machine without any network (TEST-NET-1, RFC 5737): the C library resolves names to
IPv4 addresses only where there is one besides the loopback (AI_ADDRCONFIG)."""

_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def of_this_machine() -> tuple[str, ...]:
    """One IPv4 address, and one of IPv6 where there is a route out. Nothing is sent."""
    found = [_source_towards(family, there) for family, there in _ELSEWHERE]
    return (found[0] or FALLBACK, *([found[1]] if found[1] else []))


def _source_towards(family: socket.AddressFamily, there: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((there, 9))
            address = str(probe.getsockname()[0])
    except OSError:
        return None
    return None if address.startswith(("127.", "fe80:")) or address == "::1" else address
