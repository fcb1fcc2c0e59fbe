"""One case while it runs: what it has asked so far, when it is over, and the verdict."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

import msgspec

from reenact.diff.tree import Comparison, Terms, compare
from reenact.match.pool import Asked, Reader, kinds_by_path
from reenact.model.difference import Change, Conflict, Difference
from reenact.model.suite import Case, Interaction
from reenact.model.value import Value
from reenact.model.verdict import CallDifferences, Miss, Status, Step, Verdict
from reenact.rename.instants import Moment
from reenact.rename.table import Renaming
from reenact.replay.core.calls import Background, Calls, Choice
from reenact.replay.core.events import Filled, Observation, Served, Stray

RESPONSE_WAIT_NS = 10 * 10**9
"""Added to ten times the recorded duration: how long a response may take."""

HUNG_WAIT_NS = 10**9
"""The same, once the service has failed to answer in time twice: it hangs."""

CALL_WAIT_NS = 10**9
"""Added to twice the recorded lateness: how long a test waits for a missing call. Rehearsals that
discover wait much less: there most missing calls were just given to the wrong case."""

LIFE_NS = 10 * 10**9
"""How long at most signs of life prolong that wait: a service that asks a refused call again and
again never falls silent."""


OUT_OF_ORDER = "out of order"


@dataclass(frozen=True, slots=True)
class Early:
    """A call that came before those which it was recorded to follow had been answered."""

    interaction: Interaction
    label: str
    before: tuple[str, ...]


@dataclass(slots=True)
class Running:
    """Everything known of the case that is open now ("" for what is outside of any case)."""

    id: str
    case: Case | None
    began_ns: int
    moment: Moment | None
    response: Value = None
    error: str = ""
    see: str = ""
    done_ns: int | None = None
    last_ns: int = 0
    answered: set[str] = field(default_factory=set)
    served: list[Served] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    ordered: list[Early] = field(default_factory=list)
    tolerated: list[CallDifferences] = field(default_factory=list)
    filled: list[Filled] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """Cases whose generated values the answers to its calls have told it."""
    shaken_ns: int = 0
    """How much later its answers were than they could be, in a rehearsal that makes them late."""
    pushed: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def asked(
        self, asked: Asked, found: Choice | Background | Miss, now_ns: int, late_of: str = ""
    ) -> None:
        """Note a live call and what became of it. `late_of`: it is the late effect of that case."""
        if isinstance(found, Background):
            self._step(asked, "background", None)
            return
        if isinstance(found, Miss) or found.call.case:
            # Background work, a heartbeat say, tells nothing of whether the case goes on.
            self.last_ns = now_ns
        if isinstance(found, Miss):
            self.misses.append(found)
            fate = "repeated" if found.repeated else "changed" if found.why_not else "extra"
            self._step(asked, fate, None)
            return
        interaction = found.call.interaction
        self.served.append(
            Served(
                interaction=interaction.id,
                owner=found.call.case,
                answered=frozenset(self.answered if self.case is not None else ()),
                varied=tuple(found.comparison.varied),
                late_of=late_of,
                late=self.done_ns is not None,
                shared=found.shared,
            )
        )
        if found.call.case != self.id:
            self._step(asked, "background", interaction.id)
            return
        if leant := found.comparison.tolerated:
            self.tolerated.append(
                CallDifferences(interaction=interaction.id, label=asked.label, differences=leant)
            )
        fate = "as recorded"
        early = [id for id in interaction.after if id not in self.answered]
        if early and not found.again:
            fate = OUT_OF_ORDER
            self.ordered.append(Early(interaction, asked.label, tuple(early)))
        self._step(asked, fate, interaction.id)

    def strays(self) -> tuple[Stray, ...]:
        return tuple(
            Stray(protocol=m.protocol, destination=m.destination, request=m.request)
            for m in self.misses
            if m.request is not None
        )

    def _step(self, asked: Asked, fate: str, interaction: str | None) -> None:
        self.steps.append(
            Step(
                label=asked.label,
                protocol=asked.protocol,
                destination=asked.destination,
                fate=fate,
                interaction=interaction,
            )
        )

    def response_deadline_ns(self, *, hung: bool) -> int:
        took = self.case.took_ns if self.case else 0
        return self.began_ns + 10 * took + (HUNG_WAIT_NS if hung else RESPONSE_WAIT_NS)

    def calls_deadline_ns(self, missing: list[Interaction], patience_ns: int) -> int:
        """How long to wait for calls that have not come: twice as late as recorded, as much later as
        answers were made late, and `patience_ns` after the last sign of life."""
        assert self.case is not None and self.done_ns is not None
        late = max((call.asked_ns - self.case.took_ns for call in missing), default=0)
        since = self.done_ns + 2 * max(late, 0) + self.shaken_ns
        return max(since, min(self.last_ns, since + LIFE_NS)) + patience_ns

    def quiet_at_ns(self, quiet_ns: int) -> int:
        """When the case has asked nothing for `quiet_ns` after its response."""
        assert self.done_ns is not None
        return min(self.last_ns, self.done_ns + LIFE_NS) + quiet_ns


def _early(running: Running, never: Set[str]) -> list[Early]:
    """Those that did not wait for a call that was made later. Where it was never made, that says all
    there is to say."""
    return [call for call in running.ordered if not never >= set(call.before)]


def _steps(running: Running, early: list[Early]) -> list[Step]:
    ids = {call.interaction.id for call in early}
    return [
        msgspec.structs.replace(step, fate="as recorded")
        if step.fate == OUT_OF_ORDER and step.interaction not in ids
        else step
        for step in running.steps
    ]


def _order(call: Early) -> CallDifferences:
    recorded: list[Value] = [*call.interaction.after]
    difference = Difference(
        change=Change.ORDER,
        at=("order",),
        recorded=recorded,
        live=f"asked before {', '.join(call.before)} had been answered",
    )
    return CallDifferences(
        interaction=call.interaction.id, label=call.label, differences=(difference,)
    )


class Judge:
    """Verdicts. Pure: the same running case gives the same verdict."""

    def __init__(
        self,
        names: Renaming,
        reader: Reader,
        *,
        discover: bool,
        responses_only: bool,
        rehearsal: bool = False,
    ) -> None:
        self._names = names
        self._reader = reader
        self._discover = discover
        self._responses_only = responses_only
        self._rehearsal = rehearsal
        self._otherwise: set[str] = set()  # cases set aside that did not do as recorded

    def response(self, running: Running, given: Set[str]) -> Comparison:
        """Compare the response, and bind what it minted."""
        case = running.case
        assert case is not None
        plugin = self._reader.plugins[case.protocol]
        matcher = plugin.matcher
        terms = Terms(
            self._names,
            generated=kinds_by_path(case.generated),
            discover=self._discover,
            moment=running.moment,
            tolerated={t.at: t.rule for t in case.tolerances},
            given=given,
            fixed=frozenset(("response", *at) for at in plugin.fixed),
            hashes={("response", *at): ("response", *of) for at, of in plugin.hashes.items()},
            rehearsal=self._rehearsal,
        )
        if running.response is None:
            return Comparison()
        comparison = compare(
            matcher.normal_response(case.response),
            matcher.normal_response(running.response),
            ("response",),
            terms,
        )
        for b in comparison.bindings:
            conflict = self._names.add(b, case.id)
            if conflict is not None:
                running.conflicts.append(conflict)
        return comparison

    def verdict(self, running: Running, calls: Calls, now_ns: int) -> tuple[Verdict, Observation]:
        case = running.case
        assert case is not None
        comparison = self.response(running, calls.given)
        missing = [
            (c.interaction.id, self._reader.label(c.interaction)) for c in calls.unused(case.id)
        ]
        notes = [running.error, *running.faults]
        early = _early(running, {id for id, _ in missing})
        ordered = [_order(call) for call in early]
        changed = bool(comparison.unexplained or running.error or running.conflicts)
        effects = bool(running.misses or missing or ordered or running.faults)
        if effects and not self._responses_only:
            changed = True
        if case.aside:
            if changed:
                self._otherwise.add(case.id)
            title = self._reader.plugins[case.protocol].matcher.label(case.request)
            return set_aside(case, title), self.observation(running, comparison)
        doubt = self._doubt(case) if changed else ""
        verdict = Verdict(
            case=case.id,
            status=Status.UNKNOWN if doubt else Status.FAIL if changed else Status.PASS,
            title=self._reader.plugins[case.protocol].matcher.label(case.request),
            differences=tuple(comparison.differences),
            calls=(*ordered, *running.tolerated),
            misses=tuple(running.misses),
            missing=tuple(missing),
            conflicts=tuple(running.conflicts),
            bindings=self._names.bindings() if changed else (),
            timeline=(*_steps(running, early), *_missing_steps(calls, case)),
            took_ns=now_ns - running.began_ns,
            note="; ".join(note for note in (doubt, *notes) if note),
            see=running.see,
        )
        return verdict, self.observation(running, comparison)

    def _doubt(self, case: Case) -> str:
        """A case that builds on what another one leaves inside the service can't be decided when that
        one is set aside, since it comes and goes, and did otherwise this time."""
        shaky = [need for need, _ in case.needs_why if need in self._otherwise]
        return f"needs {shaky[0]}, which is set aside and did otherwise this time" if shaky else ""

    def observation(self, running: Running, comparison: Comparison) -> Observation:
        return Observation(
            case=running.id,
            served=tuple(running.served),
            varied=tuple(comparison.varied),
            uses=frozenset(running.uses - {running.id, ""}),
            reproduced=comparison.equal and not (running.error or running.faults),
            strays=running.strays(),
            filled=tuple(running.filled),
        )

    def session(self, running: Running, now_ns: int) -> tuple[Verdict, Observation]:
        """What the service asked outside of any case: unknown calls there are a change as well."""
        changed = bool((running.misses or running.faults) and not self._responses_only)
        verdict = Verdict(
            case="session",
            status=Status.FAIL if changed else Status.PASS,
            title="calls outside of any case (start-up, pools, background)",
            misses=tuple(running.misses),
            timeline=tuple(s for s in running.steps if s.fate != "background"),
            background=tuple(
                sorted(
                    {
                        s.interaction
                        for s in running.steps
                        if s.fate == "background" and s.interaction
                    }
                )
            ),
            bindings=self._names.bindings() if changed else (),
            took_ns=now_ns - running.began_ns,
            note="; ".join(running.faults),
        )
        return verdict, self.observation(running, Comparison())


def _missing_steps(calls: Calls, case: Case) -> list[Step]:
    return [
        Step(
            label=calls.reader.label(c.interaction),
            protocol=c.interaction.protocol,
            destination=c.interaction.destination,
            fate="missing",
            interaction=c.interaction.id,
        )
        for c in calls.unused(case.id)
    ]


def set_aside(case: Case, title: str) -> Verdict:
    return Verdict(
        case=case.id, status=Status.UNKNOWN, title=title, note=f"set aside: {case.aside}"
    )
