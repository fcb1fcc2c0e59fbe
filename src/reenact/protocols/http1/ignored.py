"""Headers whose values are not compared, and why. A header that is not here matters."""

from __future__ import annotations

import re
from collections.abc import Mapping

HOP = "says how this one connection is used (RFC 9110 section 7.6.1)"
FRAMING = "says how the body is framed; the body itself is compared"
TRACE = "trace context: made anew for every call by the tracing library"
CLOCK = "the time of the answer"
TOOK = "how long the answer took"
SOFTWARE = "names software and its version, not what it did"

BOTH: Mapping[str, str] = {
    "connection": HOP,
    "keep-alive": HOP,
    "proxy-connection": HOP,
    "te": HOP,
    "trailer": FRAMING,
    "transfer-encoding": FRAMING,
    "content-length": FRAMING,
    "via": "names the intermediaries",
    "traceparent": TRACE,
    "tracestate": TRACE,
    "b3": TRACE,
    "x-b3-traceid": TRACE,
    "x-b3-spanid": TRACE,
    "x-b3-parentspanid": TRACE,
    "x-b3-sampled": TRACE,
    "uber-trace-id": TRACE,
    "sentry-trace": TRACE,
    "x-datadog-trace-id": TRACE,
    "x-datadog-parent-id": TRACE,
    "x-datadog-sampling-priority": TRACE,
    "x-datadog-tags": TRACE,
    "x-amzn-trace-id": TRACE,
    "x-cloud-trace-context": TRACE,
}

REQUEST: Mapping[str, str] = {
    **BOTH,
    "accept-encoding": "says what the client's library can decompress; bodies are compared decoded",
    "expect": "asks for a go-ahead before the body; the responder gives it",
    "http2-settings": "offers HTTP/2, which is not taken up (RFC 7540 section 3.2)",
}

RESPONSE: Mapping[str, str] = {
    **BOTH,
    "age": CLOCK,
    "server": SOFTWARE,
    "x-runtime": TOOK,
    "x-response-time": TOOK,
    "x-process-time": TOOK,
    "server-timing": TOOK,
}

REQUEST_PRESENCE: Mapping[str, re.Pattern[str]] = {"user-agent": re.compile(r".+", re.DOTALL)}
"""Compared is that they are there with a value of this form: there are servers that answer nobody who doesn't say who he
is, but the name and version of a library are nothing that the service does."""

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"\d{2}:\d{2}:\d{2}"
_DATES = (
    rf"{_DAY}, \d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {_CLOCK} (?:GMT|UTC|[+-]\d{{4}})",
    rf"{_DAY}[a-z]*, \d{{2}}-[A-Z][a-z]{{2}}-\d{{2}} {_CLOCK} GMT",
    rf"{_DAY} [A-Z][a-z]{{2}} [ \d]\d {_CLOCK} \d{{4}}",
)
RESPONSE_PRESENCE: Mapping[str, re.Pattern[str]] = {"date": re.compile("|".join(_DATES))}
"""RFC 9110 section 6.6.1 asks whoever has a clock for one, section 5.6.7 for its form; an offset in place of GMT is
common. The time itself is that of the answer."""
