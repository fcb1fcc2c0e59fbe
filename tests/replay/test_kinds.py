"""What most calls of a kind make up, all of them do."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from tests.replay.test_engine import call, case, suite
from tests.toy import TOY

from reenact.model.suite import Interaction
from reenact.model.symbol import Generated
from reenact.replay.alike import kinds_vary_alike

AT = ("request", 1)
TOKENS = ("0a1b2c3d4e5f", "5f4e3d2c1b0a", "a0b1c2d3e4f5", "00aa11bb22cc", "abc012def345")


def spread(kind: str, seen: Iterable[int], words: Iterable[str] = TOKENS) -> list[bool]:
    """Which of five calls have the site, when the numbered ones were seen to."""
    calls: list[Interaction] = []
    for n, word in enumerate(words):
        made = call(f"{n}.1", f"LOG {word}")
        site = (Generated(at=AT, kind=kind),) if n in seen else ()
        calls.append(msgspec.structs.replace(made, generated=site))
    cases = [case(n, "GO", "ok", made) for n, made in enumerate(calls)]
    found = kinds_vary_alike(suite(*cases), {"toy": TOY})
    return [bool(k.calls[0].generated) for k in found.cases]


def test_most_tell_for_all() -> None:
    assert spread("hex", (0, 1, 3)) == [True] * 5


@pytest.mark.parametrize("seen", [(0, 1), (2,)])
def test_few_tell_nothing(seen: tuple[int, ...]) -> None:
    assert spread("hex", seen) == [n in seen for n in range(5)]


def test_what_has_another_form_stays_asserted() -> None:
    assert spread("hex", (0, 1, 3), (*TOKENS[:4], "root")) == [True] * 4 + [False]


def test_numbers_are_not_told_by_others() -> None:
    assert spread("number", (0, 1, 3)) == [True, True, False, True, False]
