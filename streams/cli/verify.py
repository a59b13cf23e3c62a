"""`streams verify`: print whether Redis and the topics agree, for people or as JSON."""

from __future__ import annotations

import asyncio
from collections import Counter

import orjson
import typer
from rich.console import Console
from rich.table import Table

from streams.cli.context import console, open_state, printable, refuse_foreign
from streams.engine.engine import Engine
from streams.errors import ServiceError
from streams.settings import Settings
from streams.state.connection import Connection
from streams.verification.differences import MEANINGS, PLACES, Difference
from streams.verification.repair import repair
from streams.verification.verifier import COUNTS, VerificationReport, Verifier

__all__ = ["verify"]

UNKNOWN = 3
"""The exit code where Redis or Kafka could not be read, so that nothing is known of differences."""
_NOTES = {
    "events_begin_late": "clusters whose first events are no longer in dedup.events, so that only their later ones were folded",
    "still_moving": "differences that changed at every scan: workers are busy with them, they were left out",
}


def verify(settings: Settings, *, as_json: bool, most: int, wait: float, repairs: bool = False) -> int:
    """Verify, repair the differences if `repairs`, and print those that are left.

    Returns the exit code: 0 where nothing differs, 1 where something does, `UNKNOWN` where Redis or Kafka could not be read.
    """
    try:
        if repairs:
            refuse_foreign(settings)
        with open_state(settings) as (current, connection):
            report, published = asyncio.run(_verify(current, connection, wait, repairs=repairs))
    except ServiceError as error:
        typer.secho(f"streams: {printable(str(error))}", fg="red", err=True)
        return UNKNOWN
    if as_json:
        typer.echo(orjson.dumps(report.as_json() | {"repaired": published}, option=orjson.OPT_INDENT_2).decode())
    else:
        if published:
            console().print(f"{published:,} messages were published again; what is left after that:")
        _show(console(), report, most)
    return 1 if report.differences else 0


async def _verify(
    settings: Settings, connection: Connection, wait: float, *, repairs: bool
) -> tuple[VerificationReport, int]:
    report = await Verifier(settings, connection).verify(wait)
    if not (repairs and report.differences):
        return report, 0
    published = await repair(settings, Engine(settings, connection), report.differences, report.counts["clusters"])
    return await Verifier(settings, connection).verify(wait), published


def _show(screen: Console, report: VerificationReport, most: int) -> None:
    counts = Table(box=None, pad_edge=False, show_header=False)
    counts.add_column(justify="right")
    counts.add_column()
    for name, label in COUNTS.items():
        counts.add_row(f"{report.counts[name]:,}", label)
    screen.print(counts)
    for name, count in report.notes.items():
        screen.print(f"Note: {count:,} {_NOTES[name]}.", style="yellow")
    if report.healed:
        text = "contradictions among events are healed: later events lead to the state that Redis has"
        screen.print(f"Note: {len(report.healed):,} {text}.", style="yellow")
    if not report.differences:
        screen.print(f"Redis, dedup.events and dedup.clusters agree ({report.seconds:.1f} s).", style="green")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("code", "cluster", "record", "what differs"):
        table.add_column(heading, overflow="fold")
    for difference in report.differences[:most]:
        table.add_row(difference.code, difference.cluster_id, difference.record, _text(difference))
    screen.print(table)
    if len(report.differences) > most:
        screen.print(f"… and {len(report.differences) - most:,} more: --most, or --json for all")
    found = Counter(difference.code for difference in report.differences)
    screen.print(f"{len(report.differences):,} differences:", style="bold red")
    for code, count in found.most_common():
        meaning = MEANINGS[code]
        screen.print(f"  {count:,} {code}: {meaning.what}. To do: {meaning.do}.")


def _text(difference: Difference) -> str:
    lines = [difference.detail] if difference.detail else []
    for field, texts in difference.fields:
        lines.append(
            field + ": " + "; ".join(f"{place} {text or '—'}" for place, text in zip(PLACES, texts, strict=True))
        )
    return "\n".join(lines)
