"""Whether we share a terminal with the service."""

from __future__ import annotations

import os


def in_foreground() -> bool:
    """Whether we are the job that the terminal's Ctrl-C reaches."""
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # no controlling terminal
        return False
