"""Discovery: every sub-folder that has a `PLUGIN` is a protocol. Nothing else to edit."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from reenact.model.protocol import ProtocolPlugin


@cache
def builtin() -> dict[str, ProtocolPlugin]:
    """Plugins by name, in name order so that runs do not depend on the file system."""
    found: dict[str, ProtocolPlugin] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        if info.ispkg:
            plugin = importlib.import_module(f"{__name__}.{info.name}").PLUGIN
            assert plugin.name == info.name, (plugin.name, info.name)
            found[plugin.name] = plugin
    return found
