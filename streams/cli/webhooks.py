"""`streams webhooks`: the endpoints that events are sent to, one by one or all; what is parked; a secret for a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from streams.cli.context import console, open_state, printable
from streams.cli.options import DataDir, Json
from streams.errors import NotFoundError, SettingsError, UsageError
from streams.local.endpoints import find
from streams.local.serve import can_serve
from streams.settings import Settings, load_settings
from streams.webhooks.configuration import SETTING, Endpoint, Webhooks, read_webhooks
from streams.webhooks.schedule import Answer, Verdict, verdict
from streams.webhooks.states import EndpointState, StateStore, read_states

__all__ = ["app"]

app = typer.Typer(
    help="Endpoints that `streams serve` sends events to, as the file of STREAMS_WEBHOOKS_FILE names them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of an endpoint.")]


@app.command("list")
def list_endpoints(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the endpoints: position, lag, last success, failures, and since when and why one is off."""
    settings = find(load_settings(), data_dir)
    with open_state(settings, to_read=True) as (current, connection):
        states = read_states(current.namespace, connection)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(states)).decode())
        return
    table = Table(
        "name", "status", "lag", "taken", "failed", "parked", "last taken", "reason", box=None, pad_edge=False
    )
    for state in states:
        table.add_row(
            state.name, state.status, _lag(state), str(state.taken), str(state.failed), str(state.parked),
            _moment(state.last_taken), _reason(state),
        )  # fmt: skip
    console().print(table)


@app.command()
def test(name: Name) -> None:
    """Send a signed message to an endpoint from here, of a type that no event has. Exit code 1 where it is not taken."""
    if not can_serve():
        raise UsageError("the extra `serve` is not installed: pip install 'streams-dedup[serve]'")
    webhooks = _file(load_settings())
    endpoint = webhooks.named(name)
    if endpoint is None:
        raise NotFoundError("unknown_webhook", f"the file has no endpoint {name}")
    answer = asyncio.run(_attempt(webhooks, endpoint))
    if verdict(answer.status) is Verdict.TAKEN:
        typer.echo(f"{name} at {endpoint.origin} answered {answer.status}")
        return
    typer.secho(f"streams: {name} at {endpoint.origin} did not take it: {printable(answer.reason)}", fg="red", err=True)
    raise typer.Exit(1)


@app.command()
def enable(name: Name, data_dir: DataDir = None) -> None:
    """Turn an endpoint on that was turned off, or send what waits at once. It continues where it was."""
    with _known(name, data_dir) as store:
        store.enable(name)
    typer.echo(f"{name} is on as soon as `streams serve` reads it, within two seconds")


@app.command()
def parked(name: Name, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the events that an endpoint did not take, and that were set aside."""
    settings = find(load_settings(), data_dir)
    with open_state(settings, to_read=True) as (current, connection):
        found = StateStore(current.namespace, connection).parked(name)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    table = Table("event", "partition", "offset", "since", "parked", "attempts", "reason", box=None, pad_edge=False)
    for each in found:
        table.add_row(
            each.event_id, str(each.partition), str(each.offset), _moment(each.since), _moment(each.parked_at),
            str(each.attempts), each.reason,
        )  # fmt: skip
    console().print(table)


@app.command()
def redeliver(name: Name, data_dir: DataDir = None) -> None:
    """Send the parked events of an endpoint again, each once. Those that are taken are parked no more."""
    with _known(name, data_dir) as store:
        count = len(store.parked(name))
        store.redeliver(name)
    typer.echo(
        f"`streams serve` sends {count} parked events to {name} again; `streams webhooks parked {name}` has what is left"
    )


@app.command()
def discard(name: Name, data_dir: DataDir = None) -> None:
    """Give up the events that are parked of an endpoint now: they are not sent again."""
    with _known(name, data_dir) as store:
        count = len(store.parked(name))
        store.discard(name)
    typer.echo(f"{count} parked events of {name} are given up as soon as `streams serve` reads it, within two seconds")


@app.command()
def remove(name: Name, data_dir: DataDir = None) -> None:
    """Remove what is kept of an endpoint that is in the file no more: its counts, and why it is off."""
    settings = load_settings()
    if _file(settings, or_none=True).named(name) is not None:
        raise UsageError(f"{name} is in {settings.webhooks_file}: remove it there and restart `streams serve` first")
    with open_state(find(settings, data_dir)) as (current, connection):
        if not StateStore(current.namespace, connection).remove(name):
            raise NotFoundError("unknown_webhook", f"nothing is kept of an endpoint {name}")
    typer.echo(f"{name} was removed")


@app.command()
def secret() -> None:
    """Make a secret for an endpoint and print it."""
    from streams.webhooks.delivery import new_secret  # noqa: PLC0415 - of the extra `serve`

    typer.echo(new_secret())


@contextmanager
def _known(name: str, data_dir: DataDir) -> Iterator[StateStore]:
    """Open the states, where an endpoint of this name is sent to."""
    with open_state(find(load_settings(), data_dir)) as (current, connection):
        store = StateStore(current.namespace, connection)
        state = store.read().get(name)
        if state is None:
            raise NotFoundError("unknown_webhook", f"no process has sent to an endpoint {name}")
        if state.status == "disabled":
            raise UsageError(f"the file disables {name}: change it there, and restart `streams serve`")
        yield store


async def _attempt(webhooks: Webhooks, endpoint: Endpoint) -> Answer:
    from streams.webhooks.delivery import probe_delivery  # noqa: PLC0415 - of the extra `serve`
    from streams.webhooks.post import Post  # noqa: PLC0415 - the same

    async with Post(webhooks.networks) as post:
        return await post(endpoint, probe_delivery(time.time()))


def _file(settings: Settings, *, or_none: bool = False) -> Webhooks:
    if not settings.webhooks_file and not or_none:
        raise SettingsError(SETTING, "is not set", "the file of endpoints, as for `streams serve`")
    return read_webhooks(settings.webhooks_file)


def _lag(state: EndpointState) -> str:
    """Return how far an endpoint is behind: in events where the broker says it, else in seconds."""
    return f"{state.lag_seconds:.0f} s" if state.lag is None else f"{state.lag:,}"


def _reason(state: EndpointState) -> str:
    since = f"since {_moment(state.off_since)}: " if state.off_since else ""
    due = min((retry.due for retry in state.retries.values()), default=0.0)
    again = f"; again {_moment(due)}" if due and not state.off_since else ""
    return since + state.reason + again


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}" if seconds else ""
