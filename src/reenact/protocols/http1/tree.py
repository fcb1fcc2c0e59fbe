"""Messages to trees: what an exchange shows. The shapes are in README.md."""

from __future__ import annotations

from reenact import contents
from reenact.model.value import Value
from reenact.protocols.http1 import grammar, wire
from reenact.protocols.http1.payloads import HttpMessage, Request, Response

Tree = dict[str, Value]


def request_tree(message: Request) -> Tree:
    head = grammar.request_head(message.head)
    tree: Tree = {"method": head.method, "target": head.target}
    if head.version != "1.1":
        tree["version"] = head.version
    return _with_rest(tree, head.headers, message)


def response_tree(message: Response, informational: list[Response]) -> Tree:
    """`informational`: the 1xx responses that came before it."""
    head = grammar.response_head(message.head)
    tree: Tree = {"status": head.status}
    if head.reason is not None:
        tree["reason"] = head.reason
    if head.version != "1.1":
        tree["version"] = head.version
    tree["headers"] = [[name, value] for name, value in head.headers]
    if wire.response_framing(tree) != message.framing:
        tree["framing"] = message.framing  # HEAD and CONNECT: the head says otherwise
    tree = _with_rest(tree, head.headers, message)
    if informational:
        tree["informational"] = [response_tree(early, []) for early in informational]
    return tree


def _with_rest(tree: Tree, headers: grammar.Headers, message: HttpMessage) -> Tree:
    lines: list[Value] = [[name, value] for name, value in headers]
    tree["headers"] = lines
    if message.body:
        tree["body"] = contents.show(message.body, lines)
    if trailers := grammar.headers_of(message.trailer):
        tree["trailers"] = [[name, value] for name, value in trailers]
    if message.cut:
        tree["cut"] = message.cut
    if wire.plain_head(tree) != message.head:
        tree["wire"] = message.head.decode("latin-1")
    return tree
