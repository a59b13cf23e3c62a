"""Measure matching, blocking and clustering on every labelled set at hand, in this process.

    python bench/evaluate.py [--data DIR] [--sets NAME ...] [--works N] [--seeds N] [--json] [--write]

DIR holds the sets as folders: `pairs.jsonl.gz` (labelled pairs of documents), or `feed.jsonl.gz` with `gold.jsonl.gz`
(clusters) or `gold_cross_pairs.jsonl.gz` (pairs between sources). Sets that are absent are passed over with a message;
two sets are always there: generated works with known truth, and the demo feed. It prints the table of scores; `--write`
also cross-validates the weights, shuffles every set `--seeds` times, and renews docs/evaluation.md and docs/plots.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from heldout import held_out
from measure import Result, measure_feed, measure_pairs
from order import SETS, Order, measure_all
from plots import draw
from report import HEAD, report, score_row, table
from sets import FEED_SETS, OWN_SETS, PAIR_SETS, Feed, demo_set, generated_set, labelled_feed, labelled_pairs

DOCS = Path(__file__).parent.parent / "docs"
KNOWN = (*PAIR_SETS, *FEED_SETS, *OWN_SETS)
ENGINE_SEEDS = 3


def measure(names: list[str], data: Path | None, works: int) -> tuple[list[Result], dict[str, Feed]]:
    """Measure the chosen sets that are there; gives the feeds of our own, too."""
    results: list[Result] = []
    own: dict[str, Feed] = {}
    for name in names:
        folder = data / name if data else None
        if name in OWN_SETS:
            own[name] = generated_set(works) if name == "generated" else demo_set()
            results.append(measure_feed(name, own[name]))
        elif folder is None or not folder.is_dir():
            print(f"{name}: not here, passed over", file=sys.stderr)
        elif name in PAIR_SETS:
            results.append(measure_pairs(name, labelled_pairs(folder)))
        else:
            results.append(measure_feed(name, labelled_feed(folder)))
    return results, own


def shuffle(data: Path | None, seeds: int, works: int, names: list[str]) -> list[Order]:
    """Shuffle every set that is there."""
    return list(measure_all(data, seeds, ENGINE_SEEDS, works, tuple(names))) if seeds else []


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Measure matching, blocking and clustering.")
    parser.add_argument("--data", type=Path, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="+", choices=KNOWN, default=list(KNOWN), metavar="NAME")
    parser.add_argument("--works", type=int, default=4_000, help="number of generated works")
    parser.add_argument("--seeds", type=int, default=20, help="orders of arrival to try with --write, 0 for none")
    parser.add_argument("--json", action="store_true", help="the table of scores as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/evaluation.md and its plots")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder that --write writes to")
    options = parser.parse_args()
    results, own = measure(options.sets, options.data, options.works)
    if options.json:
        print(json.dumps([dict(zip(HEAD, score_row(result), strict=True)) for result in results], indent=2))
    else:
        print(table(HEAD, map(score_row, results)), flush=True)
    if options.write:
        scores = held_out(options.data) if options.data else ([], [])
        drawn = bool(scores[0]) and draw(scores[0], options.docs / "plots", "held-out scores")
        if scores[0] and not drawn:
            print("no plots: install the extra `evaluate` for matplotlib", file=sys.stderr)
        chosen = list(SETS) if options.sets == list(KNOWN) else options.sets
        orders = shuffle(options.data, options.seeds, options.works, chosen)
        options.docs.mkdir(parents=True, exist_ok=True)
        text = report(results, own, scores, orders, plots=drawn)
        (options.docs / "evaluation.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
