"""Commands are the same when their name, all arguments and the database are."""

from __future__ import annotations

import re

from reenact.model.protocol import Traits
from reenact.model.value import Value
from reenact.protocols.redis.commands import name_of, traits_of

LABEL_MAX = 100
"""Characters."""


_HEAD = re.compile(r"[A-Za-z_]{2,}:")
"""What programs call a family of keys; random values have no colon after letters alone."""


class RedisMatcher:
    def key(self, request: Value) -> str:
        """The command, how many words it has, and the literal head of its key (`session:...`)."""
        words = compared(words_of(request))
        queued = _queued(request)
        head = _HEAD.match(str(words[1])) if len(words) > 1 and queued is None else None
        count = len(words) if queued is None else len(queued)
        return f"{name_of(words)} {count} {head[0] if head else ''}"

    def normal(self, request: Value) -> Value:
        words = compared(words_of(request))
        normal: dict[str, Value] = {"command": name_of(words), "args": words[1:]}
        if isinstance(request, dict):
            normal |= {name: request[name] for name in ("db", "reply") if name in request}
        queued = _queued(request)
        if queued is not None:
            normal["queued"] = [self.normal({"command": words}) for words in queued]
        return normal

    def normal_response(self, response: Value) -> Value:
        return response

    def label(self, request: Value) -> str:
        """No passwords: they are not compared."""
        words = compared(words_of(request))
        shown = " ".join(
            map(_shown, [name_of(words), *words[1:]] if words else ["(empty command)"])
        )
        queued = _queued(request)
        shown += f" ({len(queued)} queued)" if queued is not None else ""
        return shown if len(shown) <= LABEL_MAX else shown[: LABEL_MAX - 3] + "..."

    def traits(self, request: Value, response: Value) -> Traits:
        return traits_of(words_of(request))


def compared(words: list[Value]) -> list[Value]:
    """Without what says who the client is: a new password or client library is no other call. Nor is
    another word to be echoed: some clients make up one to see that a connection is in step."""
    match [str(word).upper() for word in words[:2]]:
        case ["AUTH", *_]:
            return words[:1]
        case ["HELLO", *_]:
            return words[:2]
        case ["CLIENT", "SETNAME"]:
            return [*words[:2], *["..."] * len(words[2:])]
        case ["CLIENT", "SETINFO"]:
            return [*words[:3], *["..."] * len(words[3:])]
        case ["ECHO" | "PING", _]:
            return [words[0], "..."]
    return words


def _queued(request: Value) -> list[Value] | None:
    queued = request.get("queued") if isinstance(request, dict) else None
    return queued if isinstance(queued, list) else None


def words_of(request: Value) -> list[Value]:
    words = request.get("command") if isinstance(request, dict) else None
    return words if isinstance(words, list) else []


def _shown(word: Value) -> str:
    """A word of a label; values can be megabytes long."""
    text = repr(word[:LABEL_MAX])[1:] if isinstance(word, bytes) else str(word)[:LABEL_MAX]
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) or "''"
