"""A shop recorded under traffic, whose dependencies are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.apps_other.shop import Mutation, Shop, dependencies
from tests.apps_other.traffic import visit_all
from tests.servers import reenact


@dataclass(frozen=True)
class Recorded:
    """`asked` counts the requests, `said` is what the recorder printed."""

    shop: Shop
    folder: Path
    env: Mapping[str, str]
    asked: int
    said: str

    @property
    def suite(self) -> Path:
        return self.folder / "suite"

    def test(self, name: str, mutation: Mutation | None = None) -> reenact.Done:
        """The build, with the bug in it if there is one, in the same place as when recorded."""
        build = self.shop.built(self.folder / "build", mutation)
        return reenact.replay(
            self.shop.command(build),
            cwd=build,
            env=self.env,
            log=self.folder / f"{name}.txt",
            options=["--suite", str(self.suite)],
        )


def record(shop: Shop, folder: Path, users: int = 1, at_once: int = 1) -> Recorded:
    build = shop.built(folder / "build")
    asked: list[int] = []
    with dependencies(shop, folder) as env:
        port = int(env["PORT"])
        done = reenact.record(
            shop.command(build),
            lambda: asked.append(visit_all(f"http://127.0.0.1:{port}", users, at_once)),
            lambda: reenact.answers(port, "/health"),
            cwd=build,
            env=env,
            log=folder / "record.txt",
            options=["--suite", str(folder / "suite")],
        )
    assert done.returncode == 0, done.output
    return Recorded(shop, folder, env, asked[0], done.output)
