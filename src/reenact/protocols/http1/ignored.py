"""Headers that are not compared, and why. A header that is not here matters."""

from __future__ import annotations

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
    "user-agent": SOFTWARE,
    "accept-encoding": "says what the client's library can decompress; bodies are compared decoded",
    "expect": "asks for a go-ahead before the body; the responder gives it",
    "http2-settings": "offers HTTP/2, which is not taken up (RFC 7540 section 3.2)",
}

RESPONSE: Mapping[str, str] = {
    **BOTH,
    "date": CLOCK,
    "age": CLOCK,
    "server": SOFTWARE,
    "x-runtime": TOOK,
    "x-response-time": TOOK,
    "x-process-time": TOOK,
    "server-timing": TOOK,
}
