"""`streams evaluate`: score clusters or decisions against gold labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
import typer

from streams.cli.context import console
from streams.cli.tables import cluster_table, cross_table, decision_table
from streams.errors import UsageError
from streams.evaluation.scores import (
    B3,
    ClusterScores,
    CrossScores,
    DecisionScores,
    Pairwise,
    cluster_scores,
    cross_scores,
    decision_scores,
    read_rows,
)
from streams.records.record import record_id

__all__ = ["evaluate"]

Scores = ClusterScores | CrossScores | DecisionScores


def evaluate(
    clusters: Annotated[str, typer.Option(help="clusters.jsonl of a run")] = "",
    gold: Annotated[str, typer.Option(help='lines {"record", "cluster"}, or {"a", "b"} for pairs across sources')] = "",
    decisions: Annotated[str, typer.Option(help="decisions.jsonl of a run, or the output of compare --pairs")] = "",
    pairs: Annotated[str, typer.Option(help='the labelled pairs: lines {"a", "b", "label"}')] = "",
    as_json: Annotated[bool, typer.Option("--json", help="all numbers and all wrong clusters as JSON")] = False,
) -> None:
    """Compute precision, recall, F1 and B-cubed of --clusters against --gold, or of --decisions against --pairs.

    Files may be gzipped (.gz); - is standard input. Gold in the form {"a", "b"} scores pairs of different sources only.
    Pairs labelled `unsure` are ignored.
    """
    if bool(clusters) != bool(gold) or bool(decisions) != bool(pairs) or bool(clusters) == bool(decisions):
        raise UsageError("give --clusters with --gold, or --decisions with --pairs")
    scores = _clusters(clusters, gold) if clusters else _decisions(decisions, pairs)
    if as_json:
        typer.echo(orjson.dumps(_plain(scores), option=orjson.OPT_INDENT_2))
    elif isinstance(scores, ClusterScores):
        console().print(cluster_table(scores))
    elif isinstance(scores, CrossScores):
        console().print(cross_table(scores))
    else:
        console().print(decision_table(scores))


def _clusters(clusters: str, gold: str) -> ClusterScores | CrossScores:
    members = [_field(row, "records", clusters) for row in read_rows(clusters)]
    truth = list(read_rows(gold))
    if truth and "cluster" not in truth[0]:
        return cross_scores(members, [(_field(row, "a", gold), _field(row, "b", gold)) for row in truth])
    return cluster_scores(members, {_field(row, "record", gold): str(_field(row, "cluster", gold)) for row in truth})


def _decisions(decisions: str, pairs: str) -> DecisionScores:
    rows = list(read_rows(decisions))
    if rows and "a" in rows[0]:
        return decision_scores(_by_record(rows, decisions, pairs))
    labels = [_field(row, "label", pairs) for row in read_rows(pairs)]
    if len(labels) != len(rows):
        raise UsageError(
            f"{decisions} has {len(rows)} decisions for {len(labels)} pairs; without record ids both align"
        )
    return decision_scores((label, _field(row, "decision", decisions)) for label, row in zip(labels, rows, strict=True))


def _by_record(rows: list[dict[str, Any]], decisions: str, pairs: str) -> Iterator[tuple[str, str]]:
    """Yield label and verdict of each pair; a pair that was never a candidate counts as `distinct`."""
    verdicts = {
        frozenset((_field(row, "a", decisions), _field(row, "b", decisions))): _field(row, "decision", decisions)
        for row in rows
    }
    for row in read_rows(pairs):
        pair = frozenset((_record(row, "a", pairs), _record(row, "b", pairs)))
        yield _field(row, "label", pairs), verdicts.get(pair, "distinct")


def _record(row: dict[str, Any], side: str, path: str) -> str:
    document = _field(row, side, path)
    if isinstance(document, str):
        return document
    return record_id(document.get("source", "document"), str(_field(document, "id", path)))


def _field(row: dict[str, Any], name: str, path: str) -> Any:
    if name not in row:
        raise UsageError(f'{path}: a line has no "{name}"')
    return row[name]


def _plain(scores: Scores) -> dict[str, Any]:
    plain: dict[str, Any] = {"pairs": _numbers(scores.pairs)}
    if isinstance(scores, ClusterScores):
        plain["b_cubed"] = _numbers(scores.b_cubed)
        for name in ("records", "clusters", "gold_clusters", "missing", "unlabelled", "over_merged", "under_merged"):
            plain[name] = getattr(scores, name)
    elif isinstance(scores, CrossScores):
        plain |= {"records": scores.records, "clusters": scores.clusters, "missed": scores.missed}
    else:
        plain |= {"total": scores.total, "unsure": scores.unsure, "review": scores.review}
        plain["review_share"] = scores.review_share
        plain["confusion"] = [
            {"label": label, "decision": verdict, "pairs": count}
            for (label, verdict), count in sorted(scores.confusion.items())
        ]
    return plain


def _numbers(scores: Pairwise | B3) -> dict[str, float]:
    numbers: dict[str, float] = {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}
    if isinstance(scores, Pairwise):
        numbers |= {"correct": scores.correct, "predicted": scores.predicted, "gold": scores.gold}
    return numbers
