"""`/subscriptions`: who listens over SSE and how far behind, and the consumer groups that read the published topics."""

from __future__ import annotations

import time
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from streams import events
from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import is_embedded_broker
from streams.serve.page.templates import fragment, page
from streams.serve.page.views import subscriptions as views
from streams.serve.resources import Resources
from streams.subscriptions.groups import GroupLag, group_lags

__all__ = ["router"]

_PUBLISHED = (events.EVENTS, events.CLUSTERS, events.DECISIONS, events.REVIEWS, events.DEAD_LETTER)


@get("/subscriptions", operation_id="pageSubscriptions", sync_to_thread=False)
def show_subscriptions(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show who listens; as a part of a page where htmx asks."""
    hub = resources.hub
    values: dict[str, Any] = {
        "listeners": views.listener_rows(hub.listeners()),
        "fallen_behind": hub.fallen_behind,
        "problem": hub.problem,
        "watchers": resources.decisions.watchers,
    }
    if request.headers.get("HX-Request"):
        return fragment("parts/listeners.html", **values)
    return page(request, "subscriptions.html", **values)


@get("/subscriptions/groups", operation_id="pageGroups")
async def show_groups(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the consumer groups; asking the broker takes up to seconds, so the page asks for them after it is shown."""
    found: list[GroupLag] = []
    problem, prefix = "", resources.settings.topic_prefix
    try:
        if await is_embedded_broker(resources.settings):
            problem = (
                "The embedded broker does not say where its topics end, so how far behind groups are is not known."
            )
        else:
            topics = {prefix + name for name in _PUBLISHED}
            found = await group_lags(KafkaConnection.of(resources.settings), topics)
    except BrokerError as error:
        problem = str(error)
    values: dict[str, Any] = {"groups": found, "problem": problem, "asked": time.time()}
    if request.headers.get("HX-Request"):
        return fragment("parts/groups.html", **values)
    return page(request, "groups.html", **values)


router = Router("/", route_handlers=[show_subscriptions, show_groups])
