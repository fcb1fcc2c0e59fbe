"""How many connections can be open at a time."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def all_we_may_have() -> Iterator[None]:
    """A relayed connection takes two descriptors of ours, so a service whose connections stay
    within the usual soft limit would take us beyond it. What is started in the block inherits
    the hard limit; the service is started before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
