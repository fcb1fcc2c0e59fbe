"""`reenact doctor`"""

from __future__ import annotations

import typer

from reenact.base.errors import Exit


def doctor() -> int:
    """Say what this machine supports, and for what it doesn't, why and the remedy.

    \b
      reenact doctor

    Exit code 0 when services can be sandboxed here, 4 when not.
    """
    from reenact.sandbox.need import diagnose

    checks = diagnose()
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok" if check.ok else "--" if check.required else ".."
        typer.echo(f"{mark}  {check.name:<{width}}  {check.detail}")
        if not check.ok and check.remedy:
            typer.echo(f"    {'':<{width}}  remedy: {check.remedy}")
    if all(check.ok for check in checks if check.required):
        typer.echo("Services can be recorded and tested in a sandbox on this machine.")
        return Exit.AS_RECORDED
    typer.echo(
        "No sandbox on this machine; reenact record --mode explicit and reenact test --mode explicit work without."
    )
    return Exit.ENVIRONMENT
