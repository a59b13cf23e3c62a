"""Measure matching on labelled sets: precision, recall, F1, review share, blocking recall, candidates, speed.

    python bench/compare.py --data DIR [--sets NAME ...] [--errors N] [--json]

DIR holds the sets as folders: `pairs.jsonl.gz` (labelled pairs of documents), or `feed.jsonl.gz` with
`gold.jsonl.gz` (clusters) or `gold_cross_pairs.jsonl.gz` (pairs between two sources). The index is in memory
here: keys, capped like the real one, give candidates; decisions give links and vetoes; the partition gives clusters.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams.clusters.partition import Link, partition
from streams.evaluation import closure
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, REVIEW, Decision
from streams.matching.features import Features, extract
from streams.matching.keys import keys
from streams.records import Record, record_id
from streams.sources.document import read

MAX_MEMBERS = 64

Pair = tuple[str, str]


class LabelledPair(NamedTuple):
    """A pair with its label: `duplicate`, `distinct` or `unsure`."""

    name: str
    a: Features
    b: Features
    label: str


class Feed(NamedTuple):
    """A feed of features by record id, and the gold pairs; `cross` where only pairs between two sources count."""

    records: dict[str, Features]
    gold: set[Pair]
    cross: bool


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines of a gzip file."""
    with gzip.open(path, "rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def to_record(row: dict[str, Any]) -> Record:
    """A document as a Record, by the adapter the product uses."""
    found = read(row)
    assert isinstance(found, Record)
    return found


def features_of(document: dict[str, Any]) -> Features:
    """The features of a document."""
    return extract(to_record(document))


def ordered(a: str, b: str) -> Pair:
    """The pair in one order."""
    return (a, b) if a < b else (b, a)


def load_pairs(folder: Path) -> list[LabelledPair]:
    """The labelled pairs of a set."""
    return [
        LabelledPair(row["pair"], features_of(row["a"]), features_of(row["b"]), row["label"])
        for row in rows(folder / "pairs.jsonl.gz")
    ]


def load_feed(folder: Path) -> Feed:
    """The feed of a set with its gold pairs; a record that comes again replaces itself."""
    records = {record_id(row["source"], row["id"]): features_of(row) for row in rows(folder / "feed.jsonl.gz")}
    cross = folder / "gold_cross_pairs.jsonl.gz"
    if cross.exists():
        return Feed(records, {ordered(row["a"], row["b"]) for row in rows(cross)}, True)
    members = defaultdict(list)
    for row in rows(folder / "gold.jsonl.gz"):
        members[row["cluster"]].append(row["record"])
    return Feed(records, {ordered(a, b) for ids in members.values() for a, b in combinations(ids, 2)}, False)


def candidates(records: dict[str, Features]) -> tuple[dict[Pair, set[str]], float, float]:
    """All pairs that meet under a key, with the kinds they met under; mean candidates and keys per record."""
    index: dict[tuple[str, str], list[str]] = defaultdict(list)
    found: dict[Pair, set[str]] = defaultdict(set)
    made = 0
    for name, features in records.items():
        for key in keys(features):
            made += 1
            members = index[key]
            for other in members[:MAX_MEMBERS]:
                found[ordered(name, other)].add(key.kind)
            members.append(name)
    return found, len(found) / max(1, len(records)), made / max(1, len(records))


def clusters_of(records: Iterable[str], decided: dict[Pair, Decision]) -> list[list[str]]:
    """The clusters the decisions make."""
    links = [Link(d.score, a, b) for (a, b), d in decided.items() if d.verdict == DUPLICATE]
    vetoes = [pair for pair, d in decided.items() if d.veto]
    groups = closure(records, ((link.a, link.b) for link in links))
    home = {name: number for number, members in enumerate(groups) for name in members}
    links_in, vetoes_in = defaultdict(list), defaultdict(list)
    for link in links:
        links_in[home[link.a]].append(link)
    for a, b in vetoes:
        if home[a] == home[b]:
            vetoes_in[home[a]].append((a, b))
    return [
        cluster
        for number, members in enumerate(groups)
        for cluster in (
            partition(members, links_in[number], vetoes_in[number]) if len(members) > 1 else [list(members)]
        )
    ]


def pairs_in(clusters: Iterable[list[str]], cross: bool) -> set[Pair]:
    """The pairs within clusters."""
    return {
        ordered(a, b)
        for members in clusters
        for a, b in combinations(members, 2)
        if not cross or a.partition(":")[0] != b.partition(":")[0]
    }


def scores(found: set[Any], gold: set[Any]) -> dict[str, float]:
    """Precision, recall and F1 of a set of pairs."""
    hits = len(found & gold)
    precision = hits / len(found) if found else 1.0
    recall = hits / len(gold) if gold else 1.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "wrong": len(found - gold), "missed": len(gold - found)}


