"""Engines and connections that several files of tests here need."""

from __future__ import annotations

import pytest

from tests.engine.one_engine import Bench


@pytest.fixture(params=["one Redis", "a Redis Cluster"])
def bench(request: pytest.FixtureRequest) -> Bench:
    on = "cluster_" if request.param == "a Redis Cluster" else ""
    generation, new = (request.getfixturevalue(name) for name in (f"{on}generation", f"new_{on}connection"))
    return Bench(generation, new())
