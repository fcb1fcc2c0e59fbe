"""Stamping what passes, and handing it on to whoever keeps it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from reenact.base.clock import Clock
from reenact.model.segment import Endpoint, Flow, FlowId, Role, SegmentKind, Side, Transport

_DATA = SegmentKind.DATA


class Keeper(Protocol):
    """What a capture writer offers."""

    def flow(self, flow: Flow) -> None: ...
    def keep(
        self, flow: FlowId, side: Side, kind: SegmentKind, at_ns: int, data: bytes = b""
    ) -> None: ...


class Recorder:
    """Numbers flows and stamps segments on the capture's clock. Used in one thread."""

    def __init__(self, keeper: Keeper, clock: Clock) -> None:
        self._keeper = keeper
        self.clock_ns = clock.now_ns
        self.began_ns = clock.now_ns()
        self._flows = 0
        self.notes: dict[str, None] = {}

    def now_ns(self) -> int:
        return self.clock_ns() - self.began_ns

    def open(
        self,
        role: Role,
        client: Endpoint,
        server: Endpoint,
        transport: Transport = Transport.TCP,
        hint: str | None = None,
    ) -> Tap:
        self._flows += 1
        flow = Flow(
            id=self._flows,
            role=role,
            client=client,
            server=server,
            transport=transport,
            opened_ns=self.now_ns(),
            hint=hint,
        )
        return Tap(self, self._keeper, flow)

    def note(self, text: str) -> None:
        """Something the user has to hear at the end; once."""
        self.notes[text] = None


class Tap:
    """One flow being recorded."""

    def __init__(self, recorder: Recorder, keeper: Keeper, flow: Flow) -> None:
        self._recorder = recorder
        self._keeper = keeper
        self._keep = keeper.keep
        self._clock_ns, self._began_ns = recorder.clock_ns, recorder.began_ns
        self._id = flow.id
        self.flow = flow
        keeper.flow(flow)
        self._add(Side.CLIENT, SegmentKind.OPEN)

    def describe(
        self,
        *,
        tls: bool | None = None,
        sni: str | None = None,
        alpn: str | None = None,
        opaque: str | None = None,
    ) -> None:
        """What became known of the flow after it was opened; None leaves what was known."""
        known = {"tls": tls, "sni": sni, "alpn": alpn, "opaque": opaque}
        fresh = {name: value for name, value in known.items() if value is not None}
        self.flow = msgspec.structs.replace(self.flow, **fresh)
        self._keeper.flow(self.flow)

    def data(self, side: Side, data: bytes) -> None:
        self._keep(self._id, side, _DATA, self._clock_ns() - self._began_ns, data)

    def eof(self, side: Side) -> None:
        self._add(side, SegmentKind.EOF)

    def reset(self, side: Side, why: str = "") -> None:
        self._add(side, SegmentKind.RESET, why.encode())

    def note(self, text: str) -> None:
        self._recorder.note(text)

    def _add(self, side: Side, kind: SegmentKind, data: bytes = b"") -> None:
        self._keep(self._id, side, kind, self._clock_ns() - self._began_ns, data)
