"""Paths as the text of a suite file, losslessly.

Like `model.value.path_text`, but a key that reads as an index, is empty, or begins with a
quote stands in single quotes, so that `items/0` (an index) and `items/'0'` (a key) differ.
"""

from __future__ import annotations

import re

from reenact.model.value import Path

_INDEX = re.compile(r"0|-?[1-9][0-9]{0,17}")


def to_text(path: Path) -> str:
    return "/".join(map(_step_text, path))


def from_text(text: str) -> Path:
    return tuple(map(_step, text.split("/"))) if text else ()


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    text = step.replace("~", "~0").replace("/", "~1")
    return f"'{text}'" if not text or text[0] == "'" or _INDEX.fullmatch(text) else text


def _step(text: str) -> str | int:
    if _INDEX.fullmatch(text):
        return int(text)
    if len(text) >= 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.replace("~1", "/").replace("~0", "~")
