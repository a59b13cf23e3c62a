"""The history of a cluster where the events cannot be read; with a broker: `routes/test_clusters.py`."""

from __future__ import annotations

import asyncio

import pytest

from streams.errors import BusyError, NotFoundError
from streams.query.clusters import Clusters
from streams.serve.history import history_of
from streams.serve.resources import Resources
from tests.query.conftest import Library


def test_a_cluster_is_looked_for_before_its_events(library: Library) -> None:
    resources = Resources(library.settings)  # not opened: nothing has read where the topic ends
    name = Clusters(library.index).record("mine:1").cluster_id
    with pytest.raises(NotFoundError):
        asyncio.run(history_of(resources, "caaaaaaaaaaaaa"))
    with pytest.raises(BusyError, match="not read"):
        asyncio.run(history_of(resources, name))
