"""One small mistake, as an exact replacement in a source file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """`old` stands exactly once in `file`. `kind` is the family of the mistake, `breaks` what it
    does to a user. `survives` explains why a test cannot or need not notice it; "" when it has to.
    """

    name: str
    kind: str
    file: str
    old: str
    new: str
    breaks: str
    survives: str = ""

    def mutated(self, source: str) -> str:
        found = source.count(self.old)
        assert found == 1, f"{self.name}: {found} places in {self.file} read {self.old!r}"
        return source.replace(self.old, self.new)

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        path.write_text(self.mutated(path.read_text()))

    def shown(self, folder: Path) -> str:
        """What it changes in the sources of `folder`, as a unified diff with one line around."""
        before = (folder / self.file).read_text()
        after = self.mutated(before)
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), self.file, self.file, n=1, lineterm=""
        )
        return "\n".join(lines)
