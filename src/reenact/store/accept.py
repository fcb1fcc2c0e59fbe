"""What a test showed, accepted: verdicts written into the cases for review.

Only what the file can say exactly: a place without a counterpart in it, or a call without a
recorded answer, is left and named. So is what followed from a refused call: the service did not get
the answers that it will get, so the next test shows what it does then. Live ids are told as the
recorded ones.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import msgspec

from reenact.model.difference import CallChange, Change, Difference
from reenact.model.suite import Accepted, Case, Interaction, Suite
from reenact.model.value import Scalar, Value, path_text, same
from reenact.model.verdict import Verdict
from reenact.store.places import Place, find

_TOLD_FROM = 8
"""Shorter generated values are only replaced where they are the whole value: as in replay."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which differences: at `at` or below it (""; anywhere), of these kinds (None: all).

    With a reason, `why`, each is noted in its case; `since` is the date for it.
    """

    at: str = ""
    changes: frozenset[str] | None = None
    why: str = ""
    since: str = ""

    def takes(self, at: str, change: str) -> bool:
        here = not self.at or at == self.at or at.startswith(f"{self.at}/")
        return here and (self.changes is None or change in self.changes)


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """The suite with what was taken; `left` is a line for each that could not be written."""

    suite: Suite
    taken: tuple[Accepted, ...]
    left: tuple[str, ...]


EVERYTHING = Wanted()


def accepted(suite: Suite, verdicts: Sequence[Verdict], wanted: Wanted = EVERYTHING) -> Acceptance:
    by_case = {verdict.case: verdict for verdict in verdicts}
    writers = [
        _Writer(case, by_case[case.id], wanted) for case in suite.cases if case.id in by_case
    ]
    written = {writer.case.id: writer.written() for writer in writers}
    return Acceptance(
        suite=msgspec.structs.replace(
            suite, cases=tuple(written.get(case.id, case) for case in suite.cases)
        ),
        taken=tuple(taken for writer in writers for taken in writer.taken),
        left=tuple(line for writer in writers for line in writer.left),
    )


class _Writer:
    """One verdict's changes, written into its case."""

    def __init__(self, case: Case, verdict: Verdict, wanted: Wanted) -> None:
        self.case, self._verdict, self._wanted = case, verdict, wanted
        self._told = {b.live: b.recorded for b in verdict.bindings if isinstance(b.live, str)}
        self.taken: list[Accepted] = []
        self.left: list[str] = []

    def written(self) -> Case:
        calls = self._calls()
        response, formless = self._response()
        return msgspec.structs.replace(
            self.case,
            response=response,
            generated=tuple(g for g in self.case.generated if path_text(g.at) not in formless),
            calls=calls,
            accepted=self._notes(),
        )

    def _notes(self) -> tuple[Accepted, ...]:
        """One for a place: the last."""
        if not self._wanted.why:
            return self.case.accepted
        places = {note.at: note for note in (*self.case.accepted, *self.taken)}
        return tuple(places.values())

    def _take(self, at: str, change: str) -> None:
        why, since = self._wanted.why, self._wanted.since
        self.taken.append(Accepted(at=at, change=change, why=why, since=since))

    # -- the response -----------------------------------------------------------------------

    def _response(self) -> tuple[Value, set[str]]:
        """It, and the places of generated values that lost their form."""
        wanted = self._wanted_differences()
        if wanted and self._verdict.misses:
            self._leave("the response came after a call was refused; test again, then accept it")
            return self.case.response, set()
        holder: dict[str, Value] = {"response": copy.deepcopy(self.case.response)}
        formless: set[str] = set()
        for difference in _in_order(wanted):
            at = path_text(difference.at)
            if self._torn_apart(difference, wanted):
                self._leave(f"{at}: more items of this list come or go; accept the list as a whole")
            elif _apply(holder, difference, self._told) or self._apply_around(holder, difference):
                self._take(at, difference.change.value)
                formless |= {at} if difference.change is Change.FORM else set()
            else:
                self._leave(f"{at}: cannot be written; edit the case")
        return holder["response"], formless

    def _apply_around(self, holder: Value, difference: Difference) -> bool:
        """Write the larger value that the difference was found in: a token with another claim."""
        around = [
            d
            for d in self._verdict.differences
            if d.change in (Change.VALUE, Change.HASH)
            and len(d.at) < len(difference.at)
            and difference.at[: len(d.at)] == d.at
        ]
        told = {
            live: recorded for live, recorded in self._told.items() if live not in _lives(around)
        }
        return any(_apply(holder, d, told) or _written_already(holder, d, told) for d in around)

    def _wanted_differences(self) -> list[Difference]:
        return [
            d
            for d in _open(self._verdict.differences)
            if self._wanted.takes(path_text(d.at), d.change.value)
        ]

    def _torn_apart(self, difference: Difference, wanted: Sequence[Difference]) -> bool:
        """Whether an item is to come or go while another of its list, that is not wanted, does:
        then its index would mean another place."""
        if not _moves(difference):
            return False
        together = [
            d
            for d in _open(self._verdict.differences)
            if _moves(d) and d.at[:-1] == difference.at[:-1]
        ]
        return any(d not in wanted for d in together)

    def _leave(self, line: str) -> None:
        self.left.append(f"{self.case.id}: {line}")

    # -- the calls --------------------------------------------------------------------------

    def _calls(self) -> tuple[Interaction, ...]:
        requests = self._changed_requests()
        gone = self._gone()
        free = self._reordered()
        return tuple(
            msgspec.structs.replace(
                call,
                request=requests.get(call.id, call.request),
                after=() if call.id in free else tuple(a for a in call.after if a not in gone),
            )
            for call in self.case.calls
            if call.id not in gone
        )

    def _changed_requests(self) -> dict[str, Value]:
        requests: dict[str, Value] = {}
        for miss in self._verdict.misses:
            nearest = miss.nearest
            if nearest is None or miss.repeated or nearest in requests:
                if self._wanted.takes("", CallChange.ADDED.value):
                    self._leave(
                        f"no answer is recorded for {miss.label}; test --live or record --append"
                    )
            elif self._wants_call(nearest, CallChange.CHANGED):
                requests[nearest] = _recorded(miss.request, self._told)
        return requests

    def _gone(self) -> set[str]:
        """Calls that are no longer made; not those that a changed one took the place of."""
        changed = {miss.nearest for miss in self._verdict.misses}
        missing = [id for id, _ in self._verdict.missing if id not in changed]
        if not self._verdict.misses:
            return {id for id in missing if self._wants_call(id, CallChange.REMOVED)}
        if any(self._wanted.takes(f"calls/{id}", CallChange.REMOVED.value) for id in missing):
            self._leave("calls are missing after a refused one; test again, then accept that")
        return set()

    def _reordered(self) -> set[str]:
        found = [call.interaction for call in self._verdict.calls if _open(call.differences)]
        return {id for id in found if self._wants_call(id, CallChange.ORDER)}

    def _wants_call(self, id: str, change: CallChange) -> bool:
        at = path_text(("calls", id))
        if id not in {call.id for call in self.case.calls}:
            return False
        if not self._wanted.takes(at, change.value):
            return False
        self._take(at, change.value)
        return True


