"""Commands are the same when their name and all arguments are."""

from __future__ import annotations

from reenact.model.protocol import Traits
from reenact.model.value import Value
from reenact.protocols.redis.commands import name_of, traits_of


class RedisMatcher:
    def key(self, request: Value) -> str:
        words = words_of(request)
        return f"{name_of(words)} {len(words)}"

    def normal(self, request: Value) -> Value:
        words = words_of(request)
        return {"command": name_of(words), "args": words[1:]}

    def normal_response(self, response: Value) -> Value:
        return response

    def label(self, request: Value) -> str:
        words = words_of(request)
        shown = " ".join([name_of(words), *map(_shown, words[1:])])
        return shown if len(shown) <= 100 else shown[:97] + "..."

    def traits(self, request: Value, response: Value) -> Traits:
        return traits_of(words_of(request))


def words_of(request: Value) -> list[Value]:
    words = request.get("command") if isinstance(request, dict) else None
    return words if isinstance(words, list) else []


def _shown(word: Value) -> str:
    text = repr(word)[1:] if isinstance(word, bytes) else str(word)
    return text.replace("\n", "\\n") if text else "''"
