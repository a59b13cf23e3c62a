"""`streams match`: print the clusters that documents would join, without storing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams.cli.context import console
from streams.cli.options import DataDir, Json
from streams.errors import PayloadError
from streams.feed_files.payloads import check_readable, read_payloads
from streams.local.endpoints import find
from streams.query.answers import MatchAnswer
from streams.query.documents import read_payload
from streams.query.index_reader import IndexReader, open_index
from streams.query.match import MOST_CLUSTERS, MOST_MATCHED
from streams.query.match import match as match_records
from streams.records.chunks import chunks
from streams.records.record import Record
from streams.settings import load_settings

__all__ = ["match"]


def match(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="One payload or a payload a line, gzip or not; - is standard input.")
    ],
    source: Annotated[str, typer.Option(help="The source whose payloads these are, e.g. crossref.")] = "document",
    limit: Annotated[
        int, typer.Option(min=1, max=100, help="Print at most so many clusters a document.")
    ] = MOST_CLUSTERS,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print the clusters that documents would join, were they sent now. Nothing is stored.

    A document takes the path of a record that arrives: the same blocking keys, prefilter, decisions and division into clusters. It
    needs no id and no source. One with the id of a stored record is matched as its replacement.

    With --json, print one line for each document, in order. Exit codes: 0 where every document could be read, whatever it matches,
    1 where one could not, 2 for wrong usage.
    """
    check_readable(source, [file])
    readable = True
    screen = console()
    with open_index(find(load_settings(), data_dir)) as index:
        items = (item for payload in read_payloads(source, [file]) for item in read_payload(source, payload.value))
        for chunk in chunks(items, MOST_MATCHED):
            answers = _answers(index, chunk, limit)
            readable &= not any(answer.code for answer in answers)
            _print(screen, answers, chunk, as_json=as_json)
    if not readable:
        raise typer.Exit(1)


def _answers(index: IndexReader, items: Sequence[Record | PayloadError], limit: int) -> list[MatchAnswer]:
    """Match the records in one call; answer each item, in order."""
    matched = iter(match_records(index, [item for item in items if isinstance(item, Record)], limit))
    return [
        next(matched) if isinstance(item, Record) else MatchAnswer(code=item.code, detail=item.detail) for item in items
    ]


def _print(
    screen: Console, answers: Iterable[MatchAnswer], items: Iterable[Record | PayloadError], *, as_json: bool
) -> None:
    for answer, item in zip(answers, items, strict=True):
        if as_json:
            typer.echo(msgspec.json.encode(answer).decode())
        elif isinstance(item, Record):
            _show(screen, answer, item)
        else:
            typer.secho(f"streams: {item}", fg="yellow", err=True)


def _show(screen: Console, answer: MatchAnswer, record: Record) -> None:
    screen.print(record.title or record.id, style="bold")
    screen.print("  " + _outcome(answer))
    if not answer.clusters:
        return
    table = Table("cluster", "joins", "verdict", "score", "best record", "reasons", "title", box=None)
    for found in answer.clusters:
        joins = "yes" if found.joins else f"no, {found.kept_out_by} contradicts" if found.kept_out_by else "no"
        verdict = found.relation or found.verdict
        row = [found.cluster_id, joins, verdict, f"{found.score:.3f}", found.record, ", ".join(found.reasons[:4])]
        table.add_row(*row, found.title)
    screen.print(table)
    if answer.left_out:
        screen.print(f"  and {answer.left_out} more clusters")


def _outcome(answer: MatchAnswer) -> str:
    joined = [found.cluster_id for found in answer.clusters if found.joins]
    stored = f"; it is stored, in cluster {answer.stored_in}" if answer.stored_in else ""
    if not answer.partitioned:
        return f"linked to {', '.join(joined)}, too large to be divided for an answer{stored}"
    if len(joined) > 1:
        return f"would make one cluster, {answer.cluster_id}, of {', '.join(joined)}{stored}"
    if answer.cluster_id:
        return f"would be in cluster {answer.cluster_id}{stored}"
    return f"would begin a cluster of its own; {answer.candidates} records were compared{stored}"
