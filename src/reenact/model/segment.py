"""What the recorder wrote down: bytes, whose they were, and when the service could know them."""

from __future__ import annotations

import enum
from typing import TypeAlias

import msgspec

FlowId: TypeAlias = int


class Side(enum.IntEnum):
    """Who wrote the bytes. CLIENT opened the connection, whoever that was."""

    CLIENT = 0
    SERVER = 1

    @property
    def other(self) -> Side:
        return Side(1 - self)


class Role(enum.Enum):
    INBOUND = "inbound"  # the service is the server: these become stimuli
    OUTBOUND = "outbound"  # the service is the client: these become interactions


class SegmentKind(enum.IntEnum):
    OPEN = 0
    DATA = 1
    GAP = 2  # bytes were lost here; the count is in `lost`
    EOF = 3  # this side sent FIN
    RESET = 4  # the connection was torn down (RST, or the dial failed; `data` then says why)


class Segment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One read at the service-facing socket.

    `at_ns` is nanoseconds of the recorder's monotonic clock since the capture began: taken
    after the read returned for bytes the service wrote (they existed by then), and before the
    write began for bytes the service received (it cannot have known them earlier). So if a went
    to the service and b came from it, `b.at_ns < a.at_ns` proves that a did not cause b.
    `seq` has no holes within a capture: a hole means a torn file.
    """

    seq: int
    flow: FlowId
    side: Side
    kind: SegmentKind
    at_ns: int
    data: bytes = b""
    lost: int = 0


class Endpoint(msgspec.Struct, frozen=True):
    """`host` is an IP address, or the path of a Unix socket with `port` 0."""

    host: str
    port: int

    def __str__(self) -> str:
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Transport(enum.Enum):
    TCP = "tcp"
    UNIX = "unix"
    UDP = "udp"  # DNS only; one flow per query, each datagram one DATA segment


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One connection. `server` is the destination that the client meant, before interception.

    `tls` is True when the bytes in the capture are what TLS carried; `opaque` says why they
    are not readable although the connection was TLS (pinned, passthrough), else "".
    `hint` is a protocol named in the configuration: evidence, not an order.
    `opened_ns` is on the capture's clock.
    """

    id: FlowId
    role: Role
    client: Endpoint
    server: Endpoint
    transport: Transport = Transport.TCP
    opened_ns: int = 0
    tls: bool = False
    sni: str | None = None
    alpn: str | None = None
    opaque: str = ""
    hint: str | None = None
