"""What a replay is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from reenact.intercept.settings import Settings
from reenact.replay.clock import RECORDED
from reenact.replay.groups import Restart
from reenact.replay.live import Target


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`command` empty: the recorded one. `select` are case ids to run (None: all), in the suite's order.
    `keep_files` receives what the service wrote. `log` is where its output goes. `explicit`: no
    sandbox; the service is told our ports and nothing else is kept from it. `clock` is as told on
    the command line; `seed` makes the service's randomness repeatable (None: it is left alone). `live` are real dependencies to ask what is not recorded, by destination.
    `contents`: where the content of the suite's files lies. `log_on`: the log goes on where an
    earlier instance left it. `stop_s` is what a service gets to end after its last case; nothing it
    still does counts. `chance` numbers a run in which the service's sets have another order than in the
    recording (0: the same)."""

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    settings: Settings
    select: frozenset[str] | None = None
    jobs: int = 1
    fail_fast: bool = False
    responses_only: bool = False
    keep_files: Path | None = None
    explicit: bool = False
    start_wait_s: float = 120.0
    clock: str = RECORDED
    seed: int | None = None
    chance: int = 0
    live: Mapping[str, Target] = {}
    contents: Path | None = None
    restart: Restart = Restart.NEVER
    log_on: bool = False
    stop_s: float = 3.0
