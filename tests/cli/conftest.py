"""Servers that several files of tests here need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streams.local.services import Services
from streams.settings import Settings


@pytest.fixture(scope="module")
def services(broker_settings: Callable[[], dict[str, Any]]) -> Iterator[Services]:
    with Services(Settings(**broker_settings())) as running:
        yield running
