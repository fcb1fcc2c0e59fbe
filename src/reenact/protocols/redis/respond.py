"""A Redis server that only knows recordings."""

from __future__ import annotations

from dataclasses import dataclass

from reenact.model.exchange import Outcome
from reenact.model.message import Malformed
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.framing import FramedCodec
from reenact.protocols.redis.commands import SUBSCRIBES, name_of
from reenact.protocols.redis.conversation import Conversation, failed
from reenact.protocols.redis.messages import Frame, command, encode_reply


@dataclass(slots=True)
class _Asked:
    words: list[Value]
    silent: bool  # the client said that it wants no reply
    reply: Answer | Refuse | None = None


class RedisResponder:
    """Answers leave in the order the commands came, whatever order the engine answers in."""

    def __init__(self, codec: FramedCodec) -> None:
        self._codec = codec
        self._conversation = Conversation()
        self._waiting: dict[int, _Asked] = {}
        self._count = 0
        self._sent = 0

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out: list[Action] = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            if isinstance(message.payload, Malformed):
                said = encode_reply(
                    {"error": f"ERR Protocol error: {message.payload.reason}"}, resp3=False
                )
                return [*out, Faulty(message.payload.reason), Send(said), Close()]
            assert isinstance(message.payload, Frame)
            words = command(message.payload.data)
            if words:  # redis ignores an empty line or array
                out.append(self._ask(words))
        return out

    def _ask(self, words: list[Value]) -> Ask:
        token, self._count = self._count, self._count + 1
        silent = not self._conversation.asked(words)
        self._waiting[token] = _Asked(words, silent)
        return Ask(token, self._conversation.tree(words, silent=silent))

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        asked = self._waiting[token]
        assert asked.reply is None, token
        asked.reply = reply
        out: list[Action] = []
        while (head := self._waiting.get(self._sent)) is not None and head.reply is not None:
            del self._waiting[self._sent]
            self._sent += 1
            out += self._say(head, head.reply)
        return out

    def _say(self, asked: _Asked, reply: Answer | Refuse) -> list[Action]:
        if asked.silent:
            return []
        if isinstance(reply, Refuse):
            return self._refuse(reply.reason)
        if reply.response is None:
            match reply.interaction.outcome:
                case Outcome.CUT:
                    return [Close()]
                case Outcome.ONE_WAY:
                    return self._refuse("it was recorded while CLIENT REPLY was off")
                case _:
                    pass  # a null
        trees = asked.words[1:2] if _echoes(reply) else _replies(reply.response)
        if name_of(asked.words) == "PING" and not failed(reply.response):
            trees = [self._pong(asked.words[1:])]
        self._follow(asked.words, reply.response, trees)
        if name_of(asked.words) in SUBSCRIBES:
            trees = [self._delivered(tree) for tree in trees]
        sent: list[Action] = [Send(b"".join(self._encode(tree) for tree in trees))]
        return [*sent, Close()] if name_of(asked.words) == "QUIT" else sent

    def _pong(self, word: list[Value]) -> Value:
        """It depends on what the connection is, so a recorded one may be of another (redis.io/commands/ping)."""
        if self._conversation.channels and not self._conversation.resp3:
            return ["pong", *(word or [""])]
        return word[0] if word else {"simple": "PONG"}

    def _refuse(self, reason: str) -> list[Action]:
        return [Send(self._encode({"error": f"ERR reenact: no recording: {reason}"}))]

    def _follow(self, words: list[Value], response: Value, trees: list[Value]) -> None:
        if name_of(words) in SUBSCRIBES and trees and not failed(trees[0]):
            self._conversation.subscribes(words)
        self._conversation.answered(words, response)

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        items = _items(response)
        if items is None or len(items) < 2:
            return None
        if items[0] == "invalidate":
            listens = self._conversation.tracking and self._conversation.resp3
        else:
            listens = self._conversation.listens(items[0], items[1])
        return [Send(self._encode(self._delivered(response)))] if listens else None

    def _delivered(self, tree: Value) -> Value:
        """In the framing of this connection: a push in RESP3, an array in RESP2."""
        items = _items(tree)
        if items is None:
            return tree
        return {"push": items} if self._conversation.resp3 else items

    def _encode(self, tree: Value) -> bytes:
        return encode_reply(tree, resp3=self._conversation.resp3)

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]


def _echoes(reply: Answer) -> bool:
    """Whether the recorded answer is the word that was to be echoed (ECHO, PING with a word)."""
    request = reply.interaction.request
    words = request.get("command") if isinstance(request, dict) else None
    if not isinstance(words, list) or name_of(words) not in ("ECHO", "PING"):
        return False
    return words[1:] == [reply.interaction.response]


def _items(tree: Value) -> list[Value] | None:
    inner = tree.get("push") if isinstance(tree, dict) else tree
    return inner if isinstance(inner, list) else None


def _replies(response: Value) -> list[Value]:
    inner = response.get("replies") if isinstance(response, dict) else None
    return inner if isinstance(inner, list) else [response]
