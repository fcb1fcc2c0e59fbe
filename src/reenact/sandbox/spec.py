"""What a sandbox is made from."""

from __future__ import annotations

import msgspec


class SandboxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """`command` is looked up in `env`'s PATH; `env` is the complete environment.

    `binds`: (file or folder of the host, path that shows it inside); the path must exist.
    `addresses`: the service's own addresses, at most one for each family; without one of IPv6,
    connections to IPv6 addresses other than ::1 fail as on a machine without IPv6. Empty:
    those of this machine (`addresses.of_this_machine`). A replay passes the recorded ones.
    `overlay`: files written vanish; with `keep_files`, they are copied to that folder at the end.
    `own_group`: the service gets a process group of its own, so that Ctrl-C does not reach it and
    `kill 0` of a script does not reach us. None: unless we are in the terminal's foreground.
    `clock`: the service's wall clock can be moved (docs/clock.md); it starts `clock_offset_ns`
    nanoseconds from the machine's. It costs tracing: 0 and False mean none.
    `stdin`, `stdout`, `stderr`: descriptors; None inherits ours.
    """

    command: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    binds: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    overlay: bool = False
    keep_files: str | None = None
    own_group: bool | None = None
    clock: bool = False
    clock_offset_ns: int = 0
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None
