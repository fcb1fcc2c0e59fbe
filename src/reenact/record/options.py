"""What a recording is told, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from reenact.intercept.settings import Settings
from reenact.store.capture import Accounting


class RecordOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`listen`: (our port, the service's port); `upstream`: (our port, host, port): explicit mode,
    without a sandbox. `quiet_stdin`: the service gets no terminal input. `seed`: its
    randomness is repeatable (docs/seed.md)."""

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    capture: Path
    settings: Settings = Settings()
    explicit: bool = False
    listen: tuple[tuple[int, int], ...] = ()
    upstream: tuple[tuple[int, str, int], ...] = ()
    hash_seed: int = 0
    seed: int | None = None


class RecordResult(msgspec.Struct, frozen=True, kw_only=True):
    """`returncode` is the service's (None: there was no command). `datagrams` counts UDP that
    went through and cannot be replayed, by destination."""

    returncode: int | None
    accounting: Accounting
    ports: tuple[int, ...]
    datagrams: dict[str, int] = {}
    interrupted: bool = False
