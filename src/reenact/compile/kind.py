"""Calls that differ in nothing but values are of one kind."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reenact.model.protocol import ProtocolPlugin
from reenact.model.value import Value

_NUMBER = re.compile(r"[0-9a-fA-F-]*\d[0-9a-fA-F-]*")
"""A number, or an identifier in hexadecimal digits."""

_SHOWN = 40
"""Characters of the label that count: the words of a command come first, its values after."""


def kind(protocol: str, request: Value, plugins: Mapping[str, ProtocolPlugin]) -> str:
    """`SET worker:vm:3 2 EX 10` is of the kind of `SET worker:vm:4 7 EX 10`."""
    matcher = plugins[protocol].matcher
    label = _NUMBER.sub("#", matcher.label(request))
    return f"{protocol} {matcher.key(request)} {label[:_SHOWN]}"
