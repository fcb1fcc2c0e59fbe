"""Content-Type: which kind of body it announces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reenact.model.value import Value

PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
TEXTUAL = re.compile(
    r"text/.*|.*\+(?:xml|json|yaml|text)|application/(?:json|xml|javascript|ecmascript|graphql|sql"
    r"|yaml|x-yaml|toml|x-www-form-urlencoded|x-javascript|x-ndjson|ndjson|jsonl?|x-jsonlines"
    r"|jsonlines|xhtml|jwt|manifest|problem)"
)
JSON = re.compile(r"(?:application|text)/(?:json|x-json|x-amz-json-1\.[01])|.*\+json")
JSON_LINES = re.compile(r"(?:application|text)/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """`essence` is "type/subtype" in lower case, "" when there was none."""

    essence: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "").lower()

    @property
    def is_json(self) -> bool:
        return JSON.fullmatch(self.essence) is not None

    @property
    def is_json_lines(self) -> bool:
        return JSON_LINES.fullmatch(self.essence) is not None

    @property
    def is_form(self) -> bool:
        return self.essence == "application/x-www-form-urlencoded"

    @property
    def is_multipart(self) -> bool:
        return self.essence.startswith("multipart/")

    @property
    def is_events(self) -> bool:
        return self.essence == "text/event-stream"

    @property
    def is_text(self) -> bool:
        return TEXTUAL.fullmatch(self.essence) is not None


def media_type(text: str) -> MediaType:
    """Of a Content-Type value (RFC 9110 section 8.3.1); what cannot be read is left out."""
    essence, semicolon, rest = text.partition(";")
    parameters: dict[str, str] = {}
    for name, value in PARAMETER.findall(semicolon + rest):
        parameters.setdefault(name.lower(), unquoted(value.strip()))
    return MediaType(essence.strip().lower(), parameters)


def unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def header(headers: Sequence[Value], name: str) -> str | None:
    """The first value of `name` (lower case) in a list of `[name, value]`; None without one."""
    for line in headers:
        if isinstance(line, list) and len(line) > 1 and str(line[0]).lower() == name:
            return str(line[1])
    return None
