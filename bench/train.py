"""Learn the match weights from labelled sets, and compare two designs by cross-validation.

    python bench/train.py --data DIR [--write streams/matching/weights.toml] [--plot FILE.svg]

DIR is as for bench/compare.py. A pair enters if neither identifiers nor contradictions settle it, so the weights
are learned on what they decide. Designs:
- `counts`: Fellegi-Sunter weights by counting, log2 P(level | duplicate) / P(level | not), smoothed, each field on its
  own, then one factor for the fields' dependence (fitted like a temperature);
- `joint`: the same additive form, all weights fitted together (logistic regression, weights held to a given order
  of levels and drawn to the smoothed counts).
Pairs are split into folds by the groups they belong to (records tied by gold or label), so no group is on both
sides. Every number printed is of pairs the weights were not fitted on. Deterministic: folds come from a seeded hash.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from compare import Feed, candidates, load_feed, load_pairs
from train_opinion import OPINION, PRIOR

from streams.matching.decide import Levels, compare, contradiction, doubt, identity
from streams.matching.ruleset import DEFAULT

SEED = 20240601
FOLDS = 5
# How much a set counts: the domain of this project most, then the review sets, then the harsh ones.
SHARE = {"scholarly_pairs": 3.0, "archive_pairs": 1.0, "dblp_scholar": 1.5}

# The order of levels per field, weakest evidence for a duplicate first; `unknown` is 0 by definition and outside.
ORDER: dict[str, list[list[str]]] = {
    "title": [
        ["different", "similar", "main", "other", "extra", "prefix_long", "typo", "exact_long"],
        ["exact_stop", "exact_tiny", "exact_short", "exact_mid", "exact_long"],
        ["inner", "prefix_long", "subtitle_long", "exact_long"],
        ["prefix_short", "prefix_long"],
        ["subtitle_short", "subtitle_long"],
        ["noisy_short", "noisy_long", "exact_long"],
    ],
    "authors": [
        ["none", "family", "some", "most", "contained", "same_two", "same_many"],
        ["none", "initials", "most"],
        ["none", "cut"],
        ["some", "contained_one", "same_one", "same_two"],
    ],
    "year": [["more", "four", "two", "one", "same", "day"], ["four", "long_lag", "lag", "same"], ["two", "lag"]],
    "abstract": [["different", "similar", "same"]],
    "place": [["twice", "volume"], ["twice", "conflict", "issue", "page", "same"]],
    "journal": [["different", "same"]],
    "identifier": [["registrant", "different", "preprint", "same"]],
}


# No weight below these, whatever the sets say: they hold few preprints with rewritten abstracts or late journals.
FLOOR = {
    ("year", "one"): -0.3, ("year", "two"): -0.8, ("year", "four"): -1.5, ("year", "long_lag"): -1.5, ("place", "page"): 0.5,
    ("abstract", "different"): -4.0, ("abstract", "similar"): 0.0, ("identifier", "different"): -2.5,
    ("identifier", "registrant"): -5.0, ("identifier", "preprint"): -0.5,
}  # fmt: skip


class Example(NamedTuple):
    """Labelled levels: `weight` how much they count, `fold` where they are tested."""

    levels: Levels
    label: bool
    weight: float
    fold: int
    source: str
    doubted: bool


def fold_of(group: str) -> int:
    """The fold of a group, by a seeded hash."""
    return crc32(f"{SEED}:{group}".encode()) % FOLDS


def of_pairs(name: str, folder: Path) -> Iterable[tuple[str, Levels, bool, bool]]:
    """The pairs of a labelled set which the weights decide."""
    for pair in load_pairs(folder):
        if pair.label == "unsure":
            continue
        found = compare(pair.a, pair.b)
        if found and not identity(found, DEFAULT) and not contradiction(found, DEFAULT):
            group = min(pair.a.title, pair.b.title)[:24]
            yield group, found.levels, pair.label == "duplicate", bool(doubt(found))


def of_feed(name: str, feed: Feed) -> Iterable[tuple[str, Levels, bool, bool]]:
    """The candidate pairs of a feed which the weights decide."""
    met, _, _ = candidates(feed.records)
    for a, b in sorted(met):
        if feed.cross and a.partition(":")[0] == b.partition(":")[0]:
            continue
        found = compare(feed.records[a], feed.records[b])
        if found and not identity(found, DEFAULT) and not contradiction(found, DEFAULT):
            yield min(found.a.title, found.b.title)[:24], found.levels, (a, b) in feed.gold, bool(doubt(found))


def load(data: Path) -> list[Example]:
    """All examples, equal ones put together, each set weighted as a whole."""
    examples = []
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        if (folder / "pairs.jsonl.gz").exists():
            found = list(of_pairs(folder.name, folder))
        elif (folder / "gold.jsonl.gz").exists() or (folder / "gold_cross_pairs.jsonl.gz").exists():
            found = list(of_feed(folder.name, load_feed(folder)))
        else:
            continue
        counts = Counter((levels, label, doubted, fold_of(group)) for group, levels, label, doubted in found)
        scale = 1000.0 * SHARE.get(folder.name, 1.0) / max(1, len(found))
        examples += [
            Example(levels, label, n * scale, fold, folder.name, doubted)
            for (levels, label, doubted, fold), n in counts.items()
        ]
        print(f"{folder.name}: {len(found)} pairs, {sum(label for _, _, label, _ in found)} duplicates")
    return examples


Weights = dict[str, dict[str, float]]


def total(weights: Weights, prior: float, levels: Levels) -> float:
    """Prior and weights in bits."""
    return prior + sum(weights[field].get(level, 0.0) for field, level in zip(Levels._fields, levels, strict=True))


def chance(bits: float) -> float:
    """Bits as a probability."""
    return 1.0 / (1.0 + 2.0 ** -max(-50.0, min(50.0, bits)))


def smoothed(examples: list[Example], pull: float = 20.0) -> Weights:
    """Weights by counting, with `OPINION` as `pull` examples of prior opinion."""
    yes: dict[str, Counter[str]] = defaultdict(Counter)
    no: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        for field, level in zip(Levels._fields, example.levels, strict=True):
            (yes if example.label else no)[field][level] += example.weight  # type: ignore[assignment]
    result: Weights = {}
    for field, levels in OPINION.items():
        known_yes = sum(n for level, n in yes[field].items() if level != "unknown") or 1.0
        known_no = sum(n for level, n in no[field].items() if level != "unknown") or 1.0
        result[field] = {"unknown": 0.0}
        for level, opinion in levels.items():
            if level == "unknown":
                continue
            m, u = yes[field][level], no[field][level]
            counted = math.log2(((m + 0.5) / (known_yes + 1)) / ((u + 0.5) / (known_no + 1)))
            trust = (m + u) / (m + u + pull)
            result[field][level] = max(-12.0, min(12.0, trust * counted + (1 - trust) * opinion))
    return result


def fit_scale(examples: list[Example], weights: Weights) -> tuple[float, float]:
    """The factor and the prior that make summed weights calibrated (a line fitted by gradient descent)."""
    scale, prior = 1.0, 0.0
    norm = sum(example.weight for example in examples)
    points = [(total(weights, 0.0, example.levels), example) for example in examples]
    for _ in range(400):
        up, down = 0.0, 0.0
        for x, example in points:
            error = (chance(scale * x + prior) - example.label) * example.weight
            up += error * x
            down += error
        scale -= 0.01 * up / norm
        prior -= 1.0 * down / norm
    return scale, prior


def counts_design(examples: list[Example]) -> tuple[Weights, float]:
    """Fellegi-Sunter by counting, rescaled."""
    weights = smoothed(examples)
    scale, prior = fit_scale(examples, weights)
    return {f: {lv: w * scale for lv, w in levels.items()} for f, levels in weights.items()}, prior


def monotone(weights: Weights) -> None:
    """Hold every chain of levels to its order: neighbours out of order meet in the middle."""
    for field, chains in ORDER.items():
        for _ in range(3):
            for chain in chains:
                for low, high in pairwise(chain):
                    if weights[field][low] > weights[field][high]:
                        weights[field][low] = weights[field][high] = (weights[field][low] + weights[field][high]) / 2


def joint_design(examples: list[Example], rounds: int = 600, ridge: float = 4.0) -> tuple[Weights, float]:
    """All weights together: penalised logistic regression by gradient descent with per-weight steps (Adagrad)."""
    anchor = {field: {**levels, "unknown": 0.0} for field, levels in OPINION.items()}
    weights = {field: dict(levels) for field, levels in anchor.items()}
    prior = PRIOR
    moved: dict[tuple[str, str], float] = defaultdict(lambda: 1e-6)
    prior_moved = 1e-6
    for _ in range(rounds):
        slope: dict[tuple[str, str], float] = defaultdict(float)
        prior_slope = 0.0
        for example in examples:
            error = (chance(total(weights, prior, example.levels)) - example.label) * example.weight
            prior_slope += error
            for field, level in zip(Levels._fields, example.levels, strict=True):
                slope[field, level] += error
        for field, levels in weights.items():
            for level in levels:
                if level == "unknown":
                    continue
                g = slope[field, level] + ridge * (levels[level] - anchor[field][level]) * 0.3
                moved[field, level] += g * g
                weights[field][level] -= 0.3 * g / math.sqrt(moved[field, level])
        prior_moved += prior_slope**2
        prior -= 0.3 * prior_slope / math.sqrt(prior_moved)
        monotone(weights)
        for (field, level), least in FLOOR.items():
            weights[field][level] = max(least, weights[field][level])
    return weights, prior


def report(name: str, scored: list[tuple[float, Example]]) -> None:
    """Log loss, precision and recall at 0.9, and reliability, of scores on pairs held out."""
    norm = sum(example.weight for _, example in scored)
    loss = sum(-math.log2(max(1e-9, p if e.label else 1 - p)) * e.weight for p, e in scored) / norm
    print(f"\n{name}: log loss {loss:.4f} bits")
    for source in sorted({e.source for _, e in scored}):
        mine = [(p, e) for p, e in scored if e.source == source]
        for what, said in (
            ("score 0.9", [(p, e) for p, e in mine if p >= 0.9]),
            ("verdict duplicate", [(p, e) for p, e in mine if p >= DEFAULT.duplicate and not e.doubted]),
        ):
            hit = sum(e.weight for _, e in said if e.label)
            precision = hit / (sum(e.weight for _, e in said) or 1.0)
            recall = hit / (sum(e.weight for _, e in mine if e.label) or 1.0)
            print(f"  {source:20s} {what}: precision {precision:.4f} recall {recall:.4f}", end="")
        print()
    print("  reliability (score: share right, weight):", end="")
    bins: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for p, e in scored:
        cell = bins[min(9, int(p * 10))]
        cell[0] += e.weight
        cell[1] += e.weight * e.label
        cell[2] += e.weight * p
    for _, (n, right, mean) in sorted(bins.items()):
        print(f" {mean / n:.2f}:{right / n:.2f}({n:.0f})", end="")
    print()


def threshold(scored: list[tuple[float, Example]], target: float) -> float:
    """The lowest score from which on the share of duplicates among held-out pairs reaches `target`."""
    right = said = 0.0
    best = 1.0
    for p, example in sorted(scored, key=lambda item: -item[0]):
        said += example.weight
        right += example.weight * example.label
        if right / said >= target:
            best = p
    return best


def write(path: Path, weights: Weights, prior: float) -> None:
    """Put the weights into the file, its comments and thresholds kept."""
    lines, field = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, _ = line.partition(" = ")
        if line.startswith("["):
            field = line.strip("[]")
        if equals and not field and name == "prior":
            line = f"prior = {prior:.2f}"  # noqa: PLW2901
        elif equals and field and name in weights[field]:
            line = f"{name} = {weights[field][name]:.2f}"  # noqa: PLW2901
        lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Cross-validate both designs, then fit the chosen one on everything and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--design", choices=("counts", "joint"), default="joint")
    options = parser.parse_args()
    examples = load(options.data)
    designs = {"counts": counts_design, "joint": joint_design}
    for name, design in designs.items():
        scored = []
        for fold in range(FOLDS):
            weights, prior = design([e for e in examples if e.fold != fold])
            scored += [(chance(total(weights, prior, e.levels)), e) for e in examples if e.fold == fold]
        report(name, scored)
        print("  lowest score at precision", *(f"{t}: {threshold(scored, t):.2f}" for t in (0.999, 0.997, 0.995, 0.99)))
    report("shipped (fitted before)", [(chance(total(DEFAULT.weights, DEFAULT.prior, e.levels)), e) for e in examples])
    if options.write:
        write(options.write, *designs[options.design](examples))


if __name__ == "__main__":
    main()
