"""How a deployed service is put behind the relay: by other addresses in its command and environment. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

URL = re.compile(
    r"(?P<scheme>postgres|postgresql|redis|http|https)://(?P<user>[^@/\s]*@)?"
    r"(?P<host>[\w.-]+):(?P<port>\d+)(?P<rest>[^\s]*)"
)
SPEAKS = {"postgres": "postgres", "postgresql": "postgres", "redis": "redis"}


@dataclass(frozen=True)
class Back:
    """A dependency: where the service finds the relay, and where the relay finds the dependency."""

    listen: int
    host: str
    port: int
    speaks: str
    tls: bool


@dataclass(frozen=True)
class Plan:
    """The relay listens at `front`, the port that was recorded; the service at `inner`. `env` is added."""

    command: list[str]
    env: dict[str, str]
    front: int
    inner: int
    backs: list[Back]

    @classmethod
    def read(cls, path: Path) -> Plan:
        told = json.loads(path.read_text())
        return cls(**{**told, "backs": [Back(**back) for back in told["backs"]]})

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def plan(
    command: Sequence[str], env: Mapping[str, str], front: int, free_port: Callable[[], int]
) -> Plan:
    """Every URL of a dependency in a word or a value of `env` becomes one of the relay's."""
    backs: dict[tuple[str, int], Back] = {}

    def relayed(found: re.Match[str]) -> str:
        host, port, scheme = found["host"], int(found["port"]), found["scheme"]
        tls = scheme == "https" or "sslmode=require" in found["rest"]
        back = backs.get((host, port)) or Back(
            free_port(), host, port, SPEAKS.get(scheme, "http"), tls
        )
        backs[host, port] = back
        scheme = "http" if back.speaks == "http" else scheme
        rest = found["rest"].replace("sslmode=require", "sslmode=disable")
        return f"{scheme}://{found['user'] or ''}127.0.0.1:{back.listen}{rest}"

    inner = free_port()

    def told(text: str) -> str:
        return re.sub(rf"\b{front}\b", str(inner), URL.sub(relayed, text))

    words = [told(word) for word in command]
    values = {name: told(value) for name, value in env.items()}
    return Plan(words, values, front, inner, list(backs.values()))
