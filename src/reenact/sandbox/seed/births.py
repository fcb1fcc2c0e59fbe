"""A name for every process that is the same in each run: which child of which child it is.

Process ids are not: threads have numbers of the same series, and who forks first is chance. The
n-th child of one process is the n-th in every run, as long as one thread of it forks.
"""

from __future__ import annotations

_ORPHANS = "0"
"""Children whose parent was killed before it was seen to have them."""


class Origin:
    """`name` tells the process and the program: it changes with each exec."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.programs = 0
        self.children = 0
        self.draws: dict[str, int] = {}

    @property
    def name(self) -> str:
        return f"{self.path}/{self.programs}"

    def next(self, source: str) -> int:
        number = self.draws.get(source, 0)
        self.draws[source] = number + 1
        return number


class Births:
    """Told of each thread at its first stop, or when its maker stops for it, whichever is first:
    so whoever runs is known, and with it whoever makes others."""

    def __init__(self) -> None:
        self._of: dict[int, Origin] = {}  # by thread
        self._orphans = Origin(_ORPHANS)

    def seen(self, thread: int) -> None:
        """Raises OSError when it has ended."""
        if thread in self._of:
            return
        process, parent = _process_and_parent(thread)
        if process != thread and process in self._of:
            self._of[thread] = self._of[process]
            return
        above = self._of.get(parent, self._orphans) if self._of else None
        self._of[thread] = self._child(above)

    def _child(self, above: Origin | None) -> Origin:
        if above is None:
            return Origin("1")  # the service itself
        above.children += 1
        return Origin(f"{above.path}.{above.children}")

    def began(self, process: int) -> Origin:
        """It has exec'ed: another program, whose draws are counted anew."""
        self.seen(process)
        origin = self._of[process]
        origin.programs += 1
        origin.draws = {}
        return origin

    def ended(self, thread: int) -> None:
        self._of.pop(thread, None)

    def of(self, thread: int) -> Origin:
        """Raises KeyError for one that is not traced."""
        return self._of[thread]


def _process_and_parent(thread: int) -> tuple[int, int]:
    found = {}
    with open(f"/proc/{thread}/status", "rb") as source:
        for line in source:
            key, _, value = line.partition(b":")
            if key in (b"Tgid", b"PPid"):
                found[key] = int(value)
                if len(found) == 2:
                    break
    return found[b"Tgid"], found[b"PPid"]
