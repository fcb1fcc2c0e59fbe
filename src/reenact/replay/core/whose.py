"""Which recorded call a live one is, and whose, by what else is asked on its connection."""

from __future__ import annotations

from collections.abc import Mapping

from reenact.match.pool import Asked
from reenact.model.verdict import Miss
from reenact.rename.forms import DERIVABLE
from reenact.rename.table import Renaming
from reenact.replay.core.calls import Background, Calls, Choice
from reenact.replay.core.case import Running
from reenact.replay.core.conn import Conn


class Whose:
    """`place` is where in the suite each case is. `window` is, wherever it is asked for, when the present
    was recorded."""

    def __init__(
        self, calls: Calls, names: Renaming, place: Mapping[str, int], *, discover: bool
    ) -> None:
        self._calls = calls
        self._names = names
        self._place = place
        self._discover = discover
        self._knew: dict[str, set[str]] = {}  # by case: whose values its request carried

    def found(
        self, made: Conn, asked: Asked, running: Running, window: tuple[int, int]
    ) -> Choice | Background | Miss:
        """Which recorded call a live one is."""
        found: Choice | Background | Miss | None = None
        if asked.closes and made.before is not None:
            miss = isinstance(made.before, Miss)
            inside = made.before if miss else made.own or made.before
            found = self._calls.closing(asked, inside, running.id)
        elif isinstance(made.before, Choice) and not asked.housekeeping:
            found = self._calls.following(asked, made.before, running.id, running.moment)
        if found is None:
            nobodys = tuple(made.unit) if made.within and not made.own else ()
            found = self._calls.choose(
                asked, running.id, running.moment, window, running.answered, nobodys
            )
        if not asked.housekeeping and not isinstance(found, Background):
            made.then(asked, found)
        return found

    def late_of(
        self, made: Conn, asked: Asked, found: Choice | Background | Miss, running: Running
    ) -> str:
        """Rehearsal only: the earlier case whose late effect a call is. It carries values that that
        case made up, and that neither the open case's request nor any answer has told since, and that the
        open case can't have worked out; or it ends a unit of work that did."""
        if not self._discover or running.case is None:
            return ""
        self._knew[running.id] = running.uses
        if asked.closes and made.late_of:
            late_of, made.late_of = made.late_of, ""
            return late_of
        if not isinstance(found, Choice) or not found.call.case:
            return ""
        told = running.uses | running.told | {running.id, ""}
        strange = {
            origin
            for origin, kind in self._names.carried(asked.normal)
            if origin not in told and not self._worked_out(kind, origin, found, running)
        }
        made.late_of = max(strange, key=self._place.__getitem__, default="")
        return made.late_of

    def _worked_out(self, kind: str, origin: str, found: Choice, running: Running) -> bool:
        """Whether a value may be a digest of what both cases were told (the key under which a token is
        kept), rather than one made up by the case that was the first to say it: the open
        case was recorded to say it, too."""
        if kind not in DERIVABLE or found.call.case != running.id:
            return False
        common = self._knew.get(origin, set()) & (running.uses | running.told)
        return bool(common - {origin, running.id, ""})

    def credit(
        self,
        made: Conn,
        follower: Choice | Background | Miss | None,
        running: Running,
        window: tuple[int, int],
        late_of: str = "",
    ) -> None:
        """Say which recorded calls the openings on this connection were."""
        if isinstance(follower, Choice) and not self._calls.tells(follower):
            return
        opened, made.opened = made.opened, []
        for asked, at_ns in opened:
            found: Choice | Background | Miss | None = None
            if follower is not None:
                found = self._calls.opening(asked, follower, running.id)
            if found is None:
                found = self._calls.choose(
                    asked, running.id, running.moment, window, running.answered
                )
            running.asked(asked, found, at_ns, late_of)
            if isinstance(found, Choice):
                running.answered.add(found.call.interaction.id)
