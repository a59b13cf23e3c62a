"""Measure matching, blocking and clustering on every labelled set at hand, in this process, without servers.

    python bench/evaluate.py [--data DIR] [--sets NAME ...] [--works N] [--json] [--write]

DIR holds the sets as folders: `pairs.jsonl.gz` (labelled pairs of documents), or `feed.jsonl.gz` with `gold.jsonl.gz`
(clusters) or `gold_cross_pairs.jsonl.gz` (pairs between sources). Sets that are absent are passed over with a message;
two sets are always there: generated works with known truth, and the demo feed. `--write` renews docs/evaluation.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams.clusters.partition import Link, partition
from streams.demo import feed as demo_feed
from streams.evaluation import B3, Pairwise, cluster_scores, cross_scores, decision_scores, read_rows
from streams.matching.decide import RULESET, decide
from streams.matching.decision import DUPLICATE, REVIEW, Decision
from streams.matching.features import Features, extract
from streams.matching.keys import keys
from streams.records import Delete, Record
from streams.sources import parse
from streams.testing import Generated, generate

PAIR_SETS = ("scholarly_pairs", "archive_pairs")
FEED_SETS = ("diabetes", "stroke", "cytology_screening", "dblp_scholar")
OWN_SETS = ("generated", "demo")
KEY_CAP = 64  # as the setting key_cap: at most so many members are read under one key
SEED = 20_250
DOCUMENT = Path(__file__).parent.parent / "docs" / "evaluation.md"

Pair = tuple[str, str]


class Feed(NamedTuple):
    """Records of a set by id, in order of arrival, with gold clusters or gold pairs across sources."""

    records: dict[str, Record]
    gold: dict[str, str]
    cross: list[Pair]

    def gold_pairs(self) -> set[Pair]:
        """The pairs that are one paper, each in order."""
        if self.cross:
            return {(min(pair), max(pair)) for pair in self.cross}
        members: dict[str, list[str]] = defaultdict(list)
        for record, cluster in self.gold.items():
            members[cluster].append(record)
        return {pair for group in members.values() for pair in combinations(sorted(group), 2)}


class Result(NamedTuple):
    """All numbers of one set; `None` where the set cannot say. `kinds` is the blocking table by kind of key."""

    name: str
    records: int
    pairs: Pairwise
    b_cubed: B3 | None
    review_share: float
    blocking_recall: float
    candidates: float | None
    per_second: float
    kinds: list[tuple[str, int | str, int, int]]
    clusters: list[list[str]]


class Blocking(NamedTuple):
    """Candidate pairs with the kinds of key that brought each together."""

    kinds: dict[Pair, set[str]]


def block(features: dict[str, Features], cap: int = KEY_CAP) -> Blocking:
    """Insert, then read: each record is added under its keys and meets who is there, at most `cap` under one key."""
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    found: dict[Pair, set[str]] = defaultdict(set)
    for record, feature in features.items():
        for key in keys(feature):
            there = members[key.kind, key.value]
            for other in there:
                found[(other, record) if other < record else (record, other)].add(key.kind)
            if len(there) < cap:
                there.append(record)
    return Blocking(found)


def clusters_of(features: dict[str, Features], decisions: dict[Pair, Decision]) -> list[list[str]]:
    """The partition that the decisions make; the one place to exchange when another partition is to be measured."""
    links = [Link(decision.score, *pair) for pair, decision in decisions.items() if decision.verdict == DUPLICATE]
    vetoes = [pair for pair, decision in decisions.items() if decision.veto]
    return partition(list(features), links, vetoes)


def measure_feed(name: str, feed: Feed) -> Result:
    """Block, decide and cluster a feed, and score it."""
    started = time.perf_counter()
    features = {record: extract(value) for record, value in feed.records.items()}
    blocking = block(features)
    decisions = {pair: decide(features[pair[0]], features[pair[1]]) for pair in blocking.kinds}
    clusters = clusters_of(features, decisions)
    seconds = time.perf_counter() - started
    gold = feed.gold_pairs()
    scores = cross_scores(clusters, feed.cross) if feed.cross else cluster_scores(clusters, feed.gold)
    return Result(
        name=name,
        records=len(features),
        pairs=scores.pairs,
        b_cubed=None if feed.cross else scores.b_cubed,  # type: ignore[union-attr]
        review_share=share(sum(d.verdict == REVIEW for d in decisions.values()), len(decisions)),
        blocking_recall=share(sum(pair in blocking.kinds for pair in gold), len(gold)),
        candidates=2 * len(blocking.kinds) / max(1, len(features)),
        per_second=len(features) / seconds,
        kinds=kind_table(blocking, gold),
        clusters=clusters,
    )


def kind_table(blocking: Blocking, gold: set[Pair]) -> list[tuple[str, int | str, int, int]]:
    """By kind of key: candidate pairs, gold pairs found, and gold pairs no other kind finds."""
    total, found, alone = Counter[str](), Counter[str](), Counter[str]()
    for pair, kinds in blocking.kinds.items():
        total.update(kinds)
        if pair in gold:
            found.update(kinds)
            if len(kinds) == 1:
                alone.update(kinds)
    return [(kind, total[kind], found[kind], alone[kind]) for kind in sorted(total)]


def measure_pairs(name: str, rows: Iterable[dict[str, Any]]) -> Result:
    """Decide labelled pairs and score the verdicts; blocking recall is the share of duplicates that share a key."""
    judged = [(read_document(row["a"]), read_document(row["b"]), row["label"]) for row in rows]
    started = time.perf_counter()
    features = [(extract(a), extract(b)) for a, b, _ in judged]
    verdicts = [decide(a, b).verdict for a, b in features]
    seconds = time.perf_counter() - started
    scores = decision_scores((label, verdict) for (_, _, label), verdict in zip(judged, verdicts, strict=True))
    same = [pair for pair, (_, _, label) in zip(features, judged, strict=True) if label == DUPLICATE]
    meeting = [{key.kind for key in set(keys(a)) & set(keys(b))} for a, b in same]
    kinds = Counter(kind for met in meeting for kind in met)
    alone = Counter(kind for met in meeting for kind in met if len(met) == 1)
    return Result(
        name=name,
        records=2 * len(judged),
        pairs=scores.pairs,
        b_cubed=None,
        review_share=scores.review_share,
        blocking_recall=share(sum(map(bool, meeting)), len(same)),
        candidates=None,
        per_second=2 * len(judged) / seconds,
        kinds=[(kind, "–", kinds[kind], alone[kind]) for kind in sorted(kinds)],
        clusters=[],
    )


def share(part: int, whole: int) -> float:
    """`part` of `whole`, 1 where there is no whole."""
    return part / whole if whole else 1.0


def read_document(document: dict[str, Any]) -> Record:
    """A document as the product reads it."""
    item = parse("document", orjson.dumps(document))[0]
    if not isinstance(item, Record):
        raise SystemExit(f"a document of a labelled set cannot be read: {item}")
    return item


def load_feed(folder: Path) -> Feed:
    """A feed with its gold."""
    records = {record.id: record for record in map(read_document, read_rows(folder / "feed.jsonl.gz"))}
    if (folder / "gold.jsonl.gz").exists():
        return Feed(records, {row["record"]: row["cluster"] for row in read_rows(folder / "gold.jsonl.gz")}, [])
    return Feed(records, {}, [(row["a"], row["b"]) for row in read_rows(folder / "gold_cross_pairs.jsonl.gz")])


def final_state(messages: Iterable[tuple[str, bytes, bytes]]) -> dict[str, Record]:
    """The records that are left when every message has been heard."""
    records: dict[str, Record] = {}
    for source, key, payload in messages:
        for item in parse(source, payload, key):
            if isinstance(item, Record):
                records[item.id] = item
            elif isinstance(item, Delete):
                records.pop(item.id, None)
    return records


def generated_set(works: int) -> tuple[Feed, dict[str, Generated]]:
    """Made-up works with known truth, and the message of each record."""
    messages = list(generate(SEED, works))
    records = final_state((m.feed, m.key, m.value) for m in messages)
    truth = {m.record_id: m for m in messages if m.live and m.event != "delete"}
    return Feed(records, {record: truth[record].work for record in records}, []), truth


def demo_set() -> Feed:
    """The feed `streams demo` plays, with its gold."""
    rows = files("streams.demo").joinpath("gold.jsonl").read_bytes().splitlines()
    return Feed(final_state(demo_feed()), {row["record"]: row["cluster"] for row in map(orjson.loads, rows)}, [])


def errors_by_kind(result: Result, truth: dict[str, Generated]) -> Iterator[tuple[str, int, int, int, list[str]]]:
    """By trap: gold pairs, missed pairs, wrong pairs, and examples. The text is all our own: it was generated."""
    cluster = {record: number for number, members in enumerate(result.clusters) for record in members}
    works: dict[str, list[str]] = defaultdict(list)
    for record in cluster:
        works[truth[record].work].append(record)
    total, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    examples: dict[str, list[str]] = defaultdict(list)
    for members in works.values():
        for a, b in combinations(members, 2):
            kind = truth[a].kind
            total[kind] += 1
            if cluster[a] != cluster[b]:
                missed[kind] += 1
                examples[kind].append(f"missed: {shown(truth[a])} / {shown(truth[b])}")
    for members in result.clusters:
        for a, b in combinations(members, 2):
            if truth[a].work != truth[b].work:
                kind = truth[a].kind
                wrong[kind] += 1
                examples[kind].insert(0, f"wrong: {shown(truth[a])} / {shown(truth[b])}")
    for kind in sorted(total, key=lambda kind: -missed[kind] - wrong[kind]):
        yield kind, total[kind], missed[kind], wrong[kind], examples[kind][:2] + examples[kind][-1:]


def shown(message: Generated) -> str:
    """A record in one line."""
    document = message.document
    authors = "; ".join(document.get("authors", ())[:2]) or "no authors"
    return f"{message.source} “{document['title']}” ({authors}, {document.get('year', 'no year')})"


def table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table, its columns padded so that a terminal shows it well too."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def score_row(result: Result) -> list[object]:
    """One line of the table of scores."""
    return [
        result.name,
        f"{result.records:,}",
        f"{result.pairs.precision:.4f}",
        f"{result.pairs.recall:.4f}",
        f"{result.pairs.f1:.4f}",
        f"{result.b_cubed.f1:.4f}" if result.b_cubed else "–",
        f"{result.review_share:.2%}",
        f"{result.blocking_recall:.4f}",
        f"{result.candidates:.2f}" if result.candidates is not None else "–",
        f"{result.per_second:,.0f}",
    ]


HEAD = ["set", "records", "P", "R", "F1", "B³ F1", "review", "blocking recall", "candidates/record", "records/s"]


def report(results: list[Result], truth: dict[str, Generated]) -> str:
    """The whole report as Markdown."""
    parts = [
        "# Evaluation",
        f"Ruleset {RULESET}. Written by `python bench/evaluate.py --write`; numbers of one process, without servers.\n"
        "Precision and recall count pairs of records: of clusters where the set is a feed, of verdicts where it is "
        "a list of labelled pairs (only the verdict `duplicate` counts as found). *Review* is the share of compared "
        "pairs that is left to a person. *Blocking recall* is the share of true pairs that meet under a key at all.",
        table(HEAD, map(score_row, results)),
        "## What each kind of key adds",
        "Candidate pairs a kind brings together, true pairs among them, and true pairs no other kind finds.",
        *(
            f"### {result.name}\n\n" + table(["key", "candidates", "true", "only here"], result.kinds)
            for result in results
            if result.kinds
        ),
    ]
    generated = next((result for result in results if result.name == "generated"), None)
    if generated:
        rows = list(errors_by_kind(generated, truth))
        parts += [
            "## Errors by trap, on generated works",
            "The works are made up and their truth is known; `streams/testing/works.py` says what each trap is. "
            "*Missed* are pairs of one work in two clusters, *wrong* pairs of two works in one.",
            table(["trap", "true pairs", "missed", "wrong"], (row[:4] for row in rows)),
            *(
                f"**{row[0]}**\n\n" + "\n".join(f"- {example}" for example in dict.fromkeys(row[4]))
                for row in rows
                if row[4]
            ),
        ]
    return "\n\n".join(parts) + "\n"


def measure(arguments: argparse.Namespace) -> tuple[list[Result], dict[str, Generated]]:
    """Measure the chosen sets that are there."""
    results: list[Result] = []
    truth: dict[str, Generated] = {}
    for name in arguments.sets:
        folder = arguments.data / name if arguments.data else None
        if name == "generated":
            feed, truth = generated_set(arguments.works)
            results.append(measure_feed(name, feed))
        elif name == "demo":
            results.append(measure_feed(name, demo_set()))
        elif folder is None or not folder.is_dir():
            print(f"{name}: not here, passed over", file=sys.stderr)
        elif name in PAIR_SETS:
            results.append(measure_pairs(name, read_rows(folder / "pairs.jsonl.gz")))
        else:
            results.append(measure_feed(name, load_feed(folder)))
    return results, truth


def main() -> None:
    """Measure and print."""
    known = (*PAIR_SETS, *FEED_SETS, *OWN_SETS)
    parser = argparse.ArgumentParser(description="Measure matching, blocking and clustering.")
    parser.add_argument("--data", type=Path, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="+", choices=known, default=list(known), metavar="NAME")
    parser.add_argument("--works", type=int, default=4_000, help="number of generated works")
    parser.add_argument("--json", action="store_true", help="the table of scores as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/evaluation.md")
    arguments = parser.parse_args()
    results, truth = measure(arguments)
    if arguments.json:
        print(json.dumps([dict(zip(HEAD, score_row(result), strict=True)) for result in results], indent=2))
    else:
        print(report(results, truth))
    if arguments.write:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(report(results, truth), encoding="utf-8")


if __name__ == "__main__":
    main()
