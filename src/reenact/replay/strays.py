"""Background traffic that the recording was too short to see.

Replaying takes another time than recording, so a heartbeat or a scheduler may ask for the first
time in a rehearsal. It has no recorded answer: it is refused, and nobody's fault. A call that the same
case asks for in every rehearsal is no background: that case does not reproduce.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from reenact.model.exchange import Outcome
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Interaction, Suite, Uses
from reenact.replay.core.events import Observation, Stray

Key: TypeAlias = tuple[str, str, str]


class Strays:
    """Learns over rehearsals which never recorded calls are background."""

    def __init__(self, suite: Suite, plugins: Mapping[str, ProtocolPlugin]) -> None:
        self._plugins = plugins
        calls = [*suite.session, *(call for case in suite.cases for call in case.calls)]
        self._recorded = {
            self._key(call.protocol, call.destination, call)
            for call in calls
            if call.request is not None
        }
        self._askers: dict[Key, list[set[str]]] = {}
        self._first: dict[Key, Stray] = {}
        self._runs = 0

    def _key(self, protocol: str, destination: str, call: Interaction | Stray) -> Key:
        return (protocol, destination, self._plugins[protocol].matcher.key(call.request))

    def learn(self, suite: Suite, run: Sequence[Observation]) -> Suite:
        """The suite with what seems to be background by now."""
        self._runs += 1
        known = {call.id: call for call in suite.session if is_stray(call)}
        for seen in run:
            for stray in seen.strays:
                self._note(self._key(stray.protocol, stray.destination, stray), stray, seen.case)
            for served in seen.served:
                if served.interaction in known:
                    call = known[served.interaction]
                    self._note(self._key(call.protocol, call.destination, call), None, seen.case)
        kept = [c for c in suite.session if not is_stray(c) or self._background(self._of(c))]
        present = {self._of(call) for call in kept if is_stray(call)}
        fresh = [
            _interaction(stray, n)
            for n, (key, stray) in enumerate(self._first.items(), 1)
            if key not in present and self._background(key)
        ]
        return msgspec.structs.replace(suite, session=(*kept, *fresh))

    def _of(self, call: Interaction) -> Key:
        return self._key(call.protocol, call.destination, call)

    def _note(self, key: Key, stray: Stray | None, case: str) -> None:
        if key in self._recorded:
            return
        runs = self._askers.setdefault(key, [])
        while len(runs) < self._runs:
            runs.append(set())
        runs[-1].add(case)
        if stray is not None:
            self._first.setdefault(key, stray)

    def _background(self, key: Key) -> bool:
        """Unless one and the same case asked for it in every one of several rehearsals."""
        runs = self._askers.get(key, [])
        if len(runs) < 2 or len(runs) < self._runs:
            return True
        always = set.intersection(*runs) - {""}
        return not always or bool(set.union(*runs) - always)


def is_stray(call: Interaction) -> bool:
    return call.outcome is Outcome.BROKEN and call.response is None and call.id.startswith("s.r")


def _interaction(stray: Stray, number: int) -> Interaction:
    return Interaction(
        id=f"s.r{number}",
        protocol=stray.protocol,
        destination=stray.destination,
        connection=0,
        outcome=Outcome.BROKEN,
        request=stray.request,
        response=None,
        uses=Uses.MANY,
    )
