"""Answers that are given later than they could be: as late as recorded, or as a rehearsal makes them."""

from __future__ import annotations

from dataclasses import dataclass

from reenact.model.exchange import Outcome
from reenact.model.suite import Interaction
from reenact.replay.core.events import WakeAt
from reenact.replay.core.shake import Shake

SLOW_NS = 20 * 10**6
"""Session answers that took longer when recorded take as long again: a blocked read that is
answered at once makes its service spin."""


@dataclass(frozen=True, slots=True)
class Held:
    """An answer that is given later. `shaken`: since this rehearsal makes it late; else since it was so."""

    at_ns: int
    conn: int
    token: int
    interaction: Interaction
    shaken: bool = False


class Later:
    def __init__(self, shake: Shake) -> None:
        self._shake = shake
        self._held: list[Held] = []

    @property
    def shaken(self) -> bool:
        """Whether an answer is still to come that is late in this rehearsal alone."""
        return any(held.shaken for held in self._held)

    def wait_ns(self, interaction: Interaction, case: str, *, listening: bool) -> int | None:
        """How late the answer comes; None: never, as recorded."""
        if interaction.outcome is Outcome.CUT and interaction.response is None:
            return None
        if as_recorded(interaction, case):
            return interaction.took_ns
        if case:
            return self._shake.delay_ns(interaction.id)
        return self._shake.lag_ns(listening=listening)

    def until_ns(self, conn: int) -> int:
        """Answers of one connection leave in the order of the questions, so none is given before
        those that are held back."""
        return max((held.at_ns for held in self._held if held.conn == conn), default=0)

    def hold(self, held: Held) -> WakeAt:
        self._held.append(held)
        return WakeAt(held.at_ns)

    def forget(self, conn: int, token: int) -> None:
        """It is answered otherwise."""
        self._held = [held for held in self._held if (held.conn, held.token) != (conn, token)]

    def due(self, now_ns: int) -> list[Held]:
        """Those whose time has come; they are held no more."""
        due = [held for held in self._held if held.at_ns <= now_ns]
        self._held = [held for held in self._held if held.at_ns > now_ns]
        return due


def as_recorded(interaction: Interaction, case: str) -> bool:
    """Whether the answer takes the time that it took: a worker's wait for something to do."""
    return not case and interaction.took_ns > SLOW_NS
