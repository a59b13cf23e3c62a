"""`/workers`: each worker with its partitions, its lag and why it is not ready; and harvesters. Open pages are renewed.

All of it is in the memory of the process, so the page is made at once, also while Redis or Kafka is away.
"""

from __future__ import annotations

import time
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from streams.serve.background import Reading
from streams.serve.page.templates import fragment, page
from streams.serve.page.views import workers as views
from streams.serve.resources import Resources

__all__ = ["router"]


@get("/workers", operation_id="pageWorkers", sync_to_thread=False)
def show_workers(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the workers and the harvesters; as a part of a page where htmx asks."""
    background = resources.background
    workers = background.heartbeats.latest()
    harvests = background.harvests
    values: dict[str, Any] = {
        "workers": views.worker_rows(workers),
        "topics": views.topic_rows(workers),
        "rates": background.heartbeats.rates(),
        "reading": background.reading,
        "is_stale": time.time() - background.reading.time > 15,
        "harvesters": views.harvester_rows(harvests.states()),
        "harvest": Reading(harvests.answered, harvests.problem),
    }
    if request.headers.get("HX-Request"):
        return fragment("parts/workers.html", **values)
    return page(request, "workers.html", **values)


router = Router("/", route_handlers=[show_workers])
