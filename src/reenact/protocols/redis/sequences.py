"""Numbers that an answer shows to come from a counter of the server's: INCR of a key."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.model.value import Value
from reenact.protocols.redis.match import words_of

_COUNTS = {"INCR": 2, "INCRBY": 2, "HINCRBY": 3}
"""How many words name the counter."""


def drawn(request: Value, response: Value) -> Iterator[tuple[tuple[object, ...], int]]:
    """(which counter, number)."""
    words = [str(word) for word in words_of(request)]
    named = _COUNTS.get(words[0].upper()) if words else None
    reply = response.get("reply") if isinstance(response, dict) else response
    if named and isinstance(reply, int) and not isinstance(reply, bool):
        yield ("counter", *words[1:named]), reply
