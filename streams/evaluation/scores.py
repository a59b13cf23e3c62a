"""Scores of a result: clusters, cross-source pairs and pair decisions against the judgment of people.

Everything here is pure but the reading of files. Three kinds of truth are known, each a file of JSON lines:
gold clusters (`{"record", "cluster"}`), gold pairs across sources (`{"a", "b"}`) and labelled pairs
(`{"a", "b", "label"}`). Records are named by their id, `source:source_id`.
"""

from __future__ import annotations

import gzip
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import orjson

from streams.clusters.disjoint_sets import DisjointSets
from streams.errors import UsageError

__all__ = [
    "B3",
    "ClusterScores",
    "CrossScores",
    "DecisionScores",
    "Pairwise",
    "cluster_scores",
    "connected_components",
    "cross_scores",
    "decision_scores",
    "open_lines",
    "read_rows",
]

T = TypeVar("T", str, int)

UNSURE = "unsure"
LABELS = ("duplicate", "related", "distinct", UNSURE)
VERDICTS = ("duplicate", "review", "related", "distinct")


class Pairwise(msgspec.Struct, frozen=True):
    """Predicted pairs against true pairs: counts, and the shares made from them.

    `precision` is 1 where nothing was predicted and `recall` 1 where there was nothing to find.
    """

    correct: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """The share of predicted pairs that are true."""
        return self.correct / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """The share of true pairs that were predicted."""
        return self.correct / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)


