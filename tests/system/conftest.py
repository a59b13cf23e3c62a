from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.local.broker import SESSION_SECONDS
from tests.brokers import KAFKA_SESSION_SECONDS
from tests.system.processes import Streams


@pytest.fixture
def streams(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> Callable[..., Streams]:
    """Make a `Streams` with settings of the test's own, on the broker under test."""

    def make(**settings: object) -> Streams:
        return Streams(tmp_path, **(broker_settings() | settings))

    return make


@pytest.fixture(scope="session")
def session_seconds(broker_kind: str) -> float:
    """The shortest session of a worker that the broker under test grants."""
    return {"tansu": SESSION_SECONDS, "kafka": KAFKA_SESSION_SECONDS}[broker_kind]
