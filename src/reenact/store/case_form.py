"""Cases and calls as the trees their files show, and back.

What people read and edit comes first; what the recorder noted (`recorded:`) stays on one line.
Defaults are left out.
"""

from __future__ import annotations

from typing import cast

from reenact.model.exchange import Outcome
from reenact.model.files import FileBefore
from reenact.model.suite import (
    FORMAT,
    HASH_SEED_MAX,
    RULES,
    SEED_MAX,
    Accepted,
    Case,
    Interaction,
    Suite,
    Tolerance,
    Trials,
    Uses,
)
from reenact.model.symbol import Generated
from reenact.model.value import Path, Value, path_text, text_path
from reenact.store import shapes
from reenact.store.fields import (
    Fields,
    WrongField,
    address_item,
    nearest,
    shown,
    text_item,
    whole_item,
)
from reenact.store.yaml_write import Inline


def suite_tree(suite: Suite) -> dict[str, Value]:
    addresses = {"addresses": cast("Value", list(suite.addresses))} if suite.addresses else {}
    seed = {} if suite.seed is None else {"seed": suite.seed}
    hash_seed = {"hash_seed": suite.hash_seed} if suite.hash_seed else {}
    return {
        "format": suite.format,
        "command": cast("Value", list(suite.command)),
        "ports": cast("Value", list(suite.ports)),
        **addresses,
        "rehearsed": suite.rehearsed,
        **seed,
        **hash_seed,
        "started_ns": suite.started_ns,
        "capture": suite.capture,
    }


def suite_of(
    tree: Value,
    cases: tuple[Case, ...],
    session: tuple[Interaction, ...],
    files: tuple[FileBefore, ...],
) -> Suite:
    fields = Fields(tree)
    fields.whole("format")  # checked before, see suite.py
    suite = Suite(
        format=FORMAT,
        command=fields.items("command", text_item),
        ports=fields.items("ports", whole_item),
        addresses=fields.items("addresses", address_item),
        rehearsed=fields.whole("rehearsed", 0),
        seed=_whole_up_to(SEED_MAX, fields, "seed") if fields.has("seed") else None,
        hash_seed=_whole_up_to(HASH_SEED_MAX, fields, "hash_seed"),
        started_ns=fields.whole("started_ns", 0),
        capture=fields.text("capture", ""),
        cases=cases,
        session=session,
        files=files,
    )
    fields.done()
    return suite


def _whole_up_to(most: int, fields: Fields, name: str) -> int:
    found = fields.whole(name, 0)
    if not 0 <= found <= most:
        raise fields.wrong(name, f"expected a number from 0 to {most}, found {found}")
    return found


def case_tree(case: Case) -> dict[str, Value]:
    tree: dict[str, Value] = {"case": case.id}
    if case.aside:
        tree["aside"] = case.aside
    if case.trials is not None:
        tree["trials"] = _trials_tree(case.trials)
    if case.needs:
        why = dict(case.needs_why)
        tree["needs"] = [
            {"case": need, "why": why[need]} if need in why else need for need in case.needs
        ]
    if case.stands_for:
        tree["stands_for"] = list(case.stands_for)
    tree |= {"protocol": case.protocol, "port": case.port}
    if case.tls:
        tree["tls"] = True
    tree["recorded"] = _recorded(connection=case.connection, at_ns=case.at_ns, took_ns=case.took_ns)
    tree |= {"request": case.request, "response": case.response}
    if case.generated:
        tree["generated"] = [_generated_tree(g) for g in case.generated]
    if case.tolerances:
        tree["tolerances"] = [_tolerance_tree(t) for t in case.tolerances]
    if case.accepted:
        tree["accepted"] = [_accepted_tree(a) for a in case.accepted]
    if case.calls:
        tree["calls"] = [call_tree(call) for call in case.calls]
    return tree


def case_of(value: Value) -> Case:
    fields = Fields(value)
    case_id = fields.text("case")
    recorded = fields.inner("recorded")
    needs = fields.items("needs", _need_of)
    case = Case(
        id=case_id,
        aside=fields.text("aside", ""),
        trials=_trials_of(fields),
        needs=tuple(need for need, _ in needs),
        needs_why=tuple((need, why) for need, why in needs if why),
        stands_for=fields.items("stands_for", text_item),
        protocol=fields.text("protocol"),
        port=fields.whole("port"),
        tls=fields.flag("tls"),
        connection=recorded.whole("connection", 0),
        at_ns=recorded.whole("at_ns", 0),
        took_ns=recorded.whole("took_ns", 0),
        request=fields.tree("request"),
        response=fields.tree("response"),
        generated=fields.items("generated", _generated_of),
        tolerances=fields.items("tolerances", _tolerance_of),
        accepted=fields.items("accepted", _accepted_of),
        calls=fields.items("calls", call_of),
    )
    recorded.done()
    fields.done()
    shapes.check(case.request, ("request",))
    shapes.check(case.response, ("response",))
    return case


