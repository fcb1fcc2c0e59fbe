"""Taking fields out of a mapping that a person may have edited, with errors that name the place."""

from __future__ import annotations

import difflib
import enum
import ipaddress
from collections.abc import Callable
from typing import TypeVar

from reenact.model.value import Path, Value

E = TypeVar("E", bound=enum.Enum)
T = TypeVar("T")


class WrongField(Exception):
    """The value at `at` is not what it must be."""

    def __init__(self, at: Path, reason: str) -> None:
        super().__init__(reason)
        self.at, self.reason = at, reason


class Fields:
    """One mapping; every known field is taken once, and `done` refuses what is left."""

    def __init__(self, value: Value, at: Path = ()) -> None:
        if not isinstance(value, dict):
            raise WrongField(at, f"expected a mapping of fields, found {shown(value)}")
        self._left = dict(value)
        self._known: list[str] = []
        self.at = at

    def has(self, name: str) -> bool:
        self._known.append(name)
        return name in self._left

    def whole(self, name: str, default: int | None = None) -> int:
        value = self._take(name, default)
        if type(value) is not int:
            raise self.wrong(name, f"expected a whole number, found {shown(value)}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, f"expected text, found {shown(value)}{_quote_it(value)}")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, f"expected true or false, found {shown(value)}")
        return value

    def one_of(self, name: str, kind: type[E], default: E) -> E:
        value = self._take(name, default.value)
        for member in kind:
            if member.value == value:
                return member
        names = [str(m.value) for m in kind]
        raise self.wrong(
            name, f"expected one of {', '.join(names)}, found {shown(value)}{nearest(value, names)}"
        )

    def items(self, name: str, kind: Callable[[Value, Path], T]) -> tuple[T, ...]:
        """A list (empty when absent), each item read by `kind(value, path)`."""
        value = self._take(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, f"expected a list, found {shown(value)}")
        return tuple(kind(item, (*self.at, name, i)) for i, item in enumerate(value))

    def tree(self, name: str) -> Value:
        """Any value; null when absent."""
        self._known.append(name)
        return self._left.pop(name, None)

    def inner(self, name: str) -> Fields:
        return Fields(self._take(name, {}), (*self.at, name))

    def done(self) -> None:
        for name in self._left:
            hint = nearest(name, self._known) or f"; known are {', '.join(self._known)}"
            raise self.wrong(name, f"no such field{hint}")

    def wrong(self, name: str, reason: str) -> WrongField:
        return WrongField((*self.at, name), reason)

    def _take(self, name: str, default: Value) -> Value:
        self._known.append(name)
        if name in self._left:
            return self._left.pop(name)
        if default is None:
            hint = [found for found in self._left if nearest(found, [name])]
            raise WrongField((*self.at, hint[0]) if hint else self.at, _absent(name, hint))
        return default


def _absent(name: str, hint: list[str]) -> str:
    return f"no such field; did you mean {name}?" if hint else f"the field {name} is missing"


def text_item(value: Value, at: Path) -> str:
    if not isinstance(value, str):
        raise WrongField(at, f"expected text, found {shown(value)}{_quote_it(value)}")
    return value


def whole_item(value: Value, at: Path) -> int:
    if type(value) is not int:
        raise WrongField(at, f"expected a whole number, found {shown(value)}")
    return value


def address_item(value: Value, at: Path) -> str:
    text = text_item(value, at)
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise WrongField(at, f"expected an IP address, found {shown(text)}") from None
    return text


def nearest(value: object, names: list[str]) -> str:
    found = difflib.get_close_matches(str(value), names, 1) if isinstance(value, str) else []
    return f"; did you mean {found[0]}?" if found else ""


def _quote_it(value: Value) -> str:
    return "" if value is None or isinstance(value, list | dict) else '; put it in "quotes"'


def shown(value: Value) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value[:60]}"'
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return str(value)[:60]
