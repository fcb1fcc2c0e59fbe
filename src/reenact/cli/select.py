"""`-k EXPR`: parts of an id or label, joined by and, or, not and brackets.

    orders and not delete
    "POST /orders" or 0007

Neighbouring words are one part (`POST /orders`), upper and lower case are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from reenact.base.errors import UserError

Test: TypeAlias = Callable[[str], bool]
_TOKEN = re.compile(r"""\s*(?:([()])|"([^"]*)"|'([^']*)'|([^\s()"']+))""")
_WORDS = ("and", "or", "not", "(", ")")


def selection(expression: str) -> Callable[[str, str], bool]:
    """A test of (id, label). An id in full means only the one it names. Raises UserError."""
    test = _Parser(expression).whole()
    return lambda found, label: found == expression or test(f"{found} {label}".lower())


def selected(expression: str | None, labels: dict[str, str]) -> list[str]:
    """The ids (of id -> label) that `expression` means; all when it is None.

    Raises UserError when there are none.
    """
    if expression is None or expression in labels:
        return list(labels) if expression is None else [expression]
    test = selection(expression)
    found = [name for name, label in labels.items() if test(name, label)]
    if not found:
        raise UserError(f"-k {expression!r} selects none of {len(labels)}; see reenact inspect")
    return found


class _Parser:
    """Recursive descent: or binds least, then and, then not."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = self._split(expression)

    def whole(self) -> Test:
        test = self._any()
        if self._tokens:
            raise self._bad(f"unexpected {self._tokens[0][1]!r}")
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._skip("or"):
            tests.append(self._all())
        return lambda text: any(test(text) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._skip("and"):
            tests.append(self._one())
        return lambda text: all(test(text) for test in tests)

    def _one(self) -> Test:
        if self._skip("not"):
            refused = self._one()
            return lambda text: not refused(text)
        if self._skip("("):
            test = self._any()
            if not self._skip(")"):
                raise self._bad("a ) is missing")
            return test
        return self._part()

    def _part(self) -> Test:
        words: list[str] = []
        while self._tokens and (self._tokens[0][0] or self._tokens[0][1] not in _WORDS):
            words.append(self._tokens.pop(0)[1].lower())
        if not words:
            raise self._bad(f"a word is missing before {self._tokens[0][1]!r}" if self._tokens else "a word is missing at the end")  # fmt: skip
        part = " ".join(words)
        return lambda text: part in text

    def _skip(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == (False, word):
            self._tokens.pop(0)
            return True
        return False

    def _split(self, expression: str) -> list[tuple[bool, str]]:
        """(was quoted, text)"""
        out: list[tuple[bool, str]] = []
        at = 0
        while expression[at:].strip():
            found = _TOKEN.match(expression, at)
            if not found:
                raise self._bad("a quote is not closed")
            bracket, double, single, word = found.groups()
            quoted = double if double is not None else single
            out.append((quoted is not None, quoted if quoted is not None else bracket or word))
            at = found.end()
        return out

    def _bad(self, reason: str) -> UserError:
        return UserError(f"-k {self._expression!r}: {reason}; try -k 'orders and not delete'")
