"""text/event-stream (WHATWG HTML section 9.2) and JSON lines."""

from __future__ import annotations

import re

from reenact.contents import jsontext
from reenact.model.value import Value

BLANK = re.compile(r"(?:\r\n|\r|\n)(?:\r\n|\r|\n)+")
LINE = re.compile(r"\r\n|\r|\n")


def events(text: str) -> list[Value]:
    """One dict per event: its fields as they are named; `data` opened when it is JSON.
    A line that starts with a colon is a comment and stays, under "comment"."""
    found = [_event(block) for block in BLANK.split(text.removeprefix("\ufeff"))]
    return [event for event in found if event]


def _event(block: str) -> Value:
    fields: dict[str, list[str]] = {}
    for line in LINE.split(block):
        name, _, value = line.partition(":")
        if line:
            fields.setdefault(name or "comment", []).append(value.removeprefix(" "))
    event: dict[str, Value] = {name: "\n".join(lines) for name, lines in fields.items()}
    if "data" in event:
        event["data"] = structured(str(event["data"]))
    return event


def pieces(data: bytes, *, lines: bool) -> list[bytes]:
    """The body cut where a stream would have been written: after each event, or each line."""
    mark = rb"[^\n]*\n|[^\n]+$" if lines else rb"(?s).*?(?:\r\n\r\n|\n\n|\r\r)|.+$"
    return re.findall(mark, data)


def json_lines(text: str) -> Value:
    """A list of the lines' values; the text itself when a line is no JSON."""
    try:
        return [jsontext.parse(line) for line in text.splitlines() if line.strip()]
    except jsontext.NotJson:
        return text


def structured(text: str) -> Value:
    """JSON objects and arrays as trees; any other text as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return jsontext.parse(text)
    except jsontext.NotJson:
        return text
