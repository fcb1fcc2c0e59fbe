"""Every service of the end-to-end tests that has to be green, recorded as the tests do it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from tests import apps
from tests.apps.recorded import record as record_application
from tests.apps_other.recorded import record as record_shop
from tests.apps_other.shops import SHOPS
from tests.servers import reenact

from benches.subjects import SUBJECTS, record


class Recorded(Protocol):
    """Its dependencies are gone."""

    @property
    def suite(self) -> Path: ...

    def test(self, name: str) -> reenact.Done: ...


SERVICES: Mapping[str, Callable[[Path], Recorded]] = {
    **{name: functools.partial(record, subject) for name, subject in SUBJECTS.items()},
    **{app.name: functools.partial(record_application, app) for app in apps.APPLICATIONS},
    **{f"shop in {shop.name}": functools.partial(record_shop, shop) for shop in SHOPS},
}
"""Each is told the folder that everything goes to."""
