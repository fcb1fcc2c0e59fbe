"""What a worker takes from a queue (BLPOP, XREADGROUP BLOCK), and the call that had put it there.

A worker's wait is nobody's request, but its answer has a cause: some call carried the content
before. So such an answer is given once, when that call has been answered in this replay, however
fast the replay is and whichever order the requests come in. Pure: follows from the suite alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from reenact.model.exchange import Outcome
from reenact.model.suite import Interaction, Suite
from reenact.model.value import Value, leaves

CONTENT_MIN = 5
"""Characters of a value that may tell where it came from; shorter ones are equal by chance."""


def senders(suite: Suite, waits: Callable[[Interaction], bool]) -> dict[str, str]:
    """For each answered wait of the session, the id of the call whose content it was answered
    with: the one that shares most with it, the latest of equals. Waits whose content came from
    elsewhere are left out."""
    taken = [call for call in suite.session if waits(call)]
    content = {call.id: _content(call.response) - _content(call.request) for call in taken}
    wanted = set().union(*content.values())
    if not wanted:
        return {}
    sent: dict[str | bytes, list[tuple[int, str]]] = defaultdict(
        list
    )  # value -> when, by which call
    for at_ns, call in _calls(suite):
        for value in _content(call.request) & wanted:
            sent[value].append((at_ns + call.asked_ns, call.id))
    out = {}
    for call in taken:
        until_ns = call.asked_ns + call.took_ns
        shared: Counter[tuple[int, str]] = Counter(
            found for value in content[call.id] for found in sent[value] if found[0] <= until_ns
        )
        if shared:
            out[call.id] = max(shared, key=lambda found: (shared[found], found))[1]
    return out


def came_to_nothing(wait: Interaction) -> bool:
    """Whether it was answered when its time was up."""
    return wait.outcome is Outcome.COMPLETE and not any(
        isinstance(leaf, str | bytes) and at[-1:] != ("null",) for at, leaf in leaves(wait.response)
    )


def _calls(suite: Suite) -> Iterator[tuple[int, Interaction]]:
    """Every call, with what its times count from."""
    for call in suite.session:
        yield 0, call
    for case in suite.cases:
        for call in case.calls:
            yield case.at_ns, call


def _content(tree: Value) -> set[str | bytes]:
    return {
        leaf
        for _, leaf in leaves(tree)
        if isinstance(leaf, str | bytes) and len(leaf) >= CONTENT_MIN
    }
