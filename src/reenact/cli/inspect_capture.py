"""What a recording holds, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reenact.base.errors import UserError
from reenact.cli.labels import label
from reenact.cli.select import selected
from reenact.decode.flow import Decoded, decode
from reenact.model.exchange import Exchange, Outcome
from reenact.model.segment import Flow
from reenact.protocols import builtin
from reenact.report.words import plural, safe
from reenact.store.bodies import BodySink
from reenact.store.capture import Capture, open_capture
from reenact.store.yaml_write import write


def inspect_capture(
    path: Path, name: str | None, select: str | None, *, exchanges: bool
) -> Iterator[str]:
    """`name` is a flow ("3") or an exchange ("3/2"). Raises StoreError, UserError."""
    capture = open_capture(path)
    decoded = decode(capture.flows, capture.segments, builtin())
    if name is not None:
        return _one(capture, decoded, name)
    if exchanges:
        return _exchanges(decoded.exchanges, select)
    return _flows(capture, decoded, select)


def _flows(capture: Capture, decoded: Decoded, select: str | None) -> Iterator[str]:
    lines = {
        str(flow.id): _flow_line(capture, flow, decoded.protocols[flow.id])
        for flow in capture.flows.values()
    }
    for name in selected(select, lines) if lines else ():
        yield lines[name]
    yield _summary(capture, decoded)


def _flow_line(capture: Capture, flow: Flow, protocol: str) -> str:
    size = sum(len(segment.data) for segment in capture.segments(flow.id))
    tls = f"  TLS {flow.sni or ''}".rstrip() if flow.tls else ""
    opaque = f"  opaque: {flow.opaque}" if flow.opaque else ""
    return safe(
        f"{flow.id:>5}  {_seconds(flow.opened_ns)}  {flow.role.value:<8}  {protocol:<8}"
        f"  {flow.client} > {flow.server}  {size} bytes{tls}{opaque}"
    )


def _summary(capture: Capture, decoded: Decoded) -> str:
    text = f"{plural(len(capture.flows), 'flow')}, {plural(len(decoded.exchanges), 'exchange')}"
    if capture.accounting is not None:
        text += f", {capture.accounting.lost_bytes} bytes lost"
    return text + (f"; the end is missing: {capture.torn}" if capture.torn else "")


def _exchanges(exchanges: tuple[Exchange, ...], select: str | None) -> Iterator[str]:
    lines = {exchange.id: _exchange_line(exchange) for exchange in exchanges}
    for name in selected(select, lines) if lines else ():
        yield lines[name]
    yield plural(len(exchanges), "exchange")


def _exchange_line(exchange: Exchange) -> str:
    fate = "" if exchange.outcome is Outcome.COMPLETE else f"  ({exchange.outcome.value})"
    said = label(exchange.protocol, exchange.request) or "-"
    return safe(
        f"{exchange.id:>8}  {_seconds(exchange.asked_ns)}  {exchange.role.value:<8}"
        f"  {exchange.protocol:<8}  {said}{fate}"
    )


def _one(capture: Capture, decoded: Decoded, name: str) -> Iterator[str]:
    of_flow = [e for e in decoded.exchanges if name in (e.id, str(e.flow))]
    if "/" in name and of_flow:
        return _in_full(of_flow[0])
    if "/" not in name and name.isdigit() and int(name) in capture.flows:
        flow = capture.flows[int(name)]
        first = _flow_line(capture, flow, decoded.protocols[flow.id])
        return iter([first, *map(_exchange_line, of_flow)])
    raise UserError(
        f"{capture.path}: there is no flow or exchange {name!r}; list them: --exchanges"
    )


def _in_full(exchange: Exchange) -> Iterator[str]:
    yield _exchange_line(exchange)
    took_ns = exchange.answered_ns - exchange.asked_ns
    yield f"# {exchange.outcome.value} in {took_ns / 1e6:.3f} ms {exchange.note}".rstrip()
    tree = {"request": exchange.request, "response": exchange.response}
    yield from map(safe, write(tree, BodySink()).splitlines())


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:10.6f}"
