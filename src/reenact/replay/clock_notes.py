"""What a clock that is not the recorded one makes of the recording."""

from __future__ import annotations

from reenact.intercept.ca import VALID_FROM, VALID_TO
from reenact.match.expiry import Expiry, Plugins, expiries
from reenact.model.suite import Suite
from reenact.model.value import path_text


def clock_notes(suite: Suite, plugins: Plugins, start_ns: int) -> tuple[str, ...]:
    """`start_ns` is what the service's clock shows when the recording begins, since the epoch."""
    shift_ns = start_ns - suite.started_ns
    if not shift_ns or not suite.started_ns:
        return ()
    crossed = [found for found in expiries(suite, plugins) if found.crossed(shift_ns)]
    return (*_crossed(crossed, shift_ns), *_certificates(suite, start_ns))


def _crossed(found: list[Expiry], shift_ns: int) -> tuple[str, ...]:
    if not found:
        return ()
    how = "have passed, and had not" if shift_ns > 0 else "are still to come, and had passed"
    calls = {(expiry.case, expiry.call) for expiry in found}
    count = "1 recorded answer has" if len(calls) == 1 else f"{len(calls)} recorded answers have"
    first = found[0]
    where = path_text(("calls", first.call, *first.at)) if first.case else f"call {first.call}"
    return (
        f"the service's clock: {count} times that {how} when recorded; what depends on them is no "
        f"change of the service (the first: {first.case or 'session'}, {where}, {first.said!r})",
    )


def _certificates(suite: Suite, start_ns: int) -> tuple[str, ...]:
    """Ours have to be valid at the service's clock wherever TLS is spoken."""
    spoken = any(c.tls for c in suite.session) or any(
        case.tls or any(c.tls for c in case.calls) for case in suite.cases
    )
    valid = VALID_FROM.timestamp() <= start_ns / 10**9 < VALID_TO.timestamp()
    if valid or not spoken:
        return ()
    return (
        "the service's clock: our certificates are valid from 2001 to 2100 only, so TLS will be "
        "refused",
    )
