"""`streams lookup`: print the clusters that ids, identifiers and links name."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
import orjson
import typer
from rich.console import Console

from streams.cli.context import console, printable
from streams.cli.options import DataDir, Json
from streams.clusters.group import cluster_key
from streams.errors import UsageError
from streams.local.endpoints import find
from streams.query.answers import ClusterAnswer, LookupAnswer
from streams.query.clusters import Clusters
from streams.query.index_reader import IndexReader, open_index
from streams.query.lookup import MOST_ASKED, look_up
from streams.records.chunks import chunks
from streams.settings import load_settings

__all__ = ["lookup"]

_SHOWN = 30


def lookup(
    asked: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT…",
            help="cluster ids, record ids (source:id), DOIs, arXiv ids, pmid:…, pmcid:…, openalex:…, links; - reads lines of "
            "standard input",
        ),
    ],
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Print the clusters that ids, identifiers or links name: document, records, where a merged cluster went.

    A PMID needs its scheme, as in pmid:31452104; DOIs, arXiv ids, PMCIDs and OpenAlex ids are known by their form. An identifier
    may be in several clusters; all are printed. Found are the identifiers that are blocking keys: the first five of a record (arXiv
    id, PMID, PMCID and DOI before all others).

    With --json, print one line for each WHAT, in order. Exit codes: 0 where every WHAT was found, 1 where one was not, 2 for wrong
    usage.
    """
    found = True
    with open_index(find(load_settings(), data_dir)) as index:
        for chunk in chunks(_wanted(asked), MOST_ASKED):
            answers = look_up(index, chunk)
            clusters = _clusters(index, answers)
            _print(answers, clusters, as_json=as_json)
            found &= all(answer.clusters for answer in answers)
    if not found:
        raise typer.Exit(1)


def _wanted(asked: Sequence[str]) -> Iterable[str]:
    for text in asked:
        if text == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        elif not text.strip():
            raise UsageError("an empty text names no cluster")
        else:
            yield text


def _clusters(index: IndexReader, answers: Sequence[LookupAnswer]) -> dict[str, ClusterAnswer]:
    names = list(dict.fromkeys(name for answer in answers for name in answer.clusters))
    found = Clusters(index).clusters([cluster_key(name) for name in names])
    return {name: answer for name, answer in zip(names, found.values(), strict=True) if answer is not None}


def _print(answers: Sequence[LookupAnswer], clusters: dict[str, ClusterAnswer], *, as_json: bool) -> None:
    if as_json:
        for answer in answers:
            typer.echo(orjson.dumps(_fields(answer, clusters)).decode())
        return
    screen = console()
    for answer in answers:
        if answer.code:
            typer.secho(f"{printable(answer.asked)}: {printable(answer.detail)}", fg="yellow", err=True)
        for name in answer.clusters:
            if name in clusters:
                _show(screen, answer, clusters[name])


def _show(screen: Console, answer: LookupAnswer, cluster: ClusterAnswer) -> None:
    document = cluster.document
    screen.print(document.get("title", "(no title)" if document else "(all records were deleted)"), style="bold")
    authors = document.get("authors", [])
    names = [author if isinstance(author, str) else author.get("name", "") for author in authors[:4]]
    shown = ", ".join(names) + (f" and {len(authors) - 4} more" if len(authors) > 4 else "")
    details = [shown, document.get("publication_date", ""), document.get("journal", ""), document.get("doi", "")]
    screen.print("  " + " · ".join(detail for detail in details if detail))
    records = ", ".join(cluster.records[:_SHOWN])
    more = f" and {cluster.size - _SHOWN} more" if cluster.size > _SHOWN else ""
    screen.print(f"  cluster {cluster.cluster_id}, revision {cluster.revision}: {records}{more}")
    if answer.merged_into:
        screen.print(f"  {answer.asked.strip()} was merged into it")
    if answer.key_full:
        screen.print("  as many records as are kept under one key have this identifier; there may be more")


def _fields(answer: LookupAnswer, clusters: dict[str, ClusterAnswer]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    fields["clusters"] = [msgspec.to_builtins(clusters[name]) for name in answer.clusters if name in clusters]
    return fields
