"""One verdict as lines: what differed first, where, why we believe it, how to see it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

import msgspec

from reenact.model.difference import Change, Conflict, Difference
from reenact.model.suite import Case
from reenact.model.value import Path, path_text
from reenact.model.verdict import Miss, Status, Step, Verdict
from reenact.report.run import Report, again, look
from reenact.report.words import kind_text, pair_text, plural, safe, short, value_text

MARKS = {
    "as recorded": "ok",
    "changed": "!!",
    "extra": "++",
    "repeated": "++",
    "out of order": "^^",
    "missing": "--",
    "background": "..",
    "pushed": "<<",
}
_FOLD_FROM = 4
"""So many lines of a quiet kind in a row are told by their number."""
_SHOWN_MAX = 20
"""More differences in one case are one difference told often."""
_QUIET = ("as recorded", "background")


class Line(msgspec.Struct, frozen=True):
    """`style` is one of good, bad, warn, dim, head or ""."""

    text: str
    style: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs. `headline` stands alone; `place` is a path in the case's file."""

    headline: str
    place: Path
    details: tuple[str, ...] = ()


def explain(report: Report, verdict: Verdict) -> list[Line]:
    """The block of one case that did not pass."""
    found = findings(report, verdict)
    lines = [Line(f"{HEADS[verdict.status]}  {_name(verdict)}", "head")]
    if verdict.note:
        see = f" (its output: {verdict.see})" if verdict.see else ""
        lines.append(Line(f"  {safe(verdict.note + see)}"))
    lines += _finding_lines(found[:_SHOWN_MAX])
    if verdict.clock:
        lines.append(Line(f"  perhaps the clock: {safe(verdict.clock)}", "warn"))
    if len(found) > _SHOWN_MAX:
        lines.append(
            Line(f"  and {len(found) - _SHOWN_MAX} more differences; --json has all", "bad")
        )
    if verdict.timeline:
        lines += [Line("  calls:"), *_timeline(verdict.timeline)]
    lines.append(Line(f"  again:   {again(report, verdict.case)}", "dim"))
    lines.append(Line(f"  in full: {look(report, verdict.case)}", "dim"))
    return lines


def brief(report: Report, verdict: Verdict) -> list[Line]:
    """The same case in a line or two, when many have been explained already."""
    found = findings(report, verdict)
    first = found[0].headline if found else safe(verdict.note)
    return [Line(f"{HEADS[verdict.status]}  {_name(verdict)}", "head"), Line(f"  {first}", "bad")]


HEADS = {
    Status.PASS: "PASSED",
    Status.FAIL: "CHANGED",
    Status.UNKNOWN: "UNDECIDED",
    Status.BROKEN: "REENACT FAILED",
}


def _finding_lines(found: Sequence[Finding]) -> Iterator[Line]:
    """A reason shared by neighbours is told once, after the last of them."""
    following = [finding.details for finding in found[1:]]
    for finding, after in zip_longest(found, following, fillvalue=()):
        assert isinstance(finding, Finding)
        yield Line(f"  {finding.headline}", "bad")
        if finding.details != after:
            yield from (Line(f"      {detail}") for detail in finding.details)


def findings(report: Report, verdict: Verdict) -> list[Finding]:
    """In the order in which things went wrong: a refused call usually explains the response."""
    case = report.case(verdict.case)
    belief = _belief(report)
    out = [_miss(miss, case) for miss in verdict.misses]
    for call in verdict.calls:
        for difference in _open(call.differences):
            where = f"call {call.interaction}: {safe(call.label)}: "
            out.append(_difference(difference, where, _call_place(case, call.interaction), belief))
    differences = _open(verdict.differences)
    if verdict.misses and any(d.at == _STATUS for d in differences):
        out += _response_of_a_refusal(differences, belief)
    else:
        out += [_difference(d, "", (), belief) for d in differences]
    out += [_missing(interaction, label, case, belief) for interaction, label in verdict.missing]
    out += [_conflict(conflict) for conflict in verdict.conflicts]
    return out


_STATUS = ("response", "status")
_HEADERS_MAX = 2


def _response_of_a_refusal(differences: Sequence[Difference], belief: str) -> list[Finding]:
    """An error page has other headers, which say nothing: many are told in one line."""
    headers = [d for d in differences if d.at[:2] == ("response", "headers")]
    told = [_difference(d, "", (), belief) for d in differences if d not in headers]
    if len(headers) <= _HEADERS_MAX:
        return [_difference(d, "", (), belief) for d in differences]
    names = dict.fromkeys(safe(str(d.at[2])) for d in headers if len(d.at) > 2)
    line = f"response/headers: {len(headers)} are not as recorded: {', '.join(names)}"
    return [*told, Finding(headline=line, place=("response", "headers"), details=(belief,))]


def _open(differences: Sequence[Difference]) -> list[Difference]:
    return [d for d in differences if d.explained_by is None]


def _name(verdict: Verdict) -> str:
    return f"{safe(verdict.case)}  {safe(verdict.title)}".rstrip()


def _belief(report: Report) -> str:
    """Why a difference is the service's doing and not chance."""
    times = report.suite.rehearsed
    if times:
        return f"why: it was the same in the recording and in {plural(times, 'rehearsal')}"
    return "why: recorded so, but never rehearsed; if the service makes it up, run reenact rehearse"


