"""Values too large for a file that people read: beside it, by content hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from reenact.base.errors import StoreError

BYTES_INLINE_MAX = 4 * 1024
TEXT_INLINE_MAX = 32 * 1024
"""Beyond, a pull request shows noise instead of the case."""

NAME = re.compile(r"[0-9a-f]{64}")
_REFERENCE = re.compile(r"sha256:([0-9a-f]{64})")


class BodySink:
    """Collects the bodies that a suite's files refer to: name -> content."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        self.files[name] = content
        return f"sha256:{name}"


class BodySource:
    """Reads bodies back, and checks that they still are what their name says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, reference: str) -> bytes:
        """Raises ValueError (a text for the line that refers to it) or StoreError."""
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise ValueError(f"expected sha256: and 64 hex digits, found {reference[:80]!r}")
        path = self._folder / found[1]
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise ValueError(
                f"the body {path} is missing; restore it or write the value here"
            ) from None
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from None
        if hashlib.sha256(content).hexdigest() != found[1]:
            raise ValueError(
                f"the body {path} was changed; to edit it, write the value here instead"
            )
        return content
