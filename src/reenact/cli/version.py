"""`reenact version`"""

from __future__ import annotations

import platform

import typer


def version() -> int:
    """Say which reenact, which Python, and which formats of files this is.

    \b
      reenact version
    """
    from reenact import __version__
    from reenact.model.suite import FORMAT
    from reenact.store.blocks import VERSION

    typer.echo(f"reenact {__version__} (suite format {FORMAT}, capture format {VERSION})")
    typer.echo(f"Python {platform.python_version()} on {platform.platform()}")
    return 0
