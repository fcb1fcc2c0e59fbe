"""Trees to bytes: what the caller and the responder send.

A tree that nobody edited gives the recorded head to the byte. Chunk sizes are our own: a piece
for each event of an event stream and each line of JSON lines, else 64 KiB.
"""

from __future__ import annotations

from reenact import contents
from reenact.contents import events
from reenact.model.value import Value
from reenact.protocols.framing import BadBytes
from reenact.protocols.http1 import grammar
from reenact.protocols.http1.grammar import Headers, RequestHead, ResponseHead
from reenact.protocols.http1.payloads import Framing

CHUNK = 64 * 1024

FRAMINGS: dict[str, Framing] = {
    "none": "none",
    "length": "length",
    "chunked": "chunked",
    "close": "close",
}

Tree = dict[str, Value]


def request_bytes(tree: Tree) -> bytes:
    body = contents.render(tree.get("body"))
    framing = _request_framing(tree)
    if framing == "none" and body:
        tree = {**tree, "headers": [*_lines(tree), ["Content-Length", str(len(body))]]}
        framing = "length"
    return _bytes(tree, framing, body)


def response_bytes(tree: Tree) -> bytes:
    """The final response alone; its informational ones are trees of their own. One with `cut`
    keeps its Content-Length and stops where the recorded one stopped."""
    return _bytes(tree, response_framing(tree), contents.render(tree.get("body")))


def _bytes(tree: Tree, framing: Framing, body: bytes) -> bytes:
    cut = "cut" in tree
    if framing == "length" and not cut:
        tree = {**tree, "headers": _with_length(_lines(tree), len(body))}
    head = head_bytes(tree)
    if framing == "none":
        return head
    if framing == "chunked":
        return head + _chunked(tree, body, cut=cut)
    return head + body


# -- heads ---------------------------------------------------------------------------------


def head_bytes(tree: Tree) -> bytes:
    """As it came (`wire`) while the tree still says the same, else as it is usually written."""
    recorded = tree.get("wire")
    if isinstance(recorded, str) and "\n" in recorded:
        data = _latin(recorded)
        try:
            if _says(data, tree):
                return data
        except BadBytes:
            pass
    return plain_head(tree)


def plain_head(tree: Tree) -> bytes:
    return _start_line(tree) + _header_lines(headers(tree)) + b"\r\n"


def _start_line(tree: Tree) -> bytes:
    version = "HTTP/" + str(tree.get("version", "1.1"))
    if "status" not in tree:
        words = [str(tree.get("method", "GET")), str(tree.get("target", "/")), version]
    else:
        words = [version, str(tree["status"])]
        words += [str(tree["reason"])] if "reason" in tree else []
    return _latin(" ".join(words) + "\r\n")


def _header_lines(lines: Headers) -> bytes:
    return _latin("".join(f"{name}: {value}\r\n" for name, value in lines))


def _says(data: bytes, tree: Tree) -> bool:
    """Whether the recorded head says what the tree says."""
    said = (str(tree.get("version", "1.1")), headers(tree))
    if "status" in tree:
        response = grammar.response_head(data)
        same_line = (response.status, response.reason) == (tree["status"], tree.get("reason"))
        return same_line and (response.version, response.headers) == said
    request = grammar.request_head(data)
    same_line = (request.method, request.target) == (tree.get("method"), tree.get("target"))
    return same_line and (request.version, request.headers) == said


def _latin(text: str) -> bytes:
    """Latin-1, the inverse of how heads are read; UTF-8 for what an edit brought in."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def headers(tree: Tree) -> Headers:
    return tuple(
        (str(line[0]), str(line[1]))
        for line in _lines(tree)
        if isinstance(line, list) and len(line) > 1
    )


def _lines(tree: Tree) -> list[Value]:
    lines = tree.get("headers")
    return lines if isinstance(lines, list) else []


def _with_length(lines: list[Value], length: int) -> list[Value]:
    """Content-Length set right where it is wrong; a line that is right stays as it was."""
    return [
        [line[0], str(length)]
        if isinstance(line, list) and _is_length(line) and line[1:] != [str(length)]
        else line
        for line in lines
    ]


def _is_length(line: list[Value]) -> bool:
    return len(line) > 1 and str(line[0]).lower() == "content-length"


# -- framing -------------------------------------------------------------------------------


def _request_framing(tree: Tree) -> Framing:
    head = RequestHead("", "", "1.1", headers(tree))
    try:
        return grammar.request_framing(head)[0]
    except BadBytes:
        return "none"


def response_framing(tree: Tree) -> Framing:
    """As the tree says, else as its head says."""
    said = FRAMINGS.get(str(tree.get("framing")))
    if said is not None:
        return said
    head = ResponseHead("1.1", status(tree), None, headers(tree))
    try:
        return grammar.response_framing(head, "")[0]
    except BadBytes:
        return "close"


def status(tree: Tree) -> int:
    found = tree.get("status")
    return found if isinstance(found, int) else 200


def _chunked(tree: Tree, body: bytes, *, cut: bool) -> bytes:
    out = bytearray()
    for piece in _pieces(tree, body):
        out += b"%x\r\n%b\r\n" % (len(piece), piece)
    if cut:
        return bytes(out)
    trailers = headers({"headers": tree.get("trailers")})
    return bytes(out + b"0\r\n" + _header_lines(trailers) + b"\r\n")


def _pieces(tree: Tree, body: bytes) -> list[bytes]:
    shown = tree.get("body")
    coded = isinstance(shown, dict) and "encoding" in shown
    kind = contents.media_type(", ".join(grammar.values(headers(tree), "content-type")[:1]))
    if not coded and (kind.is_events or kind.is_json_lines):
        return events.pieces(body, lines=kind.is_json_lines)
    return [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
