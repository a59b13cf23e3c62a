"""Places of keys that several files of tests here need."""

from __future__ import annotations

import pytest

from streams.settings import Settings
from streams.state.layout import Layout


@pytest.fixture
def layout(generation: Settings) -> Layout:
    return Layout(generation.namespace, generation.generation, generation.buckets)
