"""Values that don't belong in a repository: keys and tokens by their form, passwords by their place.

The forms are those that their issuers publish for scanners. Field names count whole: `password`, not
`password_reset_url`. A value that a person has looked at and noted (`accepted`, change `secret`) is left out
everywhere, and so is, where only its name tells, what the service itself made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from reenact.lint.problem import Problem
from reenact.lint.trees import Plugins
from reenact.match.minted import minted, words
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Path, Scalar, Value, leaves, path_text
from reenact.rename.forms import TOKEN_MIN

LOOKED_AT = "secret"
"""The `change` of an `accepted` entry that says so."""

_FORMS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",
    "a Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a SendGrid key": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "a PyPI token": r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{20}",
    "a password in a URL": r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/:@]+@",
}
_SURE = re.compile("|".join(f"(?P<f{n}>{form})" for n, form in enumerate(_FORMS.values())))
_NAMES = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "client_secret",
        "api_key",
        "apikey",
        "x-api-key",
        "access_token",
        "refresh_token",
        "private_key",
        "secret_key",
        "authorization",
        "proxy-authorization",
    ]
)
_MASKED = re.compile(r"[*x.•\s-]*|\[?(?:redacted|masked|hidden|filtered)\]?|<[^>]*>", re.I)


Found: TypeAlias = tuple[Path, str, bool, Scalar]
"""Where, what, whether its form leaves no doubt, and the value."""


def secrets(suite: Suite, plugins: Plugins) -> Iterator[Problem]:
    """Each value once, at the first place that has it."""
    made_up = _made_up(suite, plugins)
    known = {leaf for case in suite.cases for leaf in _looked_at(case)}
    places: dict[Scalar, list[Problem]] = {}
    for case, at, (_, kind, sure, leaf) in _everywhere(suite):
        if leaf not in known and (sure or made_up.isdisjoint(words(leaf))):
            problem = Problem(case=case, place=at[0], text=f"{at[1]}: {kind}", sure=sure)
            places.setdefault(leaf, []).append(problem)
    for first, *more in places.values():
        text = f"{first.text} (and in {len(more)} more places)" if more else first.text
        yield msgspec.structs.replace(first, text=text)


def _everywhere(suite: Suite) -> Iterator[tuple[str, tuple[Path, str], Found]]:
    """(case, (place in its file, path), what was found)"""
    for case in suite.cases:
        for found in _found(case):
            yield case.id, (_in_file(case, found[0]), path_text(found[0])), found
    for n, call in enumerate(suite.session):
        for found in _of_call(call):
            yield "", (("session", n, *found[0][2:]), path_text(found[0])), found


def _looked_at(case: Case) -> Iterator[Scalar]:
    noted = {note.at for note in case.accepted if note.change == LOOKED_AT}
    return (
        (leaf for at, _, _, leaf in _found(case) if path_text(at) in noted) if noted else iter(())
    )


def _made_up(suite: Suite, plugins: Plugins) -> frozenset[str]:
    """What the service made up while it was recorded: replays have others in its place."""
    return frozenset(
        word
        for case in suite.cases
        for word, _, _ in minted(case, plugins)
        if len(word) >= TOKEN_MIN
    )


def secret_places(case: Case) -> set[str]:
    return {path_text(at) for at, _, _, _ in _found(case)}


def _found(case: Case) -> Iterator[Found]:
    yield from _in_tree(case.request, ("request",))
    yield from _in_tree(case.response, ("response",))
    for call in case.calls:
        yield from _of_call(call)


def _of_call(call: Interaction) -> Iterator[Found]:
    yield from _in_tree(call.request, ("calls", call.id, "request"))
    yield from _in_tree(call.response, ("calls", call.id, "response"))


def _in_tree(tree: Value, at: Path) -> Iterator[Found]:
    pairs = dict(_named_by_neighbour(tree, at))
    for path, leaf in leaves(tree, at):
        text = _as_text(leaf)
        found = _SURE.search(text) if len(text) >= 8 else None
        if found:
            yield path, list(_FORMS)[int(str(found.lastgroup)[1:])], True, leaf
            continue
        name = pairs.get(path, path[-1])
        named = isinstance(name, str) and name.lower() in _NAMES
        if named and len(text) >= 4 and not _MASKED.fullmatch(text):
            yield path, f"the value of {name}", False, leaf


def _named_by_neighbour(tree: Value, at: Path) -> Iterator[tuple[Path, str]]:
    """A list of two texts is a name with its value (a header), and so are the last of a command
    that has the word AUTH."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from _named_by_neighbour(child, (*at, key))
    elif isinstance(tree, list):
        words = [child if isinstance(child, str) else "" for child in tree]
        if len(tree) == 2 and words[0]:
            yield (*at, 1), words[0]
        if any(word.upper() == "AUTH" for word in words[:-1]):
            yield (*at, len(tree) - 1), "password"
        for n, child in enumerate(tree):
            yield from _named_by_neighbour(child, (*at, n))


def _as_text(leaf: Scalar) -> str:
    if isinstance(leaf, bytes):
        return leaf.decode("latin-1")
    return leaf if isinstance(leaf, str) else ""


def _in_file(case: Case, at: Path) -> Path:
    """`calls/<id>/...` as the file has it: by number."""
    if at[0] != "calls":
        return at
    numbers = {call.id: n for n, call in enumerate(case.calls)}
    return ("calls", numbers[str(at[1])], *at[2:])
