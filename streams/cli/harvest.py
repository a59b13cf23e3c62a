"""`streams harvest`: ask a source for what is new, and publish it to its topic."""

from __future__ import annotations

import asyncio
import importlib.util
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.context import changing_line
from streams.cli.options import DataDir
from streams.errors import SettingsError, UsageError
from streams.local.endpoints import find
from streams.settings import PREFIX, Settings, load_settings

__all__ = ["harvest"]

_NAMES = ("arxiv", "semantic-scholar", "crossref", "openalex")


def harvest(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=f"One of {', '.join(_NAMES)}.")],
    since: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DAY",
            help="The first day, YYYY-MM-DD, needed at the first run of a feed of days; of Semantic Scholar's releases the one "
            "that you have already.",
        ),
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day; today by default.")] = "",
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SET", help="A part of the source: a set of arXiv (cs), a filter of Crossref or OpenAlex."
        ),
    ] = None,
    query: Annotated[
        str, typer.Option("--query", help="Semantic Scholar: papers that a search finds, in place of releases.")
    ] = "",
    snapshot: Annotated[
        bool,
        typer.Option(
            "--snapshot", help="OpenAlex: the files of the free snapshot and of merged ids, in place of days."
        ),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Ask again for what was harvested; Semantic Scholar: a new base.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow/--once", help="Harvest again and again until stopped, or once what is due.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask the source, and publish nothing.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Ask a source for what is new, and publish its payloads to its topic; continue where the last run ended.

    STREAMS_HARVEST_CONTACT must be set: it is sent with each request. Run one harvester a source, over all of your machines. It may
    be killed at any time: a checkpoint is written after Kafka has acknowledged everything before it. docs/how-to/harvest.md says
    how to begin.
    """
    if source not in _NAMES:
        raise UsageError(f"unknown source {source!r}; one of {', '.join(_NAMES)}")
    if importlib.util.find_spec("stamina") is None:
        raise UsageError("the extra `harvest` is not installed: pip install 'streams-dedup[harvest]'")
    if again and follow:
        raise UsageError("--again asks for everything, so it is for one run: leave out --follow")
    if query and source != "semantic-scholar":
        raise UsageError("--query is for semantic-scholar alone")
    if snapshot and source != "openalex":
        raise UsageError("--snapshot is for openalex alone")
    from streams.harvest.process import Wanted  # noqa: PLC0415 - an extra, and it takes time to import
    from streams.harvest.process import harvest as run  # noqa: PLC0415 - the same
    from streams.harvest.source import Options  # noqa: PLC0415 - the same
    from streams.worker.log import configure_logging  # noqa: PLC0415 - the same

    options = Options(_day(since, "--from"), _day(until, "--until"), tuple(sets or ()), query, snapshot, again)
    settings = _with_kafka(load_settings(), data_dir)
    wanted = Wanted(source, options, follow, dry_run)
    with changing_line() as status:
        configure_logging(settings, f"harvest-{source}")
        done = asyncio.run(
            run(
                settings,
                wanted,
                lambda at: status(f"{source} {at.window}: {at.records:,} records, {at.deletes:,} deletes"),
            )
        )
    if done is not None:
        what = "found; nothing was published" if dry_run else "published"
        typer.echo(f"{source}: {done.records:,} records and {done.deletes:,} deletes {what}")


def _with_kafka(settings: Settings, data_dir: Path | None) -> Settings:
    """Return the settings with the address of a Kafka: a harvester needs no Redis. Raises UsageError or SettingsError."""
    if settings.kafka_url and data_dir is None:
        return settings
    found = find(settings, data_dir)
    if not found.kafka_url:
        raise SettingsError(PREFIX + "KAFKA_URL", "is not set", "host:9092 (or use `streams up`, which brings its own)")
    return found


def _day(text: str, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{option} {text} is no day; write YYYY-MM-DD") from None
