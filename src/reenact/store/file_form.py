"""The changed files of a suite, as the tree that `files.yaml` shows, and back."""

from __future__ import annotations

import re

from reenact.model.files import FileBefore, Kind
from reenact.model.value import Path, Value
from reenact.store.bodies import NAME
from reenact.store.fields import Fields, shown
from reenact.store.yaml_write import Inline

_MODE = re.compile(r"[0-7]{4}")
_OWNER = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")


def files_tree(files: tuple[FileBefore, ...]) -> dict[str, Value]:
    return {"files": [_file_tree(one) for one in files]}


def files_of(tree: Value) -> tuple[FileBefore, ...]:
    fields = Fields(tree)
    files = fields.items("files", _file_of)
    fields.done()
    return files


def _file_tree(one: FileBefore) -> Value:
    tree: dict[str, Value] = {"path": one.path, "was": one.kind.value}
    if one.kind is Kind.LINK:
        tree["to"] = one.content
    if one.kind is Kind.FILE:
        tree |= {"sha256": one.content, "size": one.size}
    if one.kind in (Kind.FILE, Kind.FOLDER):
        tree["mode"] = f"{one.mode:04o}"
    if one.mtime_ns:
        tree["mtime_ns"] = one.mtime_ns
    if one.owner is not None:
        tree["owner"] = "{}:{}".format(*one.owner)
    if one.whole:
        tree["whole"] = True
    return Inline(tree)


def _file_of(value: Value, at: Path) -> FileBefore:
    fields = Fields(value, at)
    path = fields.text("path")
    kind = fields.one_of("was", Kind, Kind.ABSENT)
    found = FileBefore(
        path=path,
        kind=kind,
        content=_content(fields, kind),
        size=fields.whole("size", 0),
        mode=_mode(fields),
        mtime_ns=fields.whole("mtime_ns", 0),
        owner=_owner(fields),
        whole=fields.flag("whole"),
    )
    fields.done()
    return found


def _content(fields: Fields, kind: Kind) -> str:
    if kind is Kind.LINK:
        return fields.text("to")
    if kind is not Kind.FILE:
        return ""
    name = fields.text("sha256")
    if not NAME.fullmatch(name):
        raise fields.wrong("sha256", f"expected 64 hex digits, found {shown(name)}")
    return name


def _mode(fields: Fields) -> int:
    text = fields.text("mode", "0000")
    if not _MODE.fullmatch(text):
        raise fields.wrong("mode", f'expected a mode such as "0644", found {shown(text)}')
    return int(text, 8)


def _owner(fields: Fields) -> tuple[int, int] | None:
    text = fields.text("owner", "")
    if not text:
        return None
    found = _OWNER.fullmatch(text)
    if not found:
        raise fields.wrong("owner", f'expected "user:group" in numbers, found {shown(text)}')
    return int(found[1]), int(found[2])
