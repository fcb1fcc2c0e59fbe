"""Python's garbage collector, told what it need not look at again and again.

A suite is millions of objects that stay; a full collection goes through all of them, and finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def making_what_stays() -> Iterator[None]:
    """Nothing is collected while many objects are made that are kept."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def only_what_is_new() -> Iterator[None]:
    """Only what is made inside is looked at, until the end."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
