"""What an observing relay told, and which of all the possible changes are tried. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from benches.inflight.alter import FORM, VALUE


@dataclass(frozen=True, order=True)
class Message:
    """The nth of a shape since that many requests had come in. `<` before a shape: a response."""

    request: int
    shape: str
    nth: int


@dataclass(frozen=True, order=True)
class Site:
    message: Message
    change: str

    @property
    def kind(self) -> str:
        """Whose message it is, and the operation."""
        return f"{speaker(self.message.shape)} {self.change.partition(' ')[0]}"

    @property
    def same(self) -> tuple[str, str]:
        """Equal for changes that differ only in when they are made; a header is one, wherever it stands."""
        if self.change.startswith("header-"):
            return speaker(self.message.shape), self.change
        return self.message.shape, self.change


@dataclass
class Observed:
    """Of one run: the start lines of the requests in order; of each message the changes that can be made to
    it, with what they replace; what calls were answered (hex)."""

    starts: list[str] = field(default_factory=list)
    changes: dict[Message, dict[str, str]] = field(default_factory=dict)
    answers: dict[Message, str] = field(default_factory=dict)


def speaker(shape: str) -> str:
    if shape.startswith("<"):
        return "response"
    word = shape.split(" ")[1]
    if word == "SQL":
        return "postgres"
    is_http = word in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD") and "/" in shape
    return "http" if is_http else "redis"


def told(log: str, mark: str) -> Iterator[dict[str, object]]:
    """Lines that got mixed with the service's own are left out."""
    for line in log.splitlines():
        _, found, text = line.partition(mark)
        if found:
            try:
                yield json.loads(text)
            except ValueError:
                continue


def observed(lines: Iterable[dict[str, object]]) -> Observed:
    out = Observed()
    for line in lines:
        if "start" in line:
            out.starts.append(str(line["start"]))
        if "shape" not in line:
            continue
        message = Message(int(str(line["request"])), str(line["shape"]), int(str(line["nth"])))
        if "changes" in line:
            pairs = line["changes"]
            assert isinstance(pairs, list)
            out.changes[message] = {name: was for name, was in reversed(pairs)}
        if "answer" in line:
            out.answers[message] = str(line["answer"])
    return out


def sites(first: Observed, second: Observed) -> list[Site]:
    """All that can be changed in both runs.

    A value that differs between them is made up by the service: another one of its form is as good, so it is
    given another form. All others are given another value.
    """
    found = []
    for message, changes in first.changes.items():
        again = second.changes.get(message, {})
        for name, was in changes.items():
            if name not in again:
                continue
            operation = name.partition(" ")[0]
            made_up = was != again[name]
            if operation.endswith(VALUE if made_up else FORM):
                continue
            if name == "drop" and message not in first.answers:
                continue
            found.append(Site(message, name))
    return sorted(found)


def sample(found: Sequence[Site], limit: int, seed: int) -> list[Site]:
    """One of each kind in turn, as long as there are any; within a kind one of each shape in turn.

    A change that differs from another only in when it is made comes once. The order of any two does not
    depend on what else there is.
    """

    def rank(of: Site | str) -> bytes:
        return blake2b(f"{seed} {of}".encode(), digest_size=8).digest()

    kinds: dict[str, dict[str, list[Site]]] = defaultdict(lambda: defaultdict(list))
    once = {site.same: site for site in sorted(found, key=rank, reverse=True)}
    for site in sorted(once.values(), key=rank):
        kinds[site.kind][site.message.shape].append(site)
    queues = [
        list(_by_turns([of[shape] for shape in sorted(of, key=rank)]))
        for _, of in sorted(kinds.items())
    ]
    return list(_by_turns(queues))[:limit]


def _by_turns(queues: list[list[Site]]) -> Iterator[Site]:
    for turn in range(max(map(len, queues), default=0)):
        for queue in queues:
            if turn < len(queue):
                yield queue[turn]
