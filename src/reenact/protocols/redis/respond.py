"""A Redis server that only knows recordings."""

from __future__ import annotations

from reenact.model.message import Malformed
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.framing import FramedCodec
from reenact.protocols.redis.commands import name_of
from reenact.protocols.redis.messages import Frame, command, encode_reply


class RedisResponder:
    """Answers leave in the order the commands came, whatever order the engine answers in."""

    def __init__(self, codec: FramedCodec) -> None:
        self._codec = codec
        self._resp3 = False
        self._words: list[list[Value]] = []
        self._sent = 0
        self._ready: dict[int, Answer | Refuse] = {}
        self._channels: set[str] = set()

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out: list[Action] = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            if isinstance(message.payload, Malformed):
                return [*out, Faulty(message.payload.reason), Close(reset=True)]
            assert isinstance(message.payload, Frame)
            words = command(message.payload.data)
            if words:  # redis ignores an empty line or array
                out.append(Ask(len(self._words), {"command": words}))
                self._words.append(words)
        return out

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        assert self._sent <= token < len(self._words) and token not in self._ready
        self._ready[token] = reply
        out: list[Action] = []
        while self._sent in self._ready:
            out += self._say(self._words[self._sent], self._ready.pop(self._sent))
            self._words[self._sent] = []
            self._sent += 1
        return out

    def _say(self, words: list[Value], reply: Answer | Refuse) -> list[Action]:
        if isinstance(reply, Refuse):
            text = " ".join(reply.reason.split())
            return [
                Send(encode_reply({"error": f"ERR reenact: no recording: {text}"}, resp3=False))
            ]
        if reply.response is None and reply.interaction.outcome.value in ("one-way", "cut"):
            return [] if reply.interaction.outcome.value == "one-way" else [Close()]
        self._follow(words, reply.response)
        trees = _replies(reply.response)
        return [Send(b"".join(encode_reply(tree, resp3=self._resp3) for tree in trees))]

    def _follow(self, words: list[Value], response: Value) -> None:
        """What the connection becomes by a command that succeeded."""
        name = name_of(words)
        if name == "HELLO" and len(words) > 1:
            self._resp3 = str(words[1]) == "3" and "error" not in _keys(response)
        elif name == "RESET":
            self._resp3 = False
            self._channels.clear()
        elif name in ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"):
            self._channels |= {str(word) for word in words[1:]}
        elif name in ("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"):
            self._channels -= {str(word) for word in words[1:]} or set(self._channels)

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        items = response.get("push") if isinstance(response, dict) else response
        if not isinstance(items, list) or len(items) < 2:
            return None
        tracked = str(items[0]) == "invalidate"
        if not (tracked and self._resp3) and str(items[1]) not in self._channels:
            return None
        return [Send(encode_reply(response, resp3=self._resp3))]

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]


def _replies(response: Value) -> list[Value]:
    if isinstance(response, dict) and isinstance(response.get("replies"), list):
        replies = response["replies"]
        assert isinstance(replies, list)
        return replies
    return [response]


def _keys(response: Value) -> set[str]:
    return set(response) if isinstance(response, dict) else set()
