"""From the bytes of a body to its tree, back, and to what is compared. Shapes: README.md."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.contents import codings, events, forms, jsontext, multipart, texts
from reenact.contents.mediatype import MediaType, header, media_type, unquoted
from reenact.model.value import Value

Headers = Sequence[Value]


# -- showing -------------------------------------------------------------------------------


def show(data: bytes, headers: Headers) -> dict[str, Value]:
    """`data` is the body without its framing, still content-coded."""
    kind = media_type(header(headers, "content-type") or "")
    names = codings.names_of(header(headers, "content-encoding"))
    if not names:
        return _shown(data, kind)
    try:
        plain, applied = codings.decode(data, names)
    except codings.Undecodable:
        return {"bytes": data}
    return {**_shown(plain, kind), "encoding": applied}


def _shown(data: bytes, kind: MediaType) -> dict[str, Value]:
    if kind.is_multipart and (parts := _shown_parts(data, kind)) is not None:
        return parts
    read = texts.read(data, kind)
    if read is None:
        return {"bytes": data}
    text, charset = read
    if charset == "utf-8" and (known := _shown_structure(text, kind)) is not None:
        return known
    return {"text": text} if charset == "utf-8" else {"text": text, "charset": charset}


def _shown_structure(text: str, kind: MediaType) -> dict[str, Value] | None:
    if kind.is_json or (not kind.essence and text.startswith(("{", "["))):
        return _shown_json(text)
    if kind.is_form and (found := forms.styled(text)) is not None:
        fields, style = found
        return {"form": fields} if style == "plus" else {"form": fields, "style": style}
    return None


def _shown_json(text: str) -> dict[str, Value] | None:
    try:
        found = jsontext.styled(text)
    except jsontext.NotJson:
        return None
    if found is None:
        return None
    tree, style = found
    return {"json": tree} if style == jsontext.Style() else {"json": tree, "style": style.name()}


def _shown_parts(data: bytes, kind: MediaType) -> dict[str, Value] | None:
    boundary = kind.parameters.get("boundary", "")
    parts = multipart.split(data, boundary)
    if parts is None:
        return None
    shown: list[Value] = []
    for part in parts:
        lines: list[Value] = [[name, value] for name, value in part.headers]
        inner = media_type(header(lines, "content-type") or "text/plain; charset=utf-8")
        shown.append({"headers": lines, "body": _shown(part.data, inner)})
    body: dict[str, Value] = {"multipart": shown, "boundary": boundary}
    return body if multipart.ends_with_newline(data) else {**body, "end": ""}


# -- rendering -----------------------------------------------------------------------------


def render(body: Value) -> bytes:
    """The bytes of a body's tree, content-coded again where it says so; b"" for None."""
    if not isinstance(body, dict):
        return _loose(body)
    data = _rendered(body)
    try:
        return codings.encode(data, str(body.get("encoding", "")))
    except codings.Undecodable:
        return data


def _rendered(body: dict[str, Value]) -> bytes:
    style = str(body.get("style", ""))
    if "json" in body:
        return texts.write(jsontext.dump(body["json"], jsontext.style_named(style)), "utf-8")
    if "form" in body and isinstance(body["form"], list):
        return texts.write(forms.encode(body["form"], style or "plus"), "utf-8")
    if "multipart" in body and isinstance(body["multipart"], list):
        parts = [_rendered_part(part) for part in body["multipart"]]
        return multipart.join(parts, str(body.get("boundary", "")), end="end" not in body)
    if "text" in body:
        return texts.write(str(body["text"]), str(body.get("charset", "utf-8")))
    return _loose(body.get("bytes"))


def _rendered_part(part: Value) -> multipart.Part:
    if not isinstance(part, dict):
        return multipart.Part([], _loose(part))
    lines = part.get("headers")
    pairs = [line for line in lines if isinstance(line, list)] if isinstance(lines, list) else []
    headers = [(str(pair[0]), str(pair[1])) for pair in pairs if len(pair) > 1]
    return multipart.Part(headers, render(part.get("body")))


def _loose(value: Value) -> bytes:
    """What somebody wrote in place of a body: text or bytes."""
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode()


# -- opening -------------------------------------------------------------------------------


def open(body: Value, headers: Headers) -> Value:
    """What is compared. None for no body; JSON as its tree; a form as `[[name, value]]`; parts
    as `{"name", "filename", "headers", "body"}` without the boundary; events and JSON lines as
    lists; other text as str, as a list of lines when it has several; the rest as bytes."""
    return _opened(body, media_type(header(headers, "content-type") or ""))


def _opened(body: Value, kind: MediaType) -> Value:
    if not isinstance(body, dict):
        return body
    if "json" in body:
        return body["json"]
    if "form" in body:
        return body["form"]
    if "multipart" in body and isinstance(body["multipart"], list):
        return [_opened_part(part) for part in body["multipart"]]
    if "text" in body:
        return _opened_text(str(body["text"]), kind)
    return body.get("bytes")


def _opened_text(text: str, kind: MediaType) -> Value:
    if kind.is_events:
        return events.events(text)
    if kind.is_json_lines:
        return events.json_lines(text)
    if kind.is_form:
        return forms.pairs(text)
    if kind.is_json:
        try:
            return jsontext.parse(text)
        except jsontext.NotJson:
            return _lines(text)
    found = events.structured(text)
    return _lines(found) if isinstance(found, str) else found


def _lines(text: str) -> Value:
    """Several lines are a list, so that a difference, and a generated value, has a line."""
    lines: list[Value] = [*text.split("\n")]
    return lines if len(lines) > 1 else text


def _opened_part(part: Value) -> Value:
    if not isinstance(part, dict):
        return part
    lines = part.get("headers")
    headers = lines if isinstance(lines, list) else []
    disposition = media_type(header(headers, "content-disposition") or "").parameters
    kind = media_type(header(headers, "content-type") or "")
    others: dict[str, Value] = {
        str(line[0]).lower(): line[1]
        for line in headers
        if isinstance(line, list) and len(line) > 1 and _matters(str(line[0]))
    }
    opened: dict[str, Value] = {}
    for name in ("name", "filename"):
        if name in disposition:
            opened[name] = unquoted(disposition[name])
    return {**opened, "headers": others, "body": _opened(part.get("body"), kind)}


def _matters(name: str) -> bool:
    return name.lower() not in ("content-disposition", "content-length")
