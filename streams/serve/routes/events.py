"""`/events`: the changes of clusters as Server-Sent Events, from now on or from where a client was.

`streams/subscriptions` has the frames, the filters and the resumption; here are the parameters and the response.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from streams.serve.access import Caller
from streams.serve.problems import answers
from streams.serve.resources import Resources
from streams.subscriptions.filters import Filter
from streams.subscriptions.subscription import Subscription

__all__ = ["EventType", "router"]

_MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy keeps events or holds them back."""
_SPEC = ResponseSpec(str, description="Events, until the client ends the connection.", media_type=_MEDIA_TYPE)
EventType = Literal[
    "created",
    "record_added",
    "record_updated",
    "record_removed",
    "merged",
    "split",
    "canonical_changed",
    "relation_added",
    "relation_removed",
]
"""The types of events (docs/events.md)."""


@get("", operation_id="subscribe", summary="Changes of clusters as they come", responses={200: _SPEC, **answers(422)})
async def subscribe(
    request: Request[Any, Any, Any],
    resources: NamedDependency[Resources],
    type_: Annotated[list[EventType] | None, QueryParameter(name="type", description="Only these types.")] = None,
    source: Annotated[
        list[str] | None, QueryParameter(description="Only clusters with a record of these sources.")
    ] = None,
    cluster: Annotated[
        list[str] | None, QueryParameter(description="Only these clusters, also where they merge.")
    ] = None,
    doi: Annotated[list[str] | None, QueryParameter(description="Only papers with these DOIs.")] = None,
    arxiv: Annotated[list[str] | None, QueryParameter(description="Only papers with these arXiv ids.")] = None,
    correction: Annotated[bool, QueryParameter(description="Only changes that people caused.")] = False,
    document: Annotated[bool, QueryParameter(description="With the canonical document.")] = False,
    since: Annotated[datetime | None, QueryParameter(description="Begin with events of this time or later.")] = None,
    start: Annotated[
        Literal["now", "beginning"], QueryParameter(name="from", description="Where to begin without `since` or an id.")
    ] = "now",
    last_event_id: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", description="The last id received: the stream goes on after it."),
    ] = None,
) -> Stream:
    """Stream the events of `dedup.events`, at least once each, in order for each cluster.

    A client that reconnects sends the last id it received as `Last-Event-ID`, as browsers do by themselves. What retention has
    deleted meanwhile is named by an event `gap`.
    """
    wanted = Filter.of(
        types=type_ or (),
        sources=source or (),
        clusters=cluster or (),
        dois=doi or (),
        arxiv_ids=arxiv or (),
        corrections_only=correction,
    )
    frames = await resources.hub.subscribe(
        wanted, last_event_id=last_event_id, since=since, start=start, with_document=document, name=_name(request)
    )
    return Stream(_until_closed(frames), media_type=_MEDIA_TYPE, headers=_HEADERS)


def _name(request: Request[Any, Any, Any]) -> str:
    """Return who listens, as the page shows it: the name of the caller, else the address that the request came from."""
    caller = request.user
    return caller.name if isinstance(caller, Caller) and caller.name else request.client.host if request.client else ""


async def _until_closed(frames: Subscription) -> AsyncIterator[bytes]:
    """Yield the frames, and end the subscription with the connection."""
    try:
        async for frame in frames:
            yield frame
    finally:
        await frames.aclose()


router = Router("/events", route_handlers=[subscribe], tags=["events"])
