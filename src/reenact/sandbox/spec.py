"""What a sandbox is made from."""

from __future__ import annotations

import msgspec


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """`file_bytes`, `total_bytes`: what is larger, or comes later, is left out. `ignored`: paths,
    names, or endings of names ("*.pyc"). `spool`: a folder for content on its way."""

    spool: str
    file_bytes: int
    total_bytes: int
    ignored: tuple[str, ...] = ()


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at `path` (absolute) when the service starts. `kind` is of `model.files.Kind`.
    `source`: the file with the content, or where a link leads. `owner`: None is us."""

    path: str
    kind: str
    mode: int = 0
    owner: tuple[int, int] | None = None
    mtime_ns: int = 0
    source: str = ""
    whole: bool = False


class SandboxSpec(msgspec.Struct, frozen=True, kw_only=True):
    """`command` is looked up in `env`'s PATH; `env` is the complete environment.

    `binds`: (file or folder of the host, path that shows it inside); the path must exist.
    `addresses`: the service's own addresses, at most one for each family; without one of IPv6,
    connections to IPv6 addresses other than ::1 fail as on a machine without IPv6. Empty:
    those of this machine (`addresses.of_this_machine`). A replay passes the recorded ones.
    `overlay`: files written vanish; with `keep_files`, they are copied to that folder at the end.
    `watch`: keep what stood at each path before the service changed it (`Sandbox.changed_files`).
    `files`: laid into the overlay, which there must be.
    `own_group`: the service gets a process group of its own, so that Ctrl-C does not reach it and
    `kill 0` of a script does not reach us. None: unless we are in the terminal's foreground.
    `clock`: the service's wall clock can be moved (docs/clock.md); it starts `clock_offset_ns`
    nanoseconds from the machine's. It costs tracing: 0 and False mean none. `clock_needed`: where it
    cannot be had, the service is not started, and `process.NoClock` says why.
    `seed`: the service's randomness is repeatable (docs/seed.md); MachineError when it cannot be.
    `stdin`, `stdout`, `stderr`: descriptors; None inherits ours.
    """

    command: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    binds: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    overlay: bool = False
    keep_files: str | None = None
    watch: Watch | None = None
    files: tuple[Laid, ...] = ()
    own_group: bool | None = None
    clock: bool = False
    clock_offset_ns: int = 0
    clock_needed: bool = False
    seed: int | None = None
    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None
