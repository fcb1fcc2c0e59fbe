"""What a new recording has that a suite has not: put into the suite, and nothing else of it changed. Pure.

A request of the new recording is that of an existing case when it equals it up to generated values. Of its
calls only those that the case has not are taken, with their answers: one that differs from a recorded
call in values alone is that call, and stays as it was. Values and times of the new recording are told as those of the old. Requests that no case has become new cases.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping

import msgspec

from reenact.compile.shape import tree_shape
from reenact.diff.tree import Comparison, Terms, compare
from reenact.match.pool import Reader, Recorded, compare_call, kinds_by_path
from reenact.model.difference import CallChange
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Accepted, Case, Interaction, Suite
from reenact.model.value import Value, path_text
from reenact.rename.instants import Moment
from reenact.rename.shift import moved
from reenact.rename.table import Renaming

_NUMBERED = re.compile(r"(\d+)-(.*)", re.DOTALL)


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` are (case, label) of each call that was added, `cases` the ids of new ones,
    `known` counts requests of the new recording that told nothing new."""

    suite: Suite
    calls: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]
    known: int


def append(
    old: Suite, new: Suite, plugins: Mapping[str, ProtocolPlugin], *, why: str, since: str
) -> Appended:
    """`why` and `since` (a date) are noted with each added call."""
    return _Append(old, new, plugins, why, since).result()


