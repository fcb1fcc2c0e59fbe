"""LISTEN, and the notifications that are due: PostgreSQL sends none inside a transaction."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.protocols.postgres import sqltext


class Channels:
    def __init__(self) -> None:
        self._listened: set[str] = set()
        self._held: list[Payload] = []

    def __contains__(self, channel: str) -> bool:
        return channel in self._listened

    def follow(self, sql: str, tag: str) -> None:
        """What a statement that completed with `tag` changes."""
        if tag == "LISTEN":
            self._listened.add(_channel(sql))
        elif tag == "UNLISTEN":
            name = _channel(sql)
            self._listened = set() if name == "*" else self._listened - {name}
        elif tag == "DISCARD ALL":
            self._listened.clear()

    def hold(self, notification: Payload) -> None:
        """Until no transaction is open."""
        self._held.append(notification)

    def due(self) -> list[Payload]:
        held, self._held = self._held, []
        return held


def _channel(sql: str) -> str:
    """LISTEN name: folded to lower case unless quoted."""
    word = sqltext.collapse(sql).split(" ", 1)[-1].strip()
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()
