"""What callers said themselves. A value that came in is not one that the service made up."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reenact.model.value import Value, leaves
from reenact.rename.forms import TOKEN_MIN

_RUNS = (
    re.compile(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9_-]+"),
    re.compile(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9]+"),
)


def given_words(requests: Iterable[Value]) -> frozenset[str]:
    """Every word of 8 characters or more, and every whole text, of these request trees.

    What a service makes up is fresh: it is in no recorded request before the service has told it. So
    a live value that is one of these words is that word, and never the counterpart of another.
    """
    out: set[str] = set()
    for request in requests:
        for _, leaf in leaves(request):
            text = leaf.decode("latin-1") if isinstance(leaf, bytes) else leaf
            if not isinstance(text, str) or len(text) < TOKEN_MIN:
                continue
            out.add(text)
            for pattern in _RUNS:
                out.update(word for word in pattern.findall(text) if len(word) >= TOKEN_MIN)
    return frozenset(out)