def _difference(difference: Difference, where: str, base: Path, belief: str) -> Finding:
    text = f"{where}{safe(path_text(difference.at))}: {difference_text(difference)}"
    if difference.change is Change.ORDER and difference.at == ("order",):
        text = f"{where}{_too_early(difference)}"
    reason = _BY_CLOCK if difference.by_clock else _REASONS.get(difference.change, belief)
    return Finding(headline=text, place=(*base, *difference.at), details=(reason,))


def _too_early(difference: Difference) -> str:
    followed = difference.recorded if isinstance(difference.recorded, list) else []
    return f"recorded after {', '.join(map(str, followed))}; now {safe(str(difference.live))}"


_BY_CLOCK = (
    "perhaps the clock: these times are as far apart as the machine's clock and the recording's, and the "
    "service could not be given the recorded time"
)
_ALONE = "why: a value that the service makes up stands for one recorded value, and for that alone"
_REASONS = {
    Change.ALIAS: _ALONE,
    Change.FORM: "why: the service makes it up, and every rehearsal made one of the recorded form",
    Change.HASH: "why: in the recording and in every rehearsal it changed just when its content did",
}


def difference_text(difference: Difference) -> str:
    """What changed, without the place."""
    recorded, live = pair_text(difference.recorded, difference.live)
    match difference.change:
        case Change.VALUE:
            return f"recorded {recorded}, now {live}"
        case Change.TYPE:
            kinds = kind_text(difference.recorded), kind_text(difference.live)
            return f"recorded {recorded} ({kinds[0]}), now {live} ({kinds[1]})"
        case Change.ADDED:
            return f"new: {live}"
        case Change.REMOVED:
            return f"gone; recorded {recorded}"
        case Change.ORDER:
            return f"in another order: recorded {recorded}, now {live}"
        case Change.ALIAS:
            return f"{_alias_text(recorded, live, difference.held)}"
        case Change.HASH if difference.recorded == difference.live:
            return f"still {live}, though what it is a hash of has changed"
        case Change.HASH:
            return f"recorded {recorded}, now {live}, though what it is a hash of has not changed"
        case Change.FORM:
            return f"no longer of its form: recorded {recorded}, now {live}"


def _alias_text(recorded: str, live: str, held: Conflict | None) -> str:
    """Which of the two ways a renaming can break: one value became two, or two became one."""
    if held is None:
        return f"no longer the same value as elsewhere: recorded {recorded}, now {live}"
    before, became = (short(value_text(v)) for v in (held.held_recorded, held.held_live))
    if held.held_live == held.live:
        return (
            f"a value used again: recorded {recorded}, now {live}, "
            f"but {became} is already the {before} of the recording"
        )
    return (
        f"another value than before: recorded {recorded}, now {live}, "
        f"but {before} already became {became}"
    )


def _miss(miss: Miss, case: Case | None) -> Finding:
    asked = f"{safe(miss.label)} ({miss.protocol} {miss.destination})"
    if miss.nearest is None:
        headline = f"a call that was never recorded: {asked}"
        details: tuple[str, ...] = ("why: no recorded call to this destination resembles it",)
    elif miss.repeated:
        headline = f"a call made once more than recorded: {asked}"
        details = (f"why: it equals call {miss.nearest}, which was already answered",)
    else:
        headline = f"a call that differs from the recording: {asked}"
        details = (
            f"nearest is call {miss.nearest}: {safe(miss.nearest_label)}",
            *(f"  {safe(path_text(d.at))}: {difference_text(d)}" for d in miss.why_not),
            *([_BY_CLOCK] if any(d.by_clock for d in miss.why_not) else []),
        )
    if miss.live:
        details = (*details, "asked live: what the real one said is written into the case")
    place = _call_place(case, miss.nearest) if miss.nearest else ()
    return Finding(headline=headline, place=place, details=details)


def _missing(interaction: str, label: str, case: Case | None, belief: str) -> Finding:
    headline = f"a recorded call was not made: call {interaction}: {safe(label)}"
    return Finding(headline=headline, place=_call_place(case, interaction), details=(belief,))


def _conflict(conflict: Conflict) -> Finding:
    pair = short(value_text(conflict.recorded)), short(value_text(conflict.live))
    headline = (
        f"generated values ({conflict.kind}) no longer go together: {_alias_text(*pair, conflict)}"
    )
    return Finding(headline=headline, place=(), details=(_ALONE,))


def _call_place(case: Case | None, interaction: str) -> Path:
    for i, call in enumerate(case.calls if case else ()):
        if call.id == interaction:
            return ("calls", i)
    return ()


def _timeline(steps: Sequence[Step]) -> Iterator[Line]:
    for fate, group in groupby(steps, key=lambda step: step.fate):
        run = list(group)
        if fate in _QUIET and len(run) >= _FOLD_FROM:
            yield _step_line(run[0])
            yield Line(f"    {MARKS[fate]}  ... {len(run) - 2} more ({fate})", "dim")
            yield _step_line(run[-1])
        else:
            yield from map(_step_line, run)


def _step_line(step: Step) -> Line:
    mark = MARKS.get(step.fate, "??")
    style = {"ok": "good", "!!": "bad", "++": "bad", "^^": "bad", "--": "bad"}.get(mark, "dim")
    name = f"{safe(step.interaction)}  " if step.interaction else ""
    return Line(f"    {mark}  {name}{step.protocol}  {short(safe(step.label), width=100)}", style)