class _Append:
    def __init__(
        self,
        old: Suite,
        new: Suite,
        plugins: Mapping[str, ProtocolPlugin],
        why: str,
        since: str,
    ) -> None:
        self._old, self._new, self._plugins = old, new, plugins
        self._why, self._since = why, since
        self._reader = Reader(plugins)
        self._names = Renaming()
        self._cases = {case.id: case for case in old.cases}
        self._unmet = list(self._cases)
        self._ids: dict[str, str] = {}  # of the new recording's cases -> theirs in the suite
        self._calls: list[tuple[str, str]] = []
        self._fresh: list[Case] = []
        self._known = 0
        self._connections = 1 + max((c for c in _connections(old)), default=0)

    def result(self) -> Appended:
        for case in self._new.cases:
            self._take(case)
        session = (*self._old.session, *self._session())
        suite = msgspec.structs.replace(
            self._old,
            capture=f"{self._old.capture}+{self._new.capture}",
            ports=tuple(sorted({*self._old.ports, *self._new.ports})),
            cases=(*self._cases.values(), *self._fresh),
            session=session,
        )
        changed = self._calls or self._fresh or len(session) > len(self._old.session)
        return Appended(
            suite=suite if changed else self._old,
            calls=tuple(self._calls),
            cases=tuple(case.id for case in self._fresh),
            known=self._known,
        )

    def _take(self, new: Case) -> None:
        found = self._equal(new, self._unmet)
        if found is not None:
            self._unmet.remove(found)
            self._ids[new.id] = found
            self._cases[found] = self._filled(self._cases[found], new)
        elif (again := self._equal(new, [id for id in self._cases if id not in self._unmet])) is not None:  # fmt: skip
            self._ids[new.id] = again
            self._known += 1
        elif new.response is not None:
            self._fresh.append(self._as_new(new))

    # -- the case that it is ---------------------------------------------------------------------

    def _equal(self, new: Case, candidates: list[str]) -> str | None:
        """The first of the cases whose request it is; one without any renaming if there is one."""
        matcher = self._plugins[new.protocol].matcher
        key, live = matcher.key(new.request), matcher.normal(new.request)
        renamed: tuple[str, Comparison] | None = None
        for id in candidates:
            old = self._cases[id]
            if (old.protocol, old.port, matcher.key(old.request)) != (new.protocol, new.port, key):
                continue
            terms = Terms(self._names, discover=True, moment=self._moment(old, new))
            found = compare(matcher.normal(old.request), live, ("request",), terms)
            if found.equal and not found.varied:
                return id
            if found.equal and found.looseness[0] == 0 and renamed is None:
                renamed = (id, found)
        if renamed is None:
            return None
        self._bind(renamed[1])
        return renamed[0]

    def _moment(self, old: Case, new: Case) -> Moment:
        return Moment(
            self._old.started_ns + old.at_ns, self._new.started_ns + new.at_ns, old.took_ns
        )

    def _bind(self, comparison: Comparison) -> None:
        for b in comparison.bindings:
            self._names.add(b)

    # -- its calls -----------------------------------------------------------------------------

    def _filled(self, old: Case, new: Case) -> Case:
        """The case with the calls that only the new recording has, each after the one it followed."""
        met, unmet = self._met(old, new)
        self._bind_response(old, new)
        calls, notes = list(old.calls), list[Accepted]()
        place = 0
        for call in new.calls:
            if call.id in met:
                place = 1 + next(n for n, c in enumerate(calls) if c.id == met[call.id])
            elif call in unmet:
                added = self._told(call, old, new, next_id(old, calls), met)
                calls.insert(place, added)
                met[call.id] = added.id
                place += 1
                self._calls.append((old.id, self._reader.label(call)))
                at = path_text(("calls", added.id))
                note = Accepted(
                    at=at, change=CallChange.ADDED.value, why=self._why, since=self._since
                )
                notes.append(note)
        return msgspec.structs.replace(old, calls=tuple(calls), accepted=(*old.accepted, *notes))

    def _met(self, old: Case, new: Case) -> tuple[dict[str, str], list[Interaction]]:
        """New call id -> the recorded call that it is, and the calls that are none."""
        left = [self._reader.recorded(c, old.id) for c in old.calls if c.request is not None]
        session = [self._reader.recorded(c, "") for c in self._old.session if c.request is not None]
        met: dict[str, str] = {}
        unmet: list[Interaction] = []
        for call in new.calls:
            if call.request is None:
                continue
            found = self._same(call, left, old, new)
            if found is not None:
                left.remove(found)
                met[call.id] = found.interaction.id
                self._draw(found.interaction, call)
            elif self._same(call, session, old, new) is None:
                unmet.append(call)
        return met, [call for call in unmet if not self._another_value(call, left)]

    def _draw(self, old: Interaction, new: Interaction) -> None:
        """Numbers that a sequence gave out are other numbers in another recording."""
        drawn = self._plugins[old.protocol].drawn
        self._names.sequences.gave(
            drawn(old.request, old.response), drawn(new.request, new.response)
        )

    def _another_value(self, call: Interaction, left: list[Recorded]) -> bool:
        """Whether the case has a call of the same shape that the new recording did not make: then it is
        that one, with the values of another day (a version, a page of other rows)."""
        for recorded in left:
            if self._shape(recorded.interaction) == self._shape(call):
                left.remove(recorded)
                return True
        return False

    def _shape(self, call: Interaction) -> Hashable:
        matcher = self._plugins[call.protocol].matcher
        asked = tree_shape(matcher.normal(call.request))
        return call.protocol, call.destination, matcher.key(call.request), asked

    def _same(
        self, call: Interaction, among: list[Recorded], old: Case, new: Case
    ) -> Recorded | None:
        asked = self._reader.asked(call.protocol, call.destination, call.request)
        terms = Terms(self._names, discover=True, moment=self._moment(old, new))
        for recorded in among:
            if recorded.key != asked.key:
                continue
            found = compare_call(recorded, asked, terms)
            if found.equal and (found.looseness[0] == 0 or recorded.generated):
                self._bind(found)
                return recorded
        return None

    def _bind_response(self, old: Case, new: Case) -> None:
        if old.response is None or new.response is None:
            return
        matcher = self._plugins[old.protocol].matcher
        terms = Terms(
            self._names,
            generated=kinds_by_path(old.generated),
            discover=True,
            moment=self._moment(old, new),
        )
        told, live = matcher.normal_response(old.response), matcher.normal_response(new.response)
        self._bind(compare(told, live, ("response",), terms))

    def _told(
        self, call: Interaction, old: Case, new: Case, id: str, met: Mapping[str, str]
    ) -> Interaction:
        """The call as it would have been recorded with its case."""
        around_ns = self._new.started_ns + new.at_ns
        by_ns = self._old.started_ns + old.at_ns - around_ns

        def told(tree: Value) -> Value:
            return moved(self._names.untell(tree), by_ns, around_ns)

        return msgspec.structs.replace(
            call,
            id=id,
            connection=call.connection + self._connections,
            request=told(call.request),
            response=told(call.response),
            after=tuple(met[a] for a in call.after if a in met),
        )

    # -- what is new as a whole ------------------------------------------------------------------

    def _as_new(self, new: Case) -> Case:
        number = 1 + max((_number(c.id) for c in (*self._cases.values(), *self._fresh)), default=0)
        named = _NUMBERED.fullmatch(new.id)
        id = f"{number:04}-{named[2] if named else new.id}"
        calls = {call.id: f"{number:04}.{n}" for n, call in enumerate(new.calls, 1)}
        self._ids[new.id] = id
        return msgspec.structs.replace(
            new,
            id=id,
            connection=new.connection + self._connections,
            at_ns=max(0, self._new.started_ns - self._old.started_ns + new.at_ns),
            request=self._names.untell(new.request),
            response=self._names.untell(new.response),
            needs=tuple(self._ids[need] for need in new.needs if need in self._ids),
            needs_why=tuple((self._ids[n], why) for n, why in new.needs_why if n in self._ids),
            calls=tuple(self._own(call, calls) for call in new.calls),
        )

    def _own(self, call: Interaction, ids: Mapping[str, str]) -> Interaction:
        return msgspec.structs.replace(
            call,
            id=ids[call.id],
            connection=call.connection + self._connections,
            request=self._names.untell(call.request),
            response=self._names.untell(call.response),
            after=tuple(ids[a] for a in call.after if a in ids),
        )

    def _session(self) -> Iterator[Interaction]:
        """Calls outside of any case, of a kind that the suite has nowhere."""
        every = [*self._old.session, *(call for case in self._old.cases for call in case.calls)]
        kinds = {self._kind(call) for call in every}
        where = {call.destination for call in every}
        number = 1 + max((last_number(call.id) for call in self._old.session), default=0)
        for call in self._new.session:
            known = call.destination in where if call.request is None else self._kind(call) in kinds
            if known:
                continue
            yield msgspec.structs.replace(
                call,
                id=f"s.{number}",
                connection=call.connection + self._connections,
                request=self._names.untell(call.request),
                response=self._names.untell(call.response),
            )
            number += 1

    def _kind(self, call: Interaction) -> tuple[str, str, str]:
        matcher = self._plugins[call.protocol].matcher
        key = "" if call.request is None else matcher.key(call.request)
        return call.protocol, call.destination, key


def _connections(suite: Suite) -> Iterator[int]:
    for case in suite.cases:
        yield case.connection
        yield from (call.connection for call in case.calls)
    yield from (call.connection for call in suite.session)


def next_id(case: Case, calls: list[Interaction]) -> str:
    named = _NUMBERED.fullmatch(case.id)
    number = 1 + max((last_number(call.id) for call in calls), default=0)
    return f"{named[1] if named else case.id}.{number}"


def last_number(id: str) -> int:
    last = id.rpartition(".")[2]
    return int(last) if last.isdigit() else 0


def _number(id: str) -> int:
    named = _NUMBERED.fullmatch(id)
    return int(named[1]) if named else 0
