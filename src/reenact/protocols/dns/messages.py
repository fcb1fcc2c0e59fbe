"""A DNS message as it was on the wire."""

from __future__ import annotations

from reenact.model.message import Payload


class Packet(Payload, frozen=True, tag="dns.packet"):
    """Kept as bytes: what it says is read when it is told as a tree."""

    data: bytes
