"""How long after its response a case goes on, as far as the recording tells. Pure.

A task that starts itself a moment later is recorded while other requests are open. What it sends carries
a random word that its own request brought about (an id it made up or was given by a dependency) and that
nothing has told the request in whose time it came. The first rehearsal waits for such calls, so that they come
while the case they belong to is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Value, leaves
from reenact.rename.forms import looks_random

AFTER_NS: Final = 300 * 10**6
"""Later than this after its response a call is not waited for."""

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{16,}")


def afterwards(suite: Suite) -> dict[str, int]:
    """By case, how long after its response the last such call was asked, in nanoseconds."""
    ends = {case.id: case.at_ns + case.took_ns for case in suite.cases}
    knows: dict[str, set[str]] = {id: set() for id in ("", *ends)}
    origin: dict[str, str] = {}
    found: dict[str, int] = {}
    for event in sorted(_events(suite), key=lambda event: event.at_ns):
        known = knows[event.case]
        if event.asks:
            strange = {origin[w] for w in event.words - known if w in origin} - {event.case, ""}
            for cause in strange:
                late_ns = event.at_ns - ends[cause]
                if 0 < late_ns <= AFTER_NS:
                    found[cause] = max(found.get(cause, 0), late_ns)
        known |= event.words
        for word in event.words:
            origin.setdefault(word, event.case)
    return found


@dataclass(frozen=True, slots=True)
class _Event:
    """A case ("": none) is told words by its request and by answers, or says some in a call."""

    at_ns: int
    case: str
    asks: bool
    words: set[str] = field(default_factory=set)


def _events(suite: Suite) -> Iterator[_Event]:
    for case in suite.cases:
        yield _Event(case.at_ns, case.id, False, _words(case.request))
        for call in case.calls:
            yield from _call(call, case)
    for call in suite.session:
        yield from _call(call, None)


def _call(call: Interaction, case: Case | None) -> Iterator[_Event]:
    at_ns, id = (call.asked_ns + case.at_ns, case.id) if case else (call.asked_ns, "")
    yield _Event(at_ns, id, True, _words(call.request))
    yield _Event(at_ns + call.took_ns, id, False, _words(call.response))


def _words(tree: Value) -> set[str]:
    texts = (leaf for _, leaf in leaves(tree) if isinstance(leaf, str))
    return {word for text in texts for word in _WORD.findall(text) if looks_random(word)}
