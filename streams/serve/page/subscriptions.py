"""`/subscriptions`: who listens over SSE and how far behind, consumer groups of the published topics, endpoints of webhooks."""

from __future__ import annotations

import time
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect

from streams import events
from streams.errors import BrokerError
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import is_embedded_broker
from streams.serve.access import requires
from streams.serve.page.templates import fragment, page, redirect
from streams.serve.page.views import subscriptions as views
from streams.serve.resources import Resources
from streams.subscriptions.groups import GroupLag, group_lags
from streams.webhooks.states import StateStore, read_states

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


@get("/subscriptions/webhooks", operation_id="pageWebhooks", guards=[requires("operate")])
async def show_webhooks(request: Request[Any, Any, Any], resources: NamedDependency[Resources]) -> Response[str]:
    """Show the endpoints of webhooks; as a part of a page where htmx asks."""
    states = await resources.ask(lambda index: read_states(index.settings.namespace, index.connection))
    values: dict[str, Any] = {"endpoints": views.endpoint_rows(states)}
    if request.headers.get("HX-Request"):
        return fragment("parts/webhooks.html", **values)
    return page(request, "webhooks.html", **values)


@post(
    "/subscriptions/webhooks/{name:str}/enable",
    operation_id="pageEnableWebhook",
    guards=[requires("operate")],
    status_code=303,
)
async def enable_webhook(
    resources: NamedDependency[Resources],
    name: Annotated[str, PathParameter(description="The name of the endpoint.")],
) -> Redirect:
    """Turn an endpoint on that was turned off, or send what waits at once."""
    await resources.ask(lambda index: StateStore(index.settings.namespace, index.connection).enable(name))
    return redirect("/subscriptions")


router = Router("/", route_handlers=[show_subscriptions, show_groups, show_webhooks, enable_webhook])
