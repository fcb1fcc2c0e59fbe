"""Whether a flow speaks HTTP/1, from the first bytes of each side."""

from __future__ import annotations

import re

from reenact.model.protocol import Confidence
from reenact.model.segment import Flow
from reenact.protocols.http1.grammar import REQUEST_LINE, TOKEN

METHODS = rb"GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|REPORT|PURGE|MKCOL|LOCK"
KNOWN_START = re.compile(rb"(?:" + METHODS + rb") (?:[/*]|[a-zA-Z0-9\[]).*", re.DOTALL)
MAYBE_METHOD = re.compile(rb"[A-Z][A-Z-]{0,23} ?")
ANY_LINE = re.compile(TOKEN + rb" [^\r\n]*", re.DOTALL)
SHORT = 512
"""Bytes of an unknown method's line worth waiting for."""


def detect(flow: Flow, client: bytes, server: bytes) -> Confidence:
    asked = _asks(client.lstrip(b"\r\n"))
    answered = _answers(server.lstrip(b"\r\n"))
    if asked is Confidence.SURE or not server:
        return asked
    if asked is Confidence.NO and client:
        # A server answers bytes it cannot read (TLS on a plain port) with a 400.
        return Confidence.LIKELY if answered is Confidence.SURE else Confidence.NO
    return answered


def _asks(data: bytes) -> Confidence:
    if not data:
        return Confidence.WAIT
    line, end, _ = data.partition(b"\n")
    if end:
        whole = REQUEST_LINE.fullmatch(line + end)
        return Confidence.SURE if whole else Confidence.NO
    if KNOWN_START.fullmatch(line):
        return Confidence.LIKELY if len(line) >= SHORT else Confidence.WAIT
    if MAYBE_METHOD.fullmatch(line) or (ANY_LINE.fullmatch(line) and len(line) < SHORT):
        return Confidence.WAIT
    return Confidence.NO


def _answers(data: bytes) -> Confidence:
    if data.startswith(b"HTTP/1."):
        return Confidence.SURE
    return Confidence.WAIT if b"HTTP/1.".startswith(data) else Confidence.NO
