"""Calls that real dependencies answered, written into the suite for review. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.compile.append import last_number, next_id
from reenact.model.difference import CallChange
from reenact.model.suite import Accepted, Case, Suite
from reenact.model.value import path_text
from reenact.replay.core.events import Filled


def with_filled(suite: Suite, filled: Iterable[Filled], *, why: str, since: str) -> Suite:
    """Each in its case, after the call that it followed, and noted there."""
    cases = {case.id: case for case in suite.cases}
    session = list(suite.session)
    connection = 1 + max(
        (call.connection for case in suite.cases for call in case.calls), default=0
    )
    placed: dict[tuple[str, str], str] = {}
    for one in filled:
        call = msgspec.structs.replace(one.interaction, connection=connection)
        connection += 1
        if one.case in cases:
            follows = placed.get((one.case, one.follows), one.follows)
            case, id = _with(cases[one.case], one, follows, call.connection, why, since)
            cases[one.case] = case
            placed[one.case, one.follows] = id
        else:
            number = 1 + max((last_number(other.id) for other in session), default=0)
            session.append(msgspec.structs.replace(call, id=f"s.{number}"))
    return msgspec.structs.replace(suite, cases=tuple(cases.values()), session=tuple(session))


def _with(
    case: Case, one: Filled, follows: str, connection: int, why: str, since: str
) -> tuple[Case, str]:
    calls = list(case.calls)
    id = next_id(case, calls)
    place = next((n + 1 for n, call in enumerate(calls) if call.id == follows), 0)
    calls.insert(place, msgspec.structs.replace(one.interaction, id=id, connection=connection))
    at = path_text(("calls", id))
    note = Accepted(at=at, change=CallChange.ADDED.value, why=why, since=since)
    return msgspec.structs.replace(case, calls=tuple(calls), accepted=(*case.accepted, note)), id
