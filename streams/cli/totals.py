"""`streams totals`: print the totals over all records, or count them anew."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams.cli.context import console, open_state
from streams.cli.options import DataDir, Json
from streams.local.endpoints import find
from streams.settings import Settings, load_settings
from streams.state.connection import Connection
from streams.state.generation import facts
from streams.totals.count import count_totals
from streams.totals.read import SizeCount, Totals, read_totals
from streams.totals.snapshot import TotalsStore

__all__ = ["totals"]

_NONE = (
    "no totals are kept here: a process of `streams serve` keeps them, and `streams totals --count` counts them once; "
    "`streams doctor` checks the settings"
)


def totals(
    count: Annotated[
        bool,
        typer.Option(
            "--count",
            help="Count all clusters anew first, from dedup.clusters and dedup.events: where the totals are not complete.",
        ),
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print how many records and clusters there are: by source, by size of cluster, and which sources overlap.

    They are read from Redis, where a process of `streams serve` writes them every five seconds, and say of which time they are.
    Exit code 1 where there are none.
    """
    settings = find(load_settings(), data_dir)
    with open_state(settings, to_read=True) as (current, connection):
        if count:
            _count(current, connection)
        found = read_totals(current, connection)
    if found is None:
        typer.secho(f"streams: {_NONE}", fg="red", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(console(), found)


def _count(settings: Settings, connection: Connection) -> None:
    since = int(facts(settings.namespace, settings.generation, connection).get("topics_since", 0))
    snapshot = asyncio.run(count_totals(settings, connection, since))
    TotalsStore(settings.namespace, connection).replace(snapshot)


def _show(screen: Console, found: Totals) -> None:
    screen.print(
        f"{found.records:,} records in {found.clusters:,} clusters, as of {found.age_seconds:.0f} s ago "
        f"({found.time:%Y-%m-%d %H:%M:%S} UTC)"
    )
    if not found.complete:
        screen.print(
            f"Not complete: {found.missing_events:,} events or more were gone before they were counted. "
            "`streams totals --count` counts all clusters.",
            style="yellow",
        )
    if found.behind:
        screen.print(f"{found.behind:,} events were not included yet.", style="yellow")
    overlap = {(pair.a, pair.b): pair.clusters for pair in found.overlap}
    names = [source.source for source in found.sources]
    sources = Table("source", box=None, pad_edge=False)
    for heading in ("records", "clusters", *names):
        sources.add_column(heading, justify="right")
    for source in found.sources:
        shared = (overlap.get((min(source.source, other), max(source.source, other)), 0) for other in names)
        sources.add_row(source.source, f"{source.records:,}", f"{source.clusters:,}", *(f"{n:,}" for n in shared))
    screen.print(sources)
    sizes = Table("records of a cluster", box=None, pad_edge=False)
    sizes.add_column("clusters", justify="right")
    for size in found.sizes:
        if size.clusters:
            sizes.add_row(_range(size), f"{size.clusters:,}")
    screen.print(sizes)
    if found.dead_letters:
        screen.print(f"{sum(each.dead_letters for each in found.dead_letters):,} current dead letters")
    if (review := found.review) and review.open:
        unlooked = f", {review.unlooked:,} of them not looked at yet" if review.unlooked else ""
        screen.print(
            f"{review.open:,} pairs open for review{unlooked}; looked at in the last {review.looked_seconds:,.0f} s"
        )


def _range(size: SizeCount) -> str:
    if size.most is None:
        return f"{size.least} or more"
    return str(size.least) if size.least == size.most else f"{size.least} to {size.most}"