class B3(msgspec.Struct, frozen=True):
    """B-cubed scores: precision and recall of every record's own cluster, averaged over records."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)


class ClusterScores(msgspec.Struct, frozen=True):
    """Predicted clusters against gold clusters, over the records that gold knows.

    `over_merged` holds each predicted cluster with records of several gold clusters, as tuples of record ids, one
    tuple a gold cluster; `under_merged` each gold cluster spread over several predicted ones, likewise.
    `missing` counts gold records in no predicted cluster (scored as alone), `unlabelled` predicted records gold
    does not know (left out).
    """

    pairs: Pairwise
    b_cubed: B3
    records: int
    clusters: int
    gold_clusters: int
    missing: int
    unlabelled: int
    over_merged: tuple[tuple[tuple[str, ...], ...], ...]
    under_merged: tuple[tuple[tuple[str, ...], ...], ...]


class CrossScores(msgspec.Struct, frozen=True):
    """Pairs of records of different sources that share a cluster, against gold pairs.

    `missed` lists the gold pairs found in no cluster.
    """

    pairs: Pairwise
    records: int
    clusters: int
    missed: tuple[tuple[str, str], ...]


class DecisionScores(msgspec.Struct, frozen=True):
    """Verdicts against labels; pairs labelled `unsure` are counted in `unsure` and in nothing else.

    Only the verdict `duplicate` counts as found. `review_share` is the share of pairs left to a person.
    `confusion` counts pairs by (label, verdict).
    """

    pairs: Pairwise
    total: int
    unsure: int
    review: int
    confusion: dict[tuple[str, str], int]

    @property
    def review_share(self) -> float:
        """The share of the judged pairs with verdict `review`."""
        return self.review / self.total if self.total else 0.0


def cluster_scores(clusters: Iterable[Collection[str]], gold: Mapping[str, str]) -> ClusterScores:
    """Score predicted `clusters` (each a collection of record ids) against `gold` (record id -> gold cluster).

    Raises:
        UsageError: where two clusters list one record.

    """
    found = _assignment(clusters)
    unlabelled = sum(record not in gold for record in found)
    missing = sum(record not in found for record in gold)
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record, truth in gold.items():
        # A record in no cluster is alone in a cluster of its own; the prefix keeps it apart from real numbers.
        cells[f"#{found[record]}" if record in found else f"?{record}", truth].append(record)
    by_found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    by_truth: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for (cluster, truth), records in cells.items():
        by_found[cluster][truth] = records
        by_truth[truth][cluster] = records
    return ClusterScores(
        pairs=Pairwise(
            correct=sum(_pairs(len(records)) for records in cells.values()),
            predicted=sum(_pairs(_size(parts)) for parts in by_found.values()),
            gold=sum(_pairs(_size(parts)) for parts in by_truth.values()),
        ),
        b_cubed=B3(precision=_b_cubed(by_found.values(), len(gold)), recall=_b_cubed(by_truth.values(), len(gold))),
        records=len(gold),
        clusters=len(by_found),
        gold_clusters=len(by_truth),
        missing=missing,
        unlabelled=unlabelled,
        over_merged=_mixed(by_found.values()),
        under_merged=_mixed(by_truth.values()),
    )


def cross_scores(clusters: Iterable[Collection[str]], gold: Iterable[tuple[str, str]]) -> CrossScores:
    """Score the cross-source pairs within `clusters` against `gold` pairs of record ids.

    Pairs of records of one source are not counted, for the gold pairs say nothing about them.
    """
    members = [tuple(cluster) for cluster in clusters]
    found = _assignment(members)
    truth = {(a, b) if a < b else (b, a) for a, b in gold}
    missed = tuple(sorted((a, b) for a, b in truth if a not in found or found[a] != found.get(b)))
    predicted = 0
    for cluster in members:
        sources = Counter(record.partition(":")[0] for record in cluster)
        predicted += _pairs(len(cluster)) - sum(_pairs(count) for count in sources.values())
    return CrossScores(
        pairs=Pairwise(correct=len(truth) - len(missed), predicted=predicted, gold=len(truth)),
        records=len(found),
        clusters=len(members),
        missed=missed,
    )


def decision_scores(judged: Iterable[tuple[str, str]]) -> DecisionScores:
    """Score pairs of a label and a verdict.

    Raises:
        UsageError: where a word is neither a label nor a verdict.

    """
    confusion: Counter[tuple[str, str]] = Counter()
    for label, verdict in judged:
        if label not in LABELS:
            raise UsageError(f"unknown label {label!r}; expected one of {', '.join(LABELS)}")
        if verdict not in VERDICTS:
            raise UsageError(f"unknown decision {verdict!r}; expected one of {', '.join(VERDICTS)}")
        confusion[label, verdict] += 1
    sure = {cell: count for cell, count in confusion.items() if cell[0] != UNSURE}
    return DecisionScores(
        pairs=Pairwise(
            correct=confusion["duplicate", "duplicate"],
            predicted=sum(count for (_, verdict), count in sure.items() if verdict == "duplicate"),
            gold=sum(count for (label, _), count in sure.items() if label == "duplicate"),
        ),
        total=sum(sure.values()),
        unsure=sum(confusion.values()) - sum(sure.values()),
        review=sum(count for (_, verdict), count in sure.items() if verdict == "review"),
        confusion=dict(confusion),
    )


def connected_components(records: Iterable[T], links: Iterable[tuple[T, T]]) -> list[tuple[T, ...]]:
    """Return the connected components that `links` make of `records`, each sorted, in order of first member."""
    sets = DisjointSets(records)
    for a, b in links:
        sets.join(a, b)
    return sorted(tuple(sorted(members)) for members in sets.members.values())


def read_rows(path: Path | str) -> Iterator[dict[str, Any]]:
    """Read the JSON objects of a file of JSON lines, gzip or plain; `-` is standard input. Blank lines are skipped.

    Raises:
        UsageError: with file and line number where a line is not a JSON object.

    """
    with open_lines(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UsageError(f"{path}, line {number}: not JSON ({error})") from None
            if not isinstance(row, dict):
                raise UsageError(f"{path}, line {number}: not a JSON object")
            yield row


@contextmanager
def open_lines(path: Path | str) -> Iterator[Iterable[bytes]]:
    """Open the lines of a file, gzip or plain, as bytes; `-` is standard input.

    Raises:
        UsageError: where the file cannot be opened.

    """
    if str(path) == "-":
        yield _unpacked(sys.stdin.buffer)
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; only a failure to open becomes a UsageError
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    with file:
        yield _unpacked(file)


def _unpacked(raw: BinaryIO) -> Iterable[bytes]:
    # By content, not by name: standard input has no name and files are renamed.
    peek = raw.peek(2)[:2] if isinstance(raw, io.BufferedReader) else b""
    return gzip.open(raw, "rb") if peek == b"\x1f\x8b" else raw


def _assignment(clusters: Iterable[Collection[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, cluster in enumerate(clusters):
        for record in cluster:
            if found.setdefault(record, number) != number:
                raise UsageError(f"record {record} is in two clusters")
    return found


def _mixed(groups: Iterable[Mapping[str, list[str]]]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(sorted(tuple(sorted(tuple(sorted(part)) for part in g.values())) for g in groups if len(g) > 1))


def _b_cubed(groups: Iterable[Mapping[str, list[str]]], records: int) -> float:
    if not records:
        return 1.0
    return sum(len(part) ** 2 / _size(parts) for parts in groups for part in parts.values()) / records


def _size(parts: Mapping[str, list[str]]) -> int:
    return sum(map(len, parts.values()))


def _pairs(members: int) -> int:
    return members * (members - 1) // 2


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
