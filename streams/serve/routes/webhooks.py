"""`/webhooks`: the endpoints that events are sent to, where each is, what is parked; to turn one on, to send again."""

from __future__ import annotations

from collections.abc import Callable
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
from streams.webhooks.parking import Parked
from streams.webhooks.states import EndpointState, StateStore, read_states

__all__ = ["ParkedEvents", "Webhooks", "router"]

Name = Annotated[str, PathParameter(description="The name of the endpoint.")]


class ParkedEvents(msgspec.Struct, frozen=True):
    """The events that an endpoint did not take and that were set aside, the one that was parked first at first."""

    items: tuple[Parked, ...]


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
    name: Name,
) -> EndpointState:
    """Turn an endpoint on that was turned off, or send what waits at once; it is done within two seconds.

    The endpoint continues where it was, and nothing is lost. The answer is its state of before.
    """
    return await _asked(resources, name, StateStore.enable)


@get(
    "/{name:str}/parked",
    operation_id="listParked",
    summary="The parked events of an endpoint",
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(404),
)
async def parked(resources: NamedDependency[Resources], name: Name) -> ParkedEvents:
    """Return the events that the endpoint did not take within its `park_after`, at most 1,000."""

    def ask(index: IndexReader) -> ParkedEvents:
        store, _ = _known(index, name)
        return ParkedEvents(tuple(store.parked(name)))

    return await resources.ask(ask)


@post(
    "/{name:str}/redeliver",
    operation_id="redeliverWebhook",
    summary="Send the parked events of an endpoint again",
    status_code=202,
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(404),
)
async def redeliver(resources: NamedDependency[Resources], name: Name) -> EndpointState:
    """Send each parked event once more, from within two seconds; those that are taken are parked no more.

    The answer is the state of the endpoint of before.
    """
    return await _asked(resources, name, StateStore.redeliver)


@post(
    "/{name:str}/discard",
    operation_id="discardParked",
    summary="Give up the parked events of an endpoint",
    status_code=202,
    guards=[requires("operate")],
    security=TOKEN_NEEDED,
    responses=answers(404),
)
async def discard(resources: NamedDependency[Resources], name: Name) -> EndpointState:
    """Give up what is parked now, within two seconds: it is not sent again.

    The answer is the state of the endpoint of before.
    """
    return await _asked(resources, name, StateStore.discard)


async def _asked(resources: Resources, name: str, ask: Callable[[StateStore, str], None]) -> EndpointState:
    """Ask the process that sends for something, and return the state of the endpoint of before."""

    def question(index: IndexReader) -> EndpointState:
        store, state = _known(index, name)
        ask(store, name)
        return state

    return await resources.ask(question)


def _known(index: IndexReader, name: str) -> tuple[StateStore, EndpointState]:
    store = StateStore(index.settings.namespace, index.connection)
    state = store.read().get(name)
    if state is None:
        raise NotFoundError("unknown_webhook", f"there is no endpoint {name!r}")
    return store, state


router = Router("/webhooks", route_handlers=[webhooks, enable, parked, redeliver, discard], tags=["operations"])
