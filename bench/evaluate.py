"""Measure matching on every labelled set at hand, as it is shipped and on sets that its weights were not fitted on.

    python bench/evaluate.py [--data DIR] [--sets NAME ...] [--works N] [--quick] [--json] [--dump FILE] [--write]

DIR holds the sets as folders: `pairs.jsonl.gz` (labelled pairs of documents), or `feed.jsonl.gz` with `gold.jsonl.gz`
(clusters) or `gold_cross_pairs.jsonl.gz` (pairs between sources). Sets that are absent are passed over with a message;
two are always there: generated works with known truth, and the demo feed.

It prints scores of the shipped rules and, unless `--quick`, of rules fitted without the set. `--dump` writes what was decided
pair by pair, for `bench/differences.py`. `--write` also runs peers, rules one by one, mutations and orders of arrival, and
writes docs/evaluation.md and docs/plots.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import orjson
from findings import Findings, gather
from markdown import table
from natural import sample
from order import redis
from plots import draw
from report import SCORES, report, score_rows
from sets import OWN_SETS, load, names
from subjects import Subject, trace_shared_pairs
from targets import TARGETS
from tasks import Given, Task, run
from word_counts import Titles, unexplained

from streams.matching.ruleset import DEFAULT

DOCS = Path(__file__).parent.parent / "docs"
ENGINE_SEEDS = 3
NATURAL = "multi_source_feed"


def main() -> None:
    """Measure, print and write."""
    options = _options()
    there = names(options.data)
    chosen = options.sets or there
    for name in dict.fromkeys((*TARGETS, *chosen)):
        if name not in there:
            print(f"{name}: not here, passed over", file=sys.stderr)
    chosen = [name for name in chosen if name in there]
    subjects = {name: Subject(load(name, options.data, options.works)) for name in (chosen if options.quick else there)}
    trace_shared_pairs(subjects.values())
    with ExitStack() as stack:
        url = stack.enter_context(redis()) if options.write and options.seeds else ""
        given = Given(subjects, *_titles(subjects, options), options.seeds, ENGINE_SEEDS, url)
        found = gather(run(_tasks(chosen, subjects, options), given, options.jobs), list(subjects))
    if NATURAL in chosen:
        feed = subjects[NATURAL]
        found = found._replace(sample=sample(feed, feed.world.under(DEFAULT), subjects.values()))
    lines = list(score_rows(found))
    if options.json:
        print(json.dumps([dict(zip(SCORES, line, strict=True)) for line in lines], indent=2))
    else:
        print(table(SCORES, lines), flush=True)
    if options.dump:
        options.dump.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, found.dumped))))
    if options.write:
        _write(options.docs, found, subjects)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="+", default=[], metavar="NAME", help="measure these only")
    parser.add_argument("--works", type=int, default=4_000, help="number of generated works")
    parser.add_argument("--seeds", type=int, default=20, help="orders of arrival to try with --write, 0 for none")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--quick", action="store_true", help="measure the shipped rules only")
    parser.add_argument("--no-peers", action="store_true", help="do not run bib-dedupe")
    parser.add_argument("--json", action="store_true", help="print the table of scores as JSON")
    parser.add_argument("--dump", type=Path, metavar="FILE", help="write the decided pairs as gzipped JSON lines")
    parser.add_argument("--write", action="store_true", help="write docs/evaluation.md and its plots")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder that --write writes to")
    return parser.parse_args()


def _titles(subjects: dict[str, Subject], options: argparse.Namespace) -> tuple[Titles | None, list[int]]:
    """Return the titles that tables of words are made of, and the shipped entries that they do not give."""
    if options.quick or not options.data:
        return None, []
    titles = Titles(s for s in subjects.values() if s.name == s.base and s.name not in OWN_SETS)
    return titles, unexplained(titles)


def _tasks(chosen: list[str], subjects: dict[str, Subject], options: argparse.Namespace) -> list[Task]:
    """Return what is to be done, the longest first."""
    by_size = sorted(chosen, key=lambda name: -len(subjects[name].met) - len(subjects[name].world.names))
    labelled = [name for name in by_size if subjects[name].is_labelled]
    others = [name for name in labelled if name not in OWN_SETS]
    bases = list(dict.fromkeys(subjects[name].base for name in others))
    tasks: list[Task] = []
    if options.write:
        tasks += [("bib-dedupe", name) for name in others if not options.no_peers]
        tasks += [("shuffled", name) for name in by_size if options.seeds]
        tasks += [(what, name) for what in ("rule by rule", "mutated", "same title or DOI") for name in labelled]
    if not options.quick:
        tasks += [("left out", base) for base in bases]
        tasks += [("learned", "all")] if bases else []
    tasks += [("fitted", name) for name in by_size]
    return tasks + [("dumped", name) for name in by_size if options.dump]


def _write(docs: Path, found: Findings, subjects: dict[str, Subject]) -> None:
    drawn = draw(found.left_out, docs / "plots")
    if not drawn:
        print("no plots: install the dependency group `evaluate` for matplotlib", file=sys.stderr)
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "evaluation.md").write_text(report(found, subjects, plots=drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
