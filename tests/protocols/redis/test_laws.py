"""The laws of every protocol, on Redis' own conversations."""

from __future__ import annotations

import pytest

from reenact.protocols.redis import PLUGIN
from reenact.testing import check_all
from tests.protocols.redis.samples import SAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_laws_hold(name):
    check_all(PLUGIN, SAMPLES[name])
