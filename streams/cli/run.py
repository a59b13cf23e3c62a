"""`streams run`: deduplicate files by `streams.local.run`, with a progress bar and a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from streams.cli.context import console
from streams.errors import UsageError
from streams.feed_files.keys import DOCUMENT
from streams.feed_files.payloads import check_readable, read_payloads, reference_files
from streams.local.run import RunProgress, run
from streams.references.deduplicated import Deduplicated, write_deduplicated
from streams.references.forms import FORMS
from streams.settings import Settings

__all__ = ["run_files"]

_NAMED = 5


def run_files(
    settings: Settings, files: Sequence[str], out: Path, source: str | None, write: str | None, *, as_json: bool
) -> None:
    """Run files to the end and print the summary. Files of references are written again without their duplicates."""
    check_readable(source or DOCUMENT, files)
    if write is not None and write not in FORMS:
        raise UsageError(f"--write {write}: unknown form; known: {', '.join(FORMS)}")
    references = reference_files(files) if source in (None, DOCUMENT) else []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f} records/s"),
        console=console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=None, rate=0.0)

        def on_progress(status: RunProgress) -> None:
            rate = status.handled / status.seconds if status.seconds else 0.0
            bar.update(task, description="deduplicating", total=status.sent, completed=status.handled, rate=rate)

        summary = run(settings, read_payloads(source or DOCUMENT, files), out, on_progress)
    written = None
    if references:
        with (out / "clusters.jsonl").open("rb") as clusters:
            form = FORMS[write] if write else None
            written = write_deduplicated(references, map(orjson.loads, clusters), out, form)
    if as_json:
        typer.echo(orjson.dumps(summary).decode())
    else:
        typer.echo(_summary(summary, out))
        if written:
            typer.echo(_written(written))


def _summary(summary: dict[str, Any], out: Path) -> str:
    latency = summary["latency_ms"]
    return (
        f"{summary['records']} records are {summary['clusters']} papers: {summary['duplicates']} duplicates, "
        f"{summary['review']} doubtful pairs, {summary['dead_letters']} dead letters.\n"
        f"{_unread(summary['unread_fields'])}"
        f"{summary['seconds']:.1f} s, {summary['records_per_second']:.0f} records/s, "
        f"latency {latency['p50']:.0f} ms (p50), {latency['p99']:.0f} ms (p99).\n"
        f"Results are in {out}: clusters.jsonl, decisions.jsonl, events.jsonl, dead-letter.jsonl, summary.json."
    )


def _written(written: Deduplicated) -> str:
    kept, left_out = written.files[0].name, written.files[1].name
    text = f"{written.kept} references are kept in {kept}, their {written.left_out} duplicates are in {left_out}."
    return f"{text} {written.unread} could not be read: unread.txt." if written.unread else text


def _unread(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return one line on the fields that could not be read, naming the most frequent ones; empty where there are none."""
    every = [(number, field, source) for source, fields in counts.items() for field, number in fields.items()]
    if not every:
        return ""
    most = sorted(every, key=lambda entry: (-entry[0], *entry[1:]))
    named = ", ".join(f"{field} of {source} ({number})" for number, field, source in most[:_NAMED])
    rest = f" and {len(most) - _NAMED} more kinds, see summary.json" if len(most) > _NAMED else ""
    total = sum(number for number, *_ in every)
    return f"{total} field{'s' if total > 1 else ''} could not be read as given: {named}{rest}.\n"
