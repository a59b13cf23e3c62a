"""`/stats` and `/workers`: totals over all records, rates of the last minute, and what each worker says of itself."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from streams.serve.problems import answers
from streams.serve.resources import Resources
from streams.state.heartbeats import Heartbeat
from streams.totals.rates import Rates
from streams.totals.read import Totals, read_totals

__all__ = ["Statistics", "Workers", "router"]


class Statistics(msgspec.Struct, frozen=True):
    """Totals with the time that they are of, None until a process has counted; and the work of all workers."""

    totals: Totals | None
    rates: Rates


class Workers(msgspec.Struct, frozen=True):
    """The last heartbeat of each worker that had one in the last 15 seconds, by id."""

    items: tuple[Heartbeat, ...]


@get("/stats", operation_id="getStatistics", summary="Totals and rates", responses=answers())
async def statistics(
    resources: NamedDependency[Resources],
    window: Annotated[float, QueryParameter(ge=1, le=900, description="Seconds that the rates are of.")] = 60.0,
) -> Statistics:
    """Return how many records, clusters and dead letters there are, and how fast workers work.

    Totals are folded from `dedup.events` by one of the processes that serve, and name the time and the offsets that they stand for.
    """
    totals = await resources.ask(lambda index: read_totals(index.settings, index.connection))
    return Statistics(totals, resources.background.heartbeats.rates(window))


@get("/workers", operation_id="listWorkers", summary="The workers", responses=answers())
async def workers(resources: NamedDependency[Resources]) -> Workers:
    """Return what each worker says of itself: readiness with reasons, partitions with lag, version, address."""
    return Workers(tuple(resources.background.heartbeats.latest()))


router = Router("/", route_handlers=[statistics, workers], tags=["operations"])
