"""`reenact inspect`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reenact.base.errors import UserError
from reenact.cli.options import DEFAULT_SUITE, Select


def inspect(
    path: Annotated[
        str, typer.Argument(help="A suite's folder, a recording, or an ID in reenact/.")
    ] = str(DEFAULT_SUITE),
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A case, a flow (3) or an exchange (3/2), in full.",
            show_default=False,
        ),
    ] = None,
    flows: Annotated[bool, typer.Option("--flows", help="List the connections.")] = False,
    exchanges: Annotated[bool, typer.Option("--exchanges", help="List what was said.")] = False,
    cases: Annotated[bool, typer.Option("--cases", help="List the cases.")] = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="The groups of cases that depend on each other.")
    ] = False,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="With --graph: a Mermaid flowchart.")
    ] = False,
    select: Select = None,
) -> int:
    """List and show what a suite or a recording holds.

    \b
      reenact inspect
      reenact inspect reenact 0003-get-order
      reenact inspect -k "POST and orders"
      reenact inspect --graph
      reenact inspect --graph --mermaid > cases.mmd
      reenact inspect reenact/.local/recording.capture --exchanges
      reenact inspect reenact/.local/recording.capture 3/2
    """  # fmt: skip
    if sum((flows, exchanges, cases, graph)) > 1:
        raise UserError("choose one of --flows, --exchanges, --cases and --graph")
    if mermaid and not graph:
        raise UserError("--mermaid is how --graph is written; add --graph")
    place, name = _place(path, name)
    if graph:
        from reenact.cli.inspect_graph import inspect_graph

        if name is not None or not place.is_dir():
            raise UserError("--graph is of a suite's folder; choose cases with -k")
        lines = inspect_graph(place, select, mermaid=mermaid)
    elif place.is_dir():
        from reenact.cli.inspect_suite import inspect_suite

        if flows or exchanges:
            raise UserError(f"{place} is a suite; --flows and --exchanges are for a recording")
        lines = inspect_suite(place, name, select)
    else:
        from reenact.cli.inspect_capture import inspect_capture

        if cases:
            raise UserError(f"{place} is a recording; --cases is for a suite's folder")
        lines = inspect_capture(place, name, select, exchanges=exchanges)
    for line in lines:
        typer.echo(line)
    return 0


def _place(path: str, name: str | None) -> tuple[Path, str | None]:
    """`reenact inspect 0003-get-order` means the case of the suite that is here."""
    if name is None and not Path(path).exists() and DEFAULT_SUITE.is_dir():
        return DEFAULT_SUITE, path
    if not Path(path).exists():
        raise UserError(f"{path}: there is no such suite or recording")
    return Path(path), name