def _open(differences: Sequence[Difference]) -> list[Difference]:
    return [d for d in differences if d.explained_by is None]


def _moves(difference: Difference) -> bool:
    """Whether an item of a list comes or goes."""
    moving = difference.change in (Change.ADDED, Change.REMOVED)
    return moving and isinstance(difference.at[-1], int)


def _in_order(differences: Sequence[Difference]) -> list[Difference]:
    """Removals last and backwards, so that no index moves before it is used."""
    kept = [d for d in differences if d.change is not Change.REMOVED]
    return kept + [d for d in reversed(differences) if d.change is Change.REMOVED]


def _apply(tree: Value, difference: Difference, told: dict[str, Scalar]) -> bool:
    place = find(tree, difference.at)
    if place is None or difference.change is Change.ORDER:
        return False
    if difference.change is Change.REMOVED:
        return _remove(place)
    live = None if difference.live is msgspec.UNSET else _recorded(difference.live, told)
    if difference.change is Change.ADDED:
        return _add(place, difference.at[-1], live)
    return _replace(place, difference.recorded, live)


def _lives(differences: Sequence[Difference]) -> list[Value | msgspec.UnsetType]:
    return [d.live for d in differences]


def _written_already(tree: Value, difference: Difference, told: dict[str, Scalar]) -> bool:
    """Whether the same larger value was written for another difference in it."""
    place = find(tree, difference.at)
    if place is None or isinstance(place.holder, list) or difference.live is msgspec.UNSET:
        return False
    return _equal(place.holder.get(str(place.key)), _recorded(difference.live, told))


def _remove(place: Place) -> bool:
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        return holder.pop(str(key), _NOTHING) is not _NOTHING
    if isinstance(key, int) and key < len(holder):
        del holder[key]
        return True
    return False


def _add(place: Place, name: str | int, live: Value) -> bool:
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        holder[str(key)] = live
    elif not isinstance(key, int):
        return False
    elif place.pair:
        if not isinstance(live, str | bytes):
            return False
        holder.append([name, live])  # any spelling of a header's name means the same
    else:
        holder.insert(key, live)
    return True


def _replace(place: Place, recorded: Value | msgspec.UnsetType, live: Value) -> bool:
    """Only where the file still says what was recorded: else this is not the place."""
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        if not _equal(holder.get(str(key)), recorded):
            return False
        holder[str(key)] = live
        return True
    if not isinstance(key, int) or key >= len(holder):
        return False
    held = holder[key]
    if place.pair and isinstance(held, list) and _equal(held[1], recorded):
        holder[key] = [held[0], live]
        return True
    if not place.pair and _equal(held, recorded):
        holder[key] = live
        return True
    return False


def _equal(a: Value, b: Value | msgspec.UnsetType) -> bool:
    if isinstance(a, list | dict) or isinstance(b, list | dict | msgspec.UnsetType):
        return a == b
    return same(a, b)


_NOTHING: Value = {}  # compared by identity


def _recorded(value: Value, told: dict[str, Scalar]) -> Value:
    """`value` with the live values of this run as they are called in the recording."""
    if isinstance(value, dict):
        return {key: _recorded(child, told) for key, child in value.items()}
    if isinstance(value, list):
        return [_recorded(child, told) for child in value]
    if not isinstance(value, str):
        return value
    if value in told:
        return told[value]
    for live, recorded in told.items():
        if len(live) >= _TOLD_FROM:
            value = value.replace(live, str(recorded))
    return value
