from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Streams


@pytest.fixture
def streams(tmp_path: Path) -> Callable[..., Streams]:
    """Make a `Streams` with settings of the test's own."""

    def make(**settings: object) -> Streams:
        return Streams(tmp_path, **settings)

    return make
