"""Times in recorded answers that say until when, or since when, something holds. Pure.

A service compares them with its clock. The recorded clock is moved along with the cases, so it stands to them as
it did; another clock may stand on their other side. What is told as a duration (a TTL of Redis or DNS,
Max-Age) holds at any clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Interaction, Suite
from reenact.model.value import Path, Scalar
from reenact.rename.instants import read
from reenact.rename.opened import deep_leaves

Plugins = Mapping[str, ProtocolPlugin]
_S = 10**9


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """`due_ns` is the time in an answer that had wholly come at `seen_ns`, both since the epoch;
    `case` is "" for the session's calls; `at` is a path in the call."""

    case: str
    call: str
    at: Path
    said: Scalar
    due_ns: int
    seen_ns: int

    def crossed(self, shift_ns: int) -> bool:
        """Whether a clock that far from the recorded one stands on its other side."""
        left_ns = self.due_ns - self.seen_ns
        return (left_ns > 0) != (left_ns > shift_ns)

    def left_ns(self) -> int:
        return self.due_ns - self.seen_ns


def expiries(suite: Suite, plugins: Plugins) -> Iterator[Expiry]:
    """Every time of day in the answers, in the order of the cases, the session's last."""
    for case in suite.cases:
        for call in case.calls:
            yield from _of_call(case.id, call, suite.started_ns + case.at_ns, plugins)
    for call in suite.session:
        yield from _of_call("", call, suite.started_ns, plugins)


def _of_call(case: str, call: Interaction, began_ns: int, plugins: Plugins) -> Iterator[Expiry]:
    if call.response is None:
        return
    seen_ns = began_ns + call.asked_ns + call.took_ns
    normal = plugins[call.protocol].matcher.normal_response(call.response)
    for at, leaf in deep_leaves(normal, ("response",)):
        found = read(leaf)
        if found is not None and found[1] <= _S:
            yield Expiry(
                case=case, call=call.id, at=at, said=leaf, due_ns=found[0], seen_ns=seen_ns
            )