def call_tree(call: Interaction) -> dict[str, Value]:
    tree: dict[str, Value] = {
        "id": call.id,
        "protocol": call.protocol,
        "destination": call.destination,
    }
    if call.tls:
        tree["tls"] = True
    if call.outcome is not Outcome.COMPLETE:
        tree["outcome"] = call.outcome.value
    if call.uses is not Uses.ONCE:
        tree["uses"] = call.uses.value
    if call.after:
        tree["after"] = list(call.after)
    tree["recorded"] = _recorded(
        connection=call.connection, asked_ns=call.asked_ns, took_ns=call.took_ns
    )
    if call.request is not None:
        tree["request"] = call.request
    if call.response is not None:
        tree["response"] = call.response
    if call.generated:
        tree["generated"] = [_generated_tree(g) for g in call.generated]
    return tree


def call_of(value: Value, at: Path) -> Interaction:
    fields = Fields(value, at)
    call_id = fields.text("id")
    recorded = fields.inner("recorded")
    call = Interaction(
        id=call_id,
        protocol=fields.text("protocol"),
        destination=fields.text("destination"),
        tls=fields.flag("tls"),
        outcome=fields.one_of("outcome", Outcome, Outcome.COMPLETE),
        uses=fields.one_of("uses", Uses, Uses.ONCE),
        after=fields.items("after", text_item),
        connection=recorded.whole("connection", 0),
        asked_ns=recorded.whole("asked_ns", 0),
        took_ns=recorded.whole("took_ns", 0),
        request=fields.tree("request"),
        response=fields.tree("response"),
        generated=fields.items("generated", _generated_of),
    )
    recorded.done()
    fields.done()
    shapes.check(call.request, (*at, "request"))
    shapes.check(call.response, (*at, "response"))
    return call


def _recorded(**times: int) -> Value:
    return Inline(times)


def _generated_tree(generated: Generated) -> Value:
    return {"at": path_text(generated.at), "kind": generated.kind}


def _generated_of(value: Value, at: Path) -> Generated:
    fields = Fields(value, at)
    generated = Generated(at=text_path(fields.text("at")), kind=fields.text("kind"))
    fields.done()
    return generated


def _tolerance_tree(tolerance: Tolerance) -> Value:
    tree: dict[str, Value] = {"at": tolerance.at, "rule": tolerance.rule, "why": tolerance.why}
    if tolerance.since:
        tree["since"] = tolerance.since
    return tree


def _trials_tree(trials: Trials) -> Value:
    tree: dict[str, Value] = {"runs": trials.runs, "failures": trials.failures}
    if trials.varied:
        tree["varied"] = list(trials.varied)
    return tree


def _trials_of(fields: Fields) -> Trials | None:
    if not fields.has("trials"):
        return None
    inner = fields.inner("trials")
    trials = Trials(
        runs=inner.whole("runs"),
        failures=inner.whole("failures"),
        varied=inner.items("varied", text_item),
    )
    inner.done()
    return trials


def _need_of(value: Value, at: Path) -> tuple[str, str]:
    """The id, and why ("" when a value of the earlier case is what ties them)."""
    if not isinstance(value, dict):
        return text_item(value, at), ""
    fields = Fields(value, at)
    need = fields.text("case"), fields.text("why")
    fields.done()
    return need


def _accepted_tree(accepted: Accepted) -> Value:
    tree: dict[str, Value] = {"at": accepted.at, "change": accepted.change, "why": accepted.why}
    if accepted.since:
        tree["since"] = accepted.since
    return tree


def _accepted_of(value: Value, at: Path) -> Accepted:
    fields = Fields(value, at)
    accepted = Accepted(
        at=fields.text("at"),
        change=fields.text("change"),
        why=fields.text("why"),
        since=fields.text("since", ""),
    )
    fields.done()
    return accepted


def _tolerance_of(value: Value, at: Path) -> Tolerance:
    fields = Fields(value, at)
    tolerance = Tolerance(
        at=fields.text("at"),
        rule=fields.text("rule"),
        why=fields.text("why"),
        since=fields.text("since", ""),
    )
    if tolerance.rule not in RULES:
        found = f"{shown(tolerance.rule)}{nearest(tolerance.rule, list(RULES))}"
        raise WrongField((*at, "rule"), f"expected one of {', '.join(RULES)}, found {found}")
    fields.done()
    return tolerance