def measure_pairs(pairs: list[LabelledPair]) -> tuple[dict[str, Any], list[tuple[str, LabelledPair, Decision]]]:
    """Scores on labelled pairs, and the errors."""
    decided = [(pair, decide(pair.a, pair.b)) for pair in pairs]
    sure = [(pair, decision) for pair, decision in decided if pair.label != "unsure"]
    found = {pair.name for pair, decision in sure if decision.verdict == DUPLICATE}
    gold = {pair.name for pair, _ in sure if pair.label == "duplicate"}
    met = sum(1 for pair, _ in sure if pair.label == "duplicate" and set(keys(pair.a)) & set(keys(pair.b)))
    result = scores(found, gold)
    result |= {
        "pairs": len(sure),
        "review": sum(1 for _, decision in sure if decision.verdict == REVIEW) / len(sure),
        "blocking": met / len(gold),
        "keys": statistics.mean(len(keys(pair.a)) for pair in pairs),
    }
    errors = [
        ("wrong" if pair.label == "distinct" else "missed", pair, decision)
        for pair, decision in sure
        if (decision.verdict == DUPLICATE) != (pair.label == "duplicate")
    ]
    return result, errors


def measure_feed(feed: Feed) -> tuple[dict[str, Any], list[tuple[str, Pair, Decision | None]]]:
    """Scores on a feed over its clusters, and the errors."""
    met, mean_candidates, mean_keys = candidates(feed.records)
    start = time.perf_counter()
    decided = {(a, b): decide(feed.records[a], feed.records[b]) for a, b in met}
    seconds = time.perf_counter() - start
    found = pairs_in(clusters_of(feed.records, decided), feed.cross)
    result = scores(found, feed.gold)
    result |= {
        "records": len(feed.records),
        "review": sum(1 for d in decided.values() if d.verdict == REVIEW) / max(1, len(decided)),
        "blocking": len(feed.gold & met.keys()) / max(1, len(feed.gold)),
        "candidates": mean_candidates,
        "keys": mean_keys,
        "us_per_decision": 1e6 * seconds / max(1, len(decided)),
    }
    errors = [("wrong", pair, decided.get(pair)) for pair in sorted(found - feed.gold)]
    errors += [("missed", pair, decided.get(pair)) for pair in sorted(feed.gold - found)]
    return result, errors


def show(features: Features) -> str:
    """One line for an error list."""
    place = f"{features.journal} {features.volume}/{features.number}/{features.page}"
    return (
        f"    {features.source} | {features.title} [{features.cut}] | {'; '.join(features.authors)} ({features.n_authors}) | "
        f"{features.date} | {place} | {' '.join(features.ids)} | {features.derived} {features.flags} | "
        f"{features.abstract.hex()[:8]}"
    )


def print_errors(errors: list[Any], records: dict[str, Features] | None, limit: int, seed: int = 1) -> None:
    """A sample of the errors with both records and the decision."""
    for kind in ("wrong", "missed"):
        some = [error for error in errors if error[0] == kind]
        random.Random(seed).shuffle(some)  # noqa: S311
        for _, what, decision in some[:limit]:
            a, b = (records[what[0]], records[what[1]]) if records is not None else (what.a, what.b)
            name = what.name if records is None else f"{what[0]} {what[1]}"
            verdict = (
                f"{decision.verdict} {decision.score:.3f} {decision.reasons}"
                if decision
                else "never met or joined by others"
            )
            print(f"{kind} {name}: {verdict}\n{show(a)}\n{show(b)}")
        print(
            f"{kind}: {len(some)}",
            Counter(d.reasons[0] if d and d.reasons else "none" for _, _, d in some).most_common(12),
        )


def main() -> None:
    """Measure every set under --data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--errors", type=int, default=0, help="show so many errors of each kind")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table = {}
    for folder in sorted(path for path in options.data.iterdir() if path.is_dir()):
        if options.sets and folder.name not in options.sets:
            continue
        records: dict[str, Features] | None = None
        if (folder / "pairs.jsonl.gz").exists():
            result, errors = measure_pairs(load_pairs(folder))
        elif (folder / "gold.jsonl.gz").exists() or (folder / "gold_cross_pairs.jsonl.gz").exists():
            feed = load_feed(folder)
            records = feed.records
            result, errors = measure_feed(feed)
        else:
            continue
        table[folder.name] = result
        if not options.json:
            print(
                folder.name, " ".join(f"{k}={v:.4f}" if isinstance(v, float) else f"{k}={v}" for k, v in result.items())
            )
        if options.errors:
            print_errors(errors, records, options.errors)
    if options.json:
        print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
