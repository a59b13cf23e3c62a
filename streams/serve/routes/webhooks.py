"""`/webhooks`: the endpoints that events are sent to, where each is, and to turn one on that was turned off."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from streams.errors import NotFoundError
from streams.query.index_reader import IndexReader
from streams.serve.access import TOKEN_NEEDED, requires
from streams.serve.problems import answers
from streams.serve.resources import Resources
from streams.webhooks.states import EndpointState, StateStore, read_states

__all__ = ["Webhooks", "router"]


class Webhooks(msgspec.Struct, frozen=True):
    """The endpoints by name, as the process that sends wrote them within the last second."""

    items: tuple[EndpointState, ...]


@get(
    "",
    operation_id="listWebhooks",
    summary="The endpoints of webhooks",
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(),
)
async def webhooks(resources: NamedDependency[Resources]) -> Webhooks:
    """Return each endpoint with its position, lag, last success, failures, and since when and why it is off."""
    return Webhooks(await resources.ask(lambda index: read_states(index.settings.namespace, index.connection)))


@post(
    "/{name:str}/enable",
    operation_id="enableWebhook",
    summary="Turn an endpoint on",
    status_code=202,
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(404),
)
async def enable(
    resources: NamedDependency[Resources],
    name: Annotated[str, PathParameter(description="The name of the endpoint.")],
) -> EndpointState:
    """Turn an endpoint on that was turned off, or send what waits at once; it is done within two seconds.

    The endpoint continues where it was, and nothing is lost. The answer is its state of before.
    """

    def ask(index: IndexReader) -> EndpointState:
        store = StateStore(index.settings.namespace, index.connection)
        state = store.read().get(name)
        if state is None:
            raise NotFoundError("unknown_webhook", f"there is no endpoint {name!r}")
        store.enable(name)
        return state

    return await resources.ask(ask)


router = Router("/webhooks", route_handlers=[webhooks, enable], tags=["operations"])
