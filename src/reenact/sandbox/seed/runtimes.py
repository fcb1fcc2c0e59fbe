"""Generators in user space that take more than the kernel's randomness as their seed (the time,
addresses), where the runtime lets us say otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

NODE, RUBY = "preload.js", "preload.rb"


def seeded(env: dict[str, str], seed: int | None, folder: Path) -> dict[str, str]:
    """`env` for a service with that seed; what is loaded lies in `folder`, which it must see."""
    if seed is None:
        return env
    for name in (NODE, RUBY):
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
        (folder / name).chmod(0o644)
    return {
        **env,
        "NODE_OPTIONS": _added(env, "NODE_OPTIONS", f'--require "{folder / NODE}"'),
        "RUBYOPT": _added(env, "RUBYOPT", f"-r{folder / RUBY}"),
        # of ThreadLocalRandom and SplittableRandom
        "JAVA_TOOL_OPTIONS": _added(env, "JAVA_TOOL_OPTIONS", "-Djava.util.secureRandomSeed=true"),
    }


def _added(env: Mapping[str, str], name: str, option: str) -> str:
    return " ".join(filter(None, (env.get(name, ""), option)))
