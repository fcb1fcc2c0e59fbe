"""What a connection has become by what its client said: database, RESP version, channels, silence.

Everything here follows from the commands and whether they succeeded, so that the pairer and
the responder come to the same conclusions.
"""

from __future__ import annotations

from reenact.model.value import Value
from reenact.protocols.redis.commands import SUBSCRIBES, name_of

Channel = tuple[str, Value]
"""What delivers ("message", "pmessage", "smessage") and the channel or pattern."""

_DELIVERS = {
    "SUBSCRIBE": "message", "UNSUBSCRIBE": "message",
    "PSUBSCRIBE": "pmessage", "PUNSUBSCRIBE": "pmessage",
    "SSUBSCRIBE": "smessage", "SUNSUBSCRIBE": "smessage",
}  # fmt: skip


class Conversation:
    """`asked` is called for each command in order, `answered` when its reply is known."""

    def __init__(self) -> None:
        self.db: Value = 0
        self.resp3 = False
        self.tracking = False
        self.channels: set[Channel] = set()
        self._queued: list[Value] | None = None  # since MULTI
        self._silent = ""  # CLIENT REPLY: "off", "skip" the next, or ""

    def asked(self, words: list[Value]) -> bool:
        """Whether the command will be replied to (redis.io/commands/client-reply; an empty command
        is ignored, networking.c processCommand)."""
        if not words:
            return False
        return not self._silenced(words)

    def tree(self, words: list[Value], *, silent: bool) -> Value:
        """The request tree of a command that is asked now; `silent` when it will have no reply.

        EXEC tells what it executes: its reply is that of the commands queued before it, and of no other
        transaction. What SELECT says holds from the next command on, whether or not its reply has
        come: clients pipeline the two.
        """
        tree: dict[str, Value] = {"command": words}
        if self.db != 0:
            tree["db"] = self.db
        if silent and words:
            tree["reply"] = False
        match name_of(words), words[1:]:
            case "MULTI", _:
                self._queued = []
            case "EXEC", _ if self._queued is not None:
                tree["queued"], self._queued = self._queued, None
            case "DISCARD", _:
                self._queued = None
            case "SELECT", [number]:
                self.db = _database(number)
            case "RESET", _:
                self.db, self._queued = 0, None
            case _ if self._queued is not None:
                self._queued.append(words)
        return tree

    def _silenced(self, words: list[Value]) -> bool:
        match [str(word).upper() for word in words[:3]]:
            case ["CLIENT", "REPLY", "ON"]:
                self._silent = ""
                return False
            case ["CLIENT", "REPLY", "OFF" | "SKIP" as mode]:
                self._silent = mode.lower()
                return True
        if self._silent == "skip":
            self._silent = ""
            return True
        return self._silent == "off"

    def replies(self, words: list[Value]) -> int:
        """How many replies the command has when it succeeds: one, but one for each channel
        of the subscribing commands, and one for each channel left by a bare UNSUBSCRIBE."""
        step = SUBSCRIBES.get(name_of(words))
        if step is None:
            return 1
        if step > 0 or len(words) > 1:
            return max(len(words) - 1, 1)
        return max(len(self._of(words)), 1)

    def subscribes(self, words: list[Value]) -> None:
        """To be called when the first reply of a subscribing command was no error."""
        named = {(_DELIVERS[name_of(words)], word) for word in words[1:]}
        if SUBSCRIBES[name_of(words)] > 0:
            self.channels |= named
        else:
            self.channels -= named or self._of(words)

    def listens(self, delivers: Value, channel: Value) -> bool:
        return any(delivers == d and channel == c for d, c in self.channels)

    def _of(self, words: list[Value]) -> set[Channel]:
        return {c for c in self.channels if c[0] == _DELIVERS[name_of(words)]}

    def answered(self, words: list[Value], response: Value) -> None:
        """What the connection becomes by a command whose whole response is known."""
        if failed(response):
            return
        match [str(word).upper() for word in words[:3]]:
            case ["HELLO", version, *_]:
                self.resp3 = version == "3"
            case ["RESET", *_]:
                self.resp3 = self.tracking = False
                self.channels.clear()
            case ["CLIENT", "TRACKING", mode]:
                self.tracking = mode == "ON"


def failed(response: Value) -> bool:
    return isinstance(response, dict) and "error" in response


def _database(word: Value) -> Value:
    return int(word) if isinstance(word, str) and word.isdecimal() else word
