"""`streams history`: print how a cluster came to be, as a table or as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from streams import events
from streams.cli.context import console, open_state
from streams.errors import UsageError
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.query.explain import Inspection
from streams.query.history import Chronicle, History, PublishedEvent
from streams.settings import Settings

__all__ = ["show_history"]

_MOST_REASONS = 4


def show_history(settings: Settings, cluster: str, *, as_json: bool) -> None:
    """Print the history of a cluster, given by its id or by a record in it."""
    with open_state(settings, to_read=True) as (current, connection):
        inspection = Inspection(current, connection)
        if ":" in cluster:
            cluster = inspection.membership(cluster).cluster_id
        family = inspection.family(cluster)
        history = asyncio.run(_read(settings, cluster, {cluster, *family}))
        if not family and not history.events:
            raise UsageError(f"no cluster {cluster} is known; give a cluster id of dedup.events, or a record id")
        current_id = inspection.cluster_of(cluster)[0] if family else history.merged_into
    if as_json:
        typer.echo(orjson.dumps(_fields(history, current_id), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(console(), history, current_id)


async def _read(settings: Settings, cluster: str, wanted: set[str]) -> History:
    """Read the events of the wanted clusters, then of the clusters that these events name, until none is left."""
    topic = settings.topic_prefix + events.EVENTS
    chronicle = Chronicle()
    while wanted:
        keys = {name.encode() for name in wanted}
        async for message in read_to_now(KafkaConnection.of(settings), [topic], keys):
            if message.key in keys and message.value:
                chronicle.add(message.timestamp, orjson.loads(message.value))
        chronicle.read(wanted)
        wanted = chronicle.unread(cluster)
    return chronicle.history(cluster)


def _show(screen: Console, history: History, current_id: str) -> None:
    """Print the events as a table, with a note on events that have expired and on the cluster it was merged into."""
    for name, last in sorted(history.lost.items()):
        shown = f"those of {name} up to revision {last}" if last else f"all of {name}"
        text = f"The beginning is missing: of the events {shown} are no longer in {events.EVENTS}."
        screen.print(text, style="yellow")
    if history.events:
        screen.print(_table(history))
    if history.merged_into:
        further = f", and both are {current_id} now" if current_id not in ("", history.merged_into) else ""
        screen.print(f"{history.cluster_id} went into {history.merged_into}{further}.")


def _table(history: History) -> Table:
    several = len({published.event["cluster_id"] for published in history.events}) > 1
    headings = ["time", *(["cluster"] if several else []), "rev", "type", "records", "cause", "reasons"]
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for published in history.events:
        event = published.event
        name = [event["cluster_id"]] if several else []
        row = [_moment(published.time)[:19].replace("T", " "), *name, str(event["revision"]), _type(event)]
        table.add_row(*row, _moved(event), ", ".join(event["causes"]), _reasons(event))
    return table


def _type(event: dict[str, Any]) -> str:
    for name, word in (
        ("merged_from", "from"),
        ("merged_into", "into"),
        ("split_into", "into"),
        ("split_from", "from"),
    ):
        if name in event:
            return f"{event['type']} {word} {', '.join(event[name])}"
    return str(event["type"])


def _moved(event: dict[str, Any]) -> str:
    before, after = set(event["before"]), set(event["after"])
    return "\n".join([f"+ {record}" for record in sorted(after - before)] + [f"- {r}" for r in sorted(before - after)])


def _reasons(event: dict[str, Any]) -> str:
    said = [
        f"{c['action']} {c['a']} × {c['b']}, by {c['author']}" + (f": {c['reason']}" if c["reason"] else "")
        for c in event.get("corrections", ())
    ]
    codes = dict.fromkeys(reason for evidence in event["evidence"] for reason in evidence["reasons"])
    if event["type"] == "split" and not said and not codes:
        return "no link connects them any more"
    return "\n".join([*said, ", ".join(list(codes)[:_MOST_REASONS])]).strip()


def _fields(history: History, current_id: str) -> dict[str, Any]:
    return {
        "cluster_id": history.cluster_id,
        "merged_into": history.merged_into,
        "stands_for_it": current_id,
        "lost": history.lost,
        "events": list(_events(history.events)),
    }


def _events(published: Iterable[PublishedEvent]) -> Iterable[dict[str, Any]]:
    for one in published:
        yield {"time": _moment(one.time), **one.event}


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
