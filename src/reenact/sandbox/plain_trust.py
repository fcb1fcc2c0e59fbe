"""Trust in the recorder's CA by environment variables alone, where no file can be bound over."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from reenact.sandbox.trust import USER_FILES, arrange


class PlainTrust(msgspec.Struct, frozen=True):
    """`notes`: what could not be done, for people."""

    env: dict[str, str]
    notes: tuple[str, ...]


def arrange_plainly(
    ca_pem: bytes,
    ca_file: Path,
    folder: Path,
    env: Mapping[str, str],
    *,
    command: Sequence[str],
    cwd: str,
    trust_files: Iterable[str] = (),
) -> PlainTrust:
    """Like `trust.arrange`; a variable that named a file names a copy of it with our CA added.
    `ca_file` is where people find our CA."""
    asked = tuple(trust_files)
    trust = arrange(ca_pem, folder, env, command=command, cwd=cwd, trust_files=asked)
    copies = {target: source for source, target in trust.binds}
    out = dict(trust.env)
    reached = set()
    for name in USER_FILES:
        if not out.get(name):
            continue
        named = os.path.realpath(os.path.join(cwd, out[name]))
        if named in copies:
            out[name] = copies[named]
            reached.add(named)
    notes = [
        f"tls.trust_files: {file} cannot be extended without a sandbox; let the service read a "
        f"copy of it to which {ca_file} was added"
        for file in asked
        if os.path.realpath(os.path.join(cwd, os.path.expanduser(file))) not in reached
    ]
    return PlainTrust(out, tuple(notes))
