"""The suite of a recording, before any rehearsal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from reenact.compile.attribute import Attribution, attribute
from reenact.compile.background import with_variation
from reenact.compile.order import with_order
from reenact.model.destination import destination, names_by_address
from reenact.model.exchange import Exchange, Outcome
from reenact.model.files import FileBefore
from reenact.model.protocol import ProtocolPlugin
from reenact.model.segment import Flow, Role
from reenact.model.suite import FORMAT, Case, Interaction, Suite, Uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a capture says once decoded. Exchanges in order of `asked_ns`."""

    digest: str
    command: tuple[str, ...]
    started_ns: int
    addresses: tuple[str, ...] = ()
    hash_seed: int = 0
    flows: Mapping[int, Flow]
    exchanges: Sequence[Exchange]
    files: tuple[FileBefore, ...] = ()


def compile_suite(recording: Recording, plugins: Mapping[str, ProtocolPlugin]) -> Suite:
    """The same recording gives the same suite, always."""
    inbound = [e for e in recording.exchanges if e.role is Role.INBOUND]
    outbound = [e for e in recording.exchanges if e.role is Role.OUTBOUND]
    stimuli = [e for e in inbound if plugins[e.protocol].caller and e.request is not None]
    attribution = attribute(stimuli, outbound, plugins)
    names = names_by_address((e.request, e.response) for e in outbound if e.protocol == "dns")
    maker = _Maker(recording.flows, names, plugins)
    cases = tuple(
        maker.case(n, stimulus, attribution.calls[stimulus.id])
        for n, stimulus in enumerate(stimuli, 1)
    )
    return Suite(
        format=FORMAT,
        capture=recording.digest,
        command=recording.command,
        started_ns=recording.started_ns,
        ports=tuple(sorted({recording.flows[e.flow].server.port for e in inbound})),
        addresses=recording.addresses,
        hash_seed=recording.hash_seed,
        cases=cases,
        files=recording.files,
        session=with_variation(
            maker.session(attribution, recording.flows, outbound), plugins, recording.started_ns
        ),
    )


class _Maker:
    def __init__(
        self,
        flows: Mapping[int, Flow],
        names: dict[str, str],
        plugins: Mapping[str, ProtocolPlugin],
    ) -> None:
        self._flows = flows
        self._names = names
        self._plugins = plugins

    def case(self, number: int, stimulus: Exchange, calls: Sequence[Exchange]) -> Case:
        flow = self._flows[stimulus.flow]
        label = self._plugins[stimulus.protocol].matcher.label(stimulus.request)
        interactions = [
            self.interaction(f"{number:04}.{n}", call, stimulus.asked_ns)
            for n, call in enumerate(calls, 1)
        ]
        return Case(
            id=f"{number:04}-{slug(label)}",
            protocol=stimulus.protocol,
            port=flow.server.port,
            connection=stimulus.flow,
            request=stimulus.request,
            response=stimulus.response,
            tls=flow.tls,
            at_ns=stimulus.asked_ns,
            took_ns=stimulus.answered_ns - stimulus.asked_ns,
            calls=with_order(interactions, self._plugins),
            aside=_why_aside(stimulus),
        )

    def interaction(
        self, id: str, call: Exchange, since_ns: int, uses: Uses = Uses.ONCE
    ) -> Interaction:
        flow = self._flows[call.flow]
        return Interaction(
            id=id,
            protocol=call.protocol,
            destination=destination(flow, self._names),
            connection=call.flow,
            outcome=call.outcome,
            request=call.request,
            response=call.response,
            asked_ns=call.asked_ns - since_ns,
            took_ns=call.answered_ns - call.asked_ns,
            tls=flow.tls,
            uses=uses,
        )

    def session(
        self, attribution: Attribution, flows: Mapping[int, Flow], outbound: Iterable[Exchange]
    ) -> tuple[Interaction, ...]:
        calls = [
            self.interaction(f"s.{n}", call, 0, Uses.MANY)
            for n, call in enumerate(attribution.session, 1)
        ]
        spoke = {call.flow for call in outbound}
        silent = [f for f in flows.values() if f.role is Role.OUTBOUND and f.id not in spoke]
        return (*calls, *(self._silent(f) for f in silent))

    def _silent(self, flow: Flow) -> Interaction:
        """A connection that was opened and on which nothing was said (a port check)."""
        return Interaction(
            id=f"s.c{flow.id}",
            protocol="raw",
            destination=destination(flow, self._names),
            connection=flow.id,
            outcome=Outcome.ONE_WAY,
            request=None,
            response=None,
            asked_ns=flow.opened_ns,
            tls=flow.tls,
            uses=Uses.MANY,
        )


def _why_aside(stimulus: Exchange) -> str:
    if stimulus.outcome is Outcome.COMPLETE:
        return stimulus.note
    if stimulus.outcome is Outcome.BROKEN:
        return f"the recording is broken here: {stimulus.note or 'bytes that could not be read'}"
    return f"the recorded response is not whole: {stimulus.note or 'the connection ended first'}"


def slug(label: str) -> str:
    """`POST /orders/17?x=1` as `post-orders-17`; at most 40 characters, safe in file names."""
    words = re.findall(r"[a-z0-9]+", label.split("?")[0].lower())
    return "-".join(words)[:40].strip("-") or "request"


def renumbered(case: Case, calls: Sequence[Interaction]) -> tuple[Interaction, ...]:
    """The calls with ids of this case, in order, their `after` following along."""
    number = case.id.split("-")[0]
    ids = {call.id: f"{number}.{n}" for n, call in enumerate(calls, 1)}
    return tuple(
        msgspec.structs.replace(
            call, id=ids[call.id], after=tuple(ids[a] for a in call.after if a in ids)
        )
        for call in calls
    )
