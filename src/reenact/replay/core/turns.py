"""The recorded answers of one read, in the order in which they were the state of its dependency."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from reenact.match.pool import Recorded


class Turns:
    """`at_ns` says when, on the capture's clock, a call was asked."""

    def __init__(self, found: Sequence[Recorded], at_ns: Callable[[Recorded], int]) -> None:
        self.calls = sorted(found, key=lambda call: at_ns(call) + call.interaction.took_ns)
        self.times = list(
            accumulate(map(self._true_ns, range(len(found)), map(at_ns, self.calls)), max)
        )

    def _true_ns(self, n: int, asked_ns: int) -> int:
        """From when on the answer is known to have been the state: that of a read which waited for a
        write to end is newer than the read. One that is as it was before was true when it was
        asked for."""
        call = self.calls[n].interaction
        as_before = n == 0 or call.response == self.calls[n - 1].interaction.response
        return asked_ns if as_before else asked_ns + call.took_ns

    def __len__(self) -> int:
        return len(self.calls)

    def same(self, n: int) -> bool:
        """Whether an answer and the one after it say the same."""
        return self.calls[n].interaction.response == self.calls[n + 1].interaction.response

    def last_at(self, at_ns: int) -> int:
        """The place of the last one that was true by then; -1: none was."""
        return bisect_right(self.times, at_ns) - 1
