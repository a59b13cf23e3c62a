"""`/workers`: each worker with its partitions, its lag and why it is not ready; and harvesters. Open pages are renewed."""

from __future__ import annotations

import time
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from streams.errors import BrokerError
from streams.harvest.checkpoints import read_states
from streams.serve.page.templates import fragment, page
from streams.serve.page.views import workers as views
from streams.serve.resources import Resources

__all__ = ["router"]


@get("/workers", operation_id="pageWorkers", sync_to_thread=False)
def show_workers(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the workers; as a part of a page where htmx asks."""
    background = resources.background
    workers = background.heartbeats.latest()
    values: dict[str, Any] = {
        "workers": views.worker_rows(workers),
        "topics": views.topic_rows(workers),
        "rates": background.heartbeats.rates(),
        "reading": background.reading,
        "is_stale": time.time() - background.reading.time > 15,
    }
    if request.headers.get("HX-Request"):
        return fragment("parts/workers.html", **values)
    return page(request, "workers.html", **values)


@get("/workers/harvesters", operation_id="pageHarvesters")
async def show_harvesters(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the feeds that are harvested; asking the broker takes a while, so the page asks for them after it is shown."""
    rows: list[views.HarvesterRow] = []
    problem = ""
    try:
        rows = views.harvester_rows(await read_states(resources.settings))
    except BrokerError as error:
        problem = str(error)
    values: dict[str, Any] = {"harvesters": rows, "problem": problem, "asked": time.time()}
    if request.headers.get("HX-Request"):
        return fragment("parts/harvesters.html", **values)
    return page(request, "harvesters.html", **values)


router = Router("/", route_handlers=[show_workers, show_harvesters])
