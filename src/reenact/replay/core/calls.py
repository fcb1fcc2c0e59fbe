"""The recorded calls of a suite while it is replayed, and which one answers a live call."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from reenact.compile.attribute import LATE_NS
from reenact.compile.background import is_stray
from reenact.compile.kind import kind
from reenact.diff.tree import Comparison, Terms
from reenact.match.nearest import miss
from reenact.match.pool import Asked, Pool, Reader, Recorded, compare_call
from reenact.model.exchange import Outcome
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.model.verdict import Miss
from reenact.rename.given import given_words
from reenact.rename.instants import Moment
from reenact.rename.table import Renaming
from reenact.replay.core.handed import came_to_nothing, senders
from reenact.replay.core.lines import Lines
from reenact.replay.core.turns import Turns
from reenact.replay.core.writes import Writes


@dataclass(frozen=True, slots=True)
class Choice:
    """The recorded call to serve. `again`: it was served before, in this very case, or is another
    case's. `due`: what it waited for has happened, so there is nothing left to wait for. `state` has
    the answer to give where that is not the call's own: the same read, recorded at another time.
    `shared`: a read that another case was recorded to make. `unsure`: a read whose answer at this time
    was not recorded: it gets that of another time."""

    call: Recorded
    comparison: Comparison
    again: bool = False
    due: bool = False
    state: Recorded | None = None
    shared: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """Where the replay stands. `case` is the open one ("": none is), `window` when that was recorded,
    on the capture's clock, `answered` which of its calls have been answered."""

    case: str
    window: tuple[int, int]
    answered: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to answer yet: the calls that the recorded answers came from have not been made. If
    they still have not after `idle.took_ns`, the answer is `idle` (None: there is none)."""

    idle: Recorded | None


@dataclass(frozen=True, slots=True)
class Background:
    """Nobody's: the end of a unit of work that is, or a ping that was not recorded. It is answered as
    `like` was, or refused."""

    like: Recorded | None


class Calls:
    """`discover` is rehearsal: generated values are found here, and calls find their case. `share`:
    a read that only other cases were recorded to make is served and noted, not refused."""

    def __init__(
        self,
        suite: Suite,
        plugins: Mapping[str, ProtocolPlugin],
        names: Renaming,
        *,
        discover: bool,
        share: bool = False,
    ) -> None:
        self.names = names
        self.discover = discover
        self._share = share or discover
        self.reader = Reader(plugins)
        session = self._read(suite.session, "")
        self._session = Pool(session)
        self._cursor: dict[object, int] = {}
        self._turns: dict[object, Turns] = {}
        self._began = {case.id: case.at_ns for case in suite.cases}
        self._cases = {case.id: self._case_calls(case) for case in suite.cases}
        self._pools = {id: Pool(calls) for id, calls in self._cases.items()}
        everything = [c for calls in self._cases.values() for c in calls]
        self.lines = Lines([*session, *everything], self._at_ns, names)
        self._anywhere = Pool(sorted(everything, key=self._at_ns) if discover else ())
        reads = (c for c in everything if self._reads(c.interaction))
        self._unseen = self._unseen_kinds([*session, *everything])
        self._reading = Pool(sorted(reads, key=self._at_ns))
        self._polled = {c.interaction.destination for c in session if self._reads(c.interaction)}
        self._writes = Writes(session, self._cases, self._at_ns, self._reads)
        self._given = set(given_words(case.request for case in suite.cases))
        self._used: dict[str, list[Recorded]] = {}
        self._senders = senders(suite, self._waits)
        self._answered: set[str] = set()

    def _read(self, interactions: Sequence[Interaction], case: str) -> list[Recorded]:
        return [self.reader.recorded(i, case) for i in interactions if i.request is not None]

    def _case_calls(self, case: Case) -> list[Recorded]:
        tolerances = case.tolerances
        calls = [call for call in case.calls if call.request is not None]
        return [self.reader.recorded(call, case.id, tolerances) for call in calls]

    @property
    def given(self) -> Set[str]:
        return self._given

    def of(self, case: str) -> list[Recorded]:
        return self._cases.get(case, [])

    def unused(self, case: str) -> list[Recorded]:
        """Calls of the case that have to be asked and were not."""
        return [
            call
            for call in self.of(case)
            if not call.uses and call.interaction.uses in (Uses.ONCE, Uses.SOME)
        ]

    def choose(
        self,
        asked: Asked,
        case: str,
        moment: Moment | None,
        window: tuple[int, int],
        answered: Set[str] = frozenset(),
        unit: Sequence[Recorded] = (),
    ) -> Choice | Miss:
        """The one recorded call that the live one is, and mark it used; else why none is.

        `window` is when, on the capture's clock, the present case was recorded: it tells which
        of several recorded answers of a session call is the one of that time. `answered` are the
        case's calls that have been answered: what of two equal calls is meant depends on them.
        `unit` are the calls before it in its unit of work, while those are all nobody's.
        """
        terms = Terms(self.names, discover=self.discover, moment=moment, given=self._given)
        present = Present(case, window, answered)
        found = self._of_case(asked, case, terms, answered)
        if found is not None and self._in_nobodys_unit(asked, found.call, unit):
            found = None
        if found is None and self.discover and self._like_setup(asked, terms):
            found = self._of_neighbours(asked, terms, window)
        found = (
            found
            or self._of_session(asked, terms, present)
            or self._out_of_order(asked, case, terms)
            or self._of_others(asked, terms, present)
            or self._like_session(asked, terms)
        )
        if found is None and self.discover:
            found = self._discovered(asked, case, terms, window)
        if found is None:
            found = self._again(asked, case, terms) or self._ahead(asked, case, terms, window)
            found = found or self._unseen_kind(asked)
        if found is None:
            pool = self._pools.get(case, Pool())
            near = [*pool.near(asked), *self._session.near(asked)]
            return miss(asked, near, self._used.get(case, []), self.reader, terms)
        self._use(found, case)
        if self.discover and found.call.exact == asked.exact(asked.normal):
            self._given |= given_words([asked.normal])  # what comes again is not made up anew
        return found

    def elsewhere(self, asked: Asked) -> bool:
        """Whether it is the very read that another case was recorded to make, of a dependency that is
        read for nobody in particular, too: threads that share what they know may have met otherwise."""
        known = self._reading.exact(asked, self.names)
        return bool(known) and asked.destination in self._polled

    def wait(self, asked: Asked, case: str) -> Wait | None:
        """Whether a worker's wait has nothing to take yet; None when it has, or is no worker's."""
        pool = self._pools.get(case)
        found = self._session.exact(asked, self.names)
        if not self._sent(found) or (pool is not None and pool.exact(asked, self.names)):
            return None
        if self._taken(found) is not None:
            return None
        return Wait(next((call for call in found if came_to_nothing(call.interaction)), None))

    def answered(self, interaction: Interaction) -> None:
        """It has been answered: what it handed on may be taken now."""
        self._answered.add(interaction.id)

    def tells(self, follower: Choice) -> bool:
        """Whether the call that comes after the opening of a unit of work tells whose that is: a read
        that anybody makes does not."""
        call = follower.call
        anybodys = follower.shared or (not call.case and self._reads(call.interaction))
        return not (call.housekeeping or (anybodys and not call.closes))

    def opening(
        self, asked: Asked, follower: Choice | Background | Miss, case: str
    ) -> Choice | Background | None:
        """The recorded call that a live opening one is, now that it is known what came after it;
        None when that does not tell. It is marked used."""
        if isinstance(follower, Background):
            return follower
        if isinstance(follower, Miss):
            return Background(None) if self.discover else None
        if follower.shared:
            return Background(None)
        opener = self.lines.opener_of(follower.call, asked)
        if opener is None or not self._may_be(opener, case, follower.call.case):
            return None if follower.call.case else Background(opener)
        found = Choice(opener, Comparison())
        self._use(found, case)
        return found

    def closing(self, asked: Asked, before: Choice | Miss, case: str) -> Choice | Background | None:
        """The recorded call that ends the unit of work of `before`; None when that does not tell.
        It is marked used."""
        if isinstance(before, Miss):
            return Background(self.lines.any_edge(asked)) if self.discover else None
        if before.shared:
            return Background(self.lines.any_edge(asked))
        closer = self.lines.closer_of(before.call, asked)
        if closer is None or not self._may_be(closer, case, before.call.case):
            like = None if before.call.case else self.lines.any_edge(asked)
            unseen = before.call.interaction.outcome is Outcome.BROKEN
            return Background(like) if like is not None or unseen else None
        found = Choice(closer, Comparison())
        self._use(found, case)
        return found

    def following(
        self, asked: Asked, before: Choice, case: str, moment: Moment | None
    ) -> Choice | None:
        """The recorded call that followed `before` in its unit of work, if the live one is that. It
        is marked used. Work that begins with what is nobody's, on a connection of its own, is done
        at its own pace: it may come while another case is open than when recorded."""
        call = None if before.shared else self.lines.next_in_unit(before.call, asked)
        if call is None or not call.case:
            return None
        roams = not before.call.case and self.lines.alone(call)
        if not self._may_be(call, case, call.case if roams else before.call.case):
            return None
        terms = Terms(self.names, discover=self.discover, moment=moment, given=self._given)
        found = Choice(call, compare_call(call, asked, terms))
        self._use(found, case)
        return found

    def _may_be(self, call: Recorded, case: str, unit: str) -> bool:
        """`unit` is the case of the unit of work that it would be in."""
        if not call.case:
            return True
        return not call.uses and (call.case in (case, unit) or self.discover)

    def asked_before(self, case: str) -> set[str]:
        """The calls of a case that have been made before it was sent."""
        return {call.interaction.id for call in self.of(case) if call.uses}

    def _of_case(self, asked: Asked, case: str, terms: Terms, answered: Set[str]) -> Choice | None:
        """The first equal call whose turn it is; else, when there is no equal one at all, the
        tightest with generated values of telling form, of several such the one whose turn it is."""
        pool = self._pools.get(case)
        if pool is None:
            return None
        equal = pool.exact(asked, terms.names)
        if equal:
            call = next((c for c in equal if self._due(c, answered)), None)
            return Choice(call, compare_call(call, asked, terms)) if call else None
        if terms.discover and self._reading.exact(asked, terms.names):
            return None  # what differs is not made up: another case reads just this
        alike = pool.alike(asked, terms, all_sites=terms.discover)
        alike.sort(key=lambda pair: (pair[1].looseness, not self._due(pair[0], answered)))
        for call, comparison in alike:
            if not terms.discover or comparison.looseness[0] == 0 or call.generated:
                return Choice(call, comparison)
        return None

    def _in_nobodys_unit(self, asked: Asked, call: Recorded, unit: Sequence[Recorded]) -> bool:
        """Whether an equal call of the session has more before it of what this unit of work began
        with: a thread of the service's own locks, too, and does so while a case is open."""
        if not unit:
            return False
        own = self.lines.explains(call, unit)
        session = self._session.exact(asked, self.names) if own[1] < len(unit) else ()
        return any(self.lines.explains(other, unit) > own for other in session)

    def _due(self, call: Recorded, answered: Set[str]) -> bool:
        """Whether its turn has come; what opened a unit is known only after it."""
        return all(a in answered or a in self.lines.openers for a in call.interaction.after)

    def _like_setup(self, asked: Asked, terms: Terms) -> bool:
        """Whether all that equals it in the session is the set-up of a connection (its BEGIN):
        then a misplaced call of this case is the better guess."""
        equal = self._session.exact(asked, terms.names)
        return bool(equal) and not asked.housekeeping and all(c.housekeeping for c in equal)

    def _out_of_order(self, asked: Asked, case: str, terms: Terms) -> Choice | None:
        """An equal call of the case whose turn it is not: one that came too early, unless the
        background makes such calls, too (its own BEGIN, say)."""
        pool = self._pools.get(case)
        equal = pool.exact(asked, terms.names) if pool is not None else []
        return Choice(equal[0], compare_call(equal[0], asked, terms)) if equal else None

    def _of_session(self, asked: Asked, terms: Terms, present: Present) -> Choice | None:
        """Session calls are served as often as asked, with the answer of that time: a case's answer,
        too, tells what a read found then."""
        found = self._session.exact(asked, terms.names)
        if self._sent(found):
            return self._taken(found)
        if not found:
            return None
        then, sure = self._turn([*found, *self._reading.exact(asked, terms.names)], present)
        call = found[0] if then.case else then
        names = compare_call(call, asked, terms) if call.handles else Comparison()
        unsure = not sure and self._reads(call.interaction)
        return Choice(call, names, state=then, unsure=unsure)

    def _like_session(self, asked: Asked, terms: Terms) -> Choice | None:
        """A session call with generated values."""
        alike = self._session.alike(asked, terms, all_sites=terms.discover)
        if not alike or (terms.discover and alike[0][1].looseness[0] and not alike[0][0].generated):
            return None
        return Choice(*alike[0])

    def _of_others(self, asked: Asked, terms: Terms, present: Present) -> Choice | None:
        """Rehearsal only: the very read that other cases were recorded to make, and that is theirs by
        chance: threads of the service fill a cache that all of them use. No other call is
        more like it, so values that differ are none that the service makes up."""
        if not self._share:
            return None
        then = self._recorded_then(asked, terms, present.window) if self.discover else None
        found = self._reading.exact(asked, terms.names)
        if not found:
            return then
        call, sure = self._turn(found, present)
        same = then is not None and then.call.interaction.response == call.interaction.response
        if then is not None and (same or not sure):
            return then
        names = compare_call(call, asked, terms)
        return Choice(call, names, again=True, shared=True, unsure=not sure)

    def _sent(self, found: list[Recorded]) -> bool:
        """Whether the recording shows who sends what these wait for."""
        return any(call.interaction.id in self._senders for call in found)

    def _taken(self, found: list[Recorded]) -> Choice | None:
        """What was handed to a worker is handed to it once, when it has been sent."""
        for call in found:
            if not call.uses and self._senders.get(call.interaction.id) in self._answered:
                return Choice(call, Comparison(), due=True)
        return None

    def _waits(self, call: Interaction) -> bool:
        matcher = self.reader.plugins[call.protocol].matcher
        return call.request is not None and matcher.traits(call.request, call.response).waits

    def _turn(self, found: list[Recorded], present: Present) -> tuple[Recorded, bool]:
        """Recorded answers in turn, never older than the last before that state nor younger
        than the last within it: a poll follows the recording however often it comes. And whether
        the recording shows that it is the answer of this state."""
        key = (found[0].key, found[0].exact)
        turns = self._turns.get(key)
        if turns is None:
            turns = self._turns[key] = Turns(found, self._at_ns)
        first, last = self._writes.state(present.case, present.window, present.answered)
        oldest, sure = self._writes.known_at(turns, first)
        youngest = max(turns.last_at(last), oldest)
        at = min(max(self._cursor.get(key, -1) + 1, oldest), youngest)
        self._cursor[key] = at
        return turns.calls[at], sure or at != oldest

    def _discovered(
        self, asked: Asked, case: str, terms: Terms, window: tuple[int, int]
    ) -> Choice | None:
        """Rehearsal only: a call that the compiler gave to another case of that time, or one
        whose values differ in more than their form tells."""
        return (
            self._of_neighbours(asked, terms, window)
            or self._loosely(asked, self._pools.get(case), terms)
            or self._loosely(asked, self._session, terms)
        )

    def _of_neighbours(self, asked: Asked, terms: Terms, window: tuple[int, int]) -> Choice | None:
        """The nearest in time of the calls recorded while the present case was open or could
        still cause some."""
        exact = self._recorded_then(asked, terms, window)
        if exact is not None:
            return exact
        timely = self._timely(asked, window)
        found = [
            Choice(call, comparison)
            for call, comparison in self._anywhere.alike(asked, terms, all_sites=True, among=timely)
            if comparison.looseness[0] == 0
        ]
        return min(found, key=lambda c: self._at_ns(c.call), default=None)

    def _recorded_then(self, asked: Asked, terms: Terms, window: tuple[int, int]) -> Choice | None:
        timely = self._timely(asked, window)
        for call in self._anywhere.exact(asked, terms.names):
            if call in timely:
                return Choice(call, compare_call(call, asked, terms))
        return None

    def _timely(self, asked: Asked, window: tuple[int, int]) -> Sequence[Recorded]:
        bucket = self._anywhere.bucket(asked)
        first = bisect_left(bucket, window[0], key=self._at_ns)
        last = bisect_right(bucket, window[1] + LATE_NS, key=self._at_ns)
        return bucket[first:last]

    def _at_ns(self, call: Recorded) -> int:
        return self._began.get(call.case, 0) + call.interaction.asked_ns

    @staticmethod
    def _loosely(asked: Asked, pool: Pool | None, terms: Terms) -> Choice | None:
        alike = pool.alike(asked, terms, all_sites=True) if pool is not None else []
        return Choice(*alike[0]) if alike else None

    def _again(self, asked: Asked, case: str, terms: Terms) -> Choice | None:
        """A call of this case once more, where the suite says that it may repeat (or, in
        rehearsal, where it only reads)."""
        for call in reversed(self._used.get(case, [])):
            if call.key != asked.key or not self._may_repeat(call):
                continue
            comparison = compare_call(call, asked, terms)
            if comparison.equal:
                return Choice(call, comparison, again=True)
        return None

    def _ahead(
        self, asked: Asked, case: str, terms: Terms, window: tuple[int, int]
    ) -> Choice | None:
        """Outside of any case: a read that was recorded while a case was open, now or soon. A
        thread of the service's own made it, and came a little earlier than then. It is the
        recorded read; the case may make it as well, and need not any more."""
        if case:
            return None
        found = self._reading.exact(asked, terms.names)
        soon = [c for c in found if window[0] <= self._at_ns(c) <= window[1] + LATE_NS]
        return Choice(soon[0], compare_call(soon[0], asked, terms), again=True) if soon else None

    def _unseen_kind(self, asked: Asked) -> Choice | None:
        """Background that was never recorded, of a kind that rehearsals saw: a heartbeat's next
        number. Nothing is served for it: it is refused as those were."""
        if self.discover or not self._unseen:
            return None
        plugins = self.reader.plugins
        call = self._unseen.get((asked.destination, kind(asked.protocol, asked.request, plugins)))
        return None if call is None else Choice(call, Comparison())

    def _kind(self, call: Recorded) -> tuple[str, str]:
        made = call.interaction
        return made.destination, kind(made.protocol, made.request, self.reader.plugins)

    def _unseen_kinds(self, calls: Sequence[Recorded]) -> dict[tuple[str, str], Recorded]:
        """Refused background by its kind, unless calls of that kind were recorded as well."""
        strays = [call for call in calls if is_stray(call.interaction)]
        if not strays:
            return {}
        known = {self._kind(call) for call in calls if not is_stray(call.interaction)}
        found = {self._kind(call): call for call in reversed(strays)}
        return {what: call for what, call in found.items() if what not in known}

    def _reads(self, interaction: Interaction) -> bool:
        matcher = self.reader.plugins[interaction.protocol].matcher
        traits = matcher.traits(interaction.request, interaction.response)
        return traits.reads and not traits.housekeeping

    def _may_repeat(self, call: Recorded) -> bool:
        if call.interaction.uses in (Uses.MANY, Uses.SOME):
            return True
        matcher = self.reader.plugins[call.interaction.protocol].matcher
        traits = matcher.traits(call.interaction.request, call.interaction.response)
        return self.discover and (traits.reads or traits.waits)

    def _use(self, choice: Choice, case: str) -> None:
        call = choice.call
        call.uses += 1
        if not call.case:
            return
        if not choice.again:
            self._used.setdefault(case, []).append(call)
            self._pools[call.case].remove(call)
            if self.discover:
                self._anywhere.remove(call)


def pushes(case: Case) -> list[Interaction]:
    return [call for call in case.calls if call.request is None and call.outcome is Outcome.PUSH]
