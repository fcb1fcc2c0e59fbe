"""A connection that the service opened, and the unit of work it is in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.match.pool import Asked, Recorded
from reenact.model.protocol import Responder
from reenact.model.segment import Flow
from reenact.model.verdict import Miss
from reenact.replay.core.calls import Choice
from reenact.replay.core.lines import UNIT_MAX


@dataclass(slots=True)
class Conn:
    """`waiting` are the bytes that came before it was known what is spoken."""

    flow: Flow
    destination: str
    protocol: str = ""
    responder: Responder | None = None
    waiting: bytes = b""
    opened: list[tuple[Asked, int]] = field(default_factory=list)
    """Units of work begun of which it is not known yet whose they are, and when."""
    before: Choice | Miss | None = None
    """What became of the last call here; None after the end of a unit of work."""
    own: Choice | None = None
    """The last of the unit of work that is a case's, and no other's."""
    unit: deque[Recorded] = field(default_factory=lambda: deque(maxlen=UNIT_MAX))
    """The calls since the end of the unit of work before."""
    within: bool = False
    """Whether a unit of work is open. Between units a pool lends its connection to anybody, so what came
    before says nothing."""
    late_of: str = ""
    """The earlier case whose late effect that call was."""

    def begun(self, asked: Asked, now_ns: int) -> None:
        """A unit of work, and it is not known yet whose."""
        self.opened.append((asked, now_ns))
        self.within = True

    def then(self, asked: Asked, found: Choice | Miss) -> None:
        """What became of one more call."""
        self.before = None if asked.closes else found
        self.within = (self.within or asked.opens) and not asked.closes
        if asked.closes:
            self.own = None
            self.unit.clear()
        elif isinstance(found, Choice):
            self.unit.append(found.call)
            if found.call.case and not found.shared:
                self.own = found
