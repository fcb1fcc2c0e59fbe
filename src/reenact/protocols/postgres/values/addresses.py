"""inet, cidr, macaddr, macaddr8."""

from __future__ import annotations

import ipaddress

_V4, _V6 = 2, 3  # PGSQL_AF_INET, PGSQL_AF_INET6 (utils/inet.h)


def inet_text(raw: bytes, *, cidr: bool) -> str:
    """The prefix length is written unless it is that of a single inet host (`inet_out`)."""
    family, bits, _, size = raw[0], raw[1], raw[2], raw[3]
    if family not in (_V4, _V6) or size != len(raw) - 4:
        raise ValueError("an address of no known family")
    address = ipaddress.ip_address(raw[4:])
    whole = bits == address.max_prefixlen and not cidr
    return str(address) if whole else f"{address}/{bits}"


def inet_binary(text: str, *, cidr: bool) -> bytes:
    host, _, prefix = text.partition("/")
    address = ipaddress.ip_address(host)
    bits = int(prefix) if prefix else address.max_prefixlen
    packed = address.packed
    return bytes((_V4 if address.version == 4 else _V6, bits, cidr, len(packed))) + packed


def mac_text(raw: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in raw)


def mac_binary(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
