"""A suite as a folder that people keep beside their code.

    suite.yaml              what was recorded: command, ports, the capture's digest
    session.yaml            calls that belong to no case
    files.yaml              files that the service changes, as they were before
    files/<sha256>          their content; written by `reenact.store.files`
    cases/0001-<what>.yaml  one case: request, expected response, expected calls
    bodies/<sha256>         values too large to read

The same suite gives the same bytes; `load_suite(save_suite(s)) == s` for every suite. The page
docs/suite-format.md is for people who edit the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from reenact.base.collector import making_what_stays
from reenact.base.errors import StoreError
from reenact.model.files import FileBefore
from reenact.model.suite import FORMAT, Case, Interaction, Suite
from reenact.model.value import Path as TreePath
from reenact.model.value import Value, path_text
from reenact.store import bodies, case_form, file_form, replace, yaml_read, yaml_write
from reenact.store.fields import Fields, WrongField
from reenact.store.files import FOLDER as CONTENTS
from reenact.store.shared_out import shared_out
from reenact.store.upgrade import upgraded

T = TypeVar("T")
SUITE, SESSION, CASES, BODIES = "suite.yaml", "session.yaml", "cases", "bodies"
FILES = "files.yaml"
_TITLE = "# A suite of reenact: made from a recording, meant to be read and edited.\n"
_OURS = (_TITLE.encode(), b"format:")
_SAFE_ID = re.compile(r"([0-9]{4,9})-[a-z0-9][a-z0-9_.-]{0,80}")


def save_suite(suite: Suite, folder: Path) -> None:
    """Write `suite`, replace what an earlier one left, and touch nothing that is not ours.

    All or nothing, also when interrupted. Raises StoreError.
    """
    files = suite_files(suite)
    try:
        _refuse_foreign(folder)
        replace.replace_files(folder, files, _stale(folder, files, suite.files))
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot write the suite: {error.strerror}"
        ) from None


def save_changes(before: Suite, after: Suite, folder: Path) -> list[str]:
    """Write only what differs between two suites, and say which files: all others stay as people
    wrote them. `before` is what `load_suite` gave. Raises StoreError."""
    old, new = suite_files(before), suite_files(after)
    changed = {name: content for name, content in new.items() if old.get(name) != content}
    gone = [name for name in old if name not in new]
    try:
        _refuse_foreign(folder)
        replace.replace_files(folder, changed, gone)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot write the suite: {error.strerror}"
        ) from None
    return sorted([*changed, *gone])


def case_digest(case: Case) -> str:
    """Names what a case says: equal cases have equal digests."""
    text = repr(case_form.case_tree(case))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def suite_files(suite: Suite) -> dict[str, bytes]:
    """Path inside the folder -> content."""
    sink = bodies.BodySink()
    assert suite.format == FORMAT, suite.format
    files = {SUITE: (_TITLE + yaml_write.write(case_form.suite_tree(suite), sink)).encode()}
    for name, case in zip(case_files(suite), suite.cases, strict=True):
        try:
            files[name] = yaml_write.write(case_form.case_tree(case), sink).encode()
        except StoreError as error:
            raise StoreError(f"case {case.id}: {error}") from None
    if suite.session:
        tree: dict[str, Value] = {"session": [case_form.call_tree(call) for call in suite.session]}
        files[SESSION] = yaml_write.write(tree, sink).encode()
    if suite.files:
        files[FILES] = yaml_write.write(file_form.files_tree(suite.files), sink).encode()
    return files | {f"{BODIES}/{name}": content for name, content in sink.files.items()}


def case_files(suite: Suite) -> list[str]:
    """The file of each case inside the folder: its id, if all ids make names in case order."""
    ids = [case.id for case in suite.cases]
    assert len(set(ids)) == len(ids), "case ids are unique"
    if all(map(_SAFE_ID.fullmatch, ids)) and sorted(ids, key=_order) == ids:
        names = ids
    else:
        names = [f"{i:04d}-{_slug(case_id)}" for i, case_id in enumerate(ids, 1)]
    return [f"{CASES}/{name}.yaml" for name in names]


def load_suite(folder: Path) -> Suite:
    """Raises StoreError with file, line and field."""
    try:
        replace.finish(folder)
        with making_what_stays():
            return _load(folder)
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror}") from None


def has_cases(folder: Path) -> bool:
    """Whether a suite with cases is there. Nothing is read."""
    return (folder / SUITE).is_file() and any((folder / CASES).glob("*.yaml"))


def case_line(folder: Path, file: str, path: TreePath) -> int:
    """Where in `file` (as from `case_files`) the value at `path` stands; 1 if it cannot be told."""
    try:
        return yaml_read.line_of((folder / file).read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError):
        return 1


def _load(folder: Path) -> Suite:
    if not (folder / SUITE).is_file():
        raise StoreError(
            f"{folder}: no suite here (no {SUITE}); make one with: reenact record -- COMMAND"
        )
    source = bodies.BodySource(folder / BODIES)
    head = _File(folder / SUITE, source)
    found = head.read_as(lambda tree: Fields(tree).whole("format"))
    if found != FORMAT:
        head.tree = upgraded(head.tree, found, folder / SUITE)
    cases = tuple(_cases(folder, source))
    session: tuple[Interaction, ...] = ()
    if (folder / SESSION).is_file():
        session = _File(folder / SESSION, source).read_as(_session_of)
    files: tuple[FileBefore, ...] = ()
    if (folder / FILES).is_file():
        files = _File(folder / FILES, source).read_as(file_form.files_of)
    suite = head.read_as(lambda tree: case_form.suite_of(tree, cases, session, files))
    _check_references(suite, folder)
    return suite


def _cases(folder: Path, source: bodies.BodySource) -> Iterable[Case]:
    seen: dict[str, Path] = {}
    paths = sorted((folder / CASES).glob("*.yaml"), key=lambda p: _order(p.stem))
    cases = shared_out(lambda path: _File(path, source).read_as(case_form.case_of), paths)
    for path, case in zip(paths, cases, strict=True):
        if case.id in seen:
            raise StoreError(f"{path}: case: {case.id!r} is also the case of {seen[case.id]}")
        seen[case.id] = path
        yield case


def _session_of(tree: Value) -> tuple[Interaction, ...]:
    fields = Fields(tree)
    session = fields.items("session", case_form.call_of)
    fields.done()
    return session


class _File:
    """One file of the suite: its tree, and errors that name the line."""

    def __init__(self, path: Path, source: bodies.BodySource) -> None:
        self._path = path
        content = path.read_bytes()
        try:
            self._text = content.decode("utf-8")
            self.tree = yaml_read.read(self._text, source)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise StoreError(f"{path}:{line}: not UTF-8 text") from None
        except yaml_read.BadYaml as error:
            raise self._error(error.line, error.at, error.reason) from None

    def read_as(self, form: Callable[[Value], T]) -> T:
        try:
            return form(self.tree)
        except WrongField as error:
            line = yaml_read.line_of(self._text, error.at)
            raise self._error(line, error.at, error.reason) from None

    def _error(self, line: int, at: TreePath, reason: str) -> StoreError:
        field = f"{path_text(at).replace('/', '.')}: " if at else ""
        said = "".join(c if c.isprintable() else repr(c)[1:-1] for c in f"{field}{reason}")
        return StoreError(f"{self._path}:{line}: {said}")


def _check_references(suite: Suite, folder: Path) -> None:
    known = {case.id for case in suite.cases}
    for case in suite.cases:
        for need in case.needs:
            if need not in known:
                raise StoreError(f"{folder / CASES}: {case.id}: needs: there is no case {need!r}")
        calls: set[str] = set()
        for call in case.calls:
            if call.id in calls:
                raise StoreError(
                    f"{folder / CASES}: {case.id}: calls: the id {call.id!r} is there twice"
                )
            calls.add(call.id)


def _refuse_foreign(folder: Path) -> None:
    path = folder / SUITE
    if path.is_file() and not path.read_bytes().lstrip().startswith(_OURS):
        raise StoreError(
            f"{path} is not a suite of reenact; choose another folder with --suite DIR"
        )


def _stale(folder: Path, files: dict[str, bytes], changed: tuple[FileBefore, ...]) -> list[str]:
    """Files that an earlier suite left and this one has not; others in the folder stay."""
    ours = [p for p in sorted((folder / CASES).glob("*.yaml")) if _begins(p, b"case: ")]
    ours += [p for p in sorted((folder / BODIES).glob("*")) if bodies.NAME.fullmatch(p.name)]
    if _begins(folder / SESSION, b"session:"):
        ours.append(folder / SESSION)
    if _begins(folder / FILES, b"files:"):
        ours.append(folder / FILES)
    used = {one.content for one in changed}
    contents = (p for p in sorted((folder / CONTENTS).glob("*")) if p.name not in used)
    ours += [p for p in contents if bodies.NAME.fullmatch(p.name)]
    names = (path.relative_to(folder).as_posix() for path in ours)
    return [name for name in names if name not in files]


def _begins(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def _order(name: str) -> tuple[int, str]:
    """Numbered names by number, then the rest by name."""
    digits = re.match(r"[0-9]{1,18}", name)
    return (int(digits[0]) if digits else 10**18, name)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "case"
