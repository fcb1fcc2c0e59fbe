"""Where randomness comes from."""

from __future__ import annotations

import secrets


def whole(least: int, most: int) -> int:
    """A number from `least` to `most`, each as likely, that nobody can guess."""
    return least + secrets.randbelow(most - least + 1)
