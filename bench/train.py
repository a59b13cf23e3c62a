"""Learn prior, match weights and doubts from labelled sets.

    python bench/train.py --data DIR [--write streams/matching/weights.toml]

DIR is as for `bench/evaluate.py`. A pair counts if no rule settles it, so the weights are learned on what they decide.
The score is additive: all weights are fitted together by penalised logistic regression, drawn to the opinion of
`bench/train_opinion.py`, held to its order of levels and to its bounds. The bits of each doubt are fitted after, on the pairs
it keeps in doubt. Deterministic: nothing is drawn at random.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rules_in_use import doubt_of
from sets import OWN_SETS, load, names
from subjects import Subject, trace_shared_pairs
from train_opinion import (
    CEIL,
    DOUBT,
    DOUBT_MAX,
    DOUBT_MIN,
    FLOOR,
    OPINION,
    ORDER,
    PRIOR,
    PRIOR_MAX,
    SHARE,
)

from streams.matching.decide import settled_by
from streams.matching.pair import Levels, compare
from streams.matching.review_rules import REVIEW_RULES
from streams.matching.ruleset import DEFAULT, Rules

ROUNDS = 800
RIDGE = 30.0
STEP = 0.3
MOST = 20.0
"""The most that one pair of a small set counts for, so that few examples do not dominate."""
OF_A_SET = 1000.0
"""What the pairs of a set of share 1 count for together."""

_WEIGHTS = [(field, level) for field, levels in OPINION.items() for level in levels]
_INDEX = {weight: index for index, weight in enumerate(_WEIGHTS)}
_ANCHOR = np.array([OPINION[field][level] for field, level in _WEIGHTS])


class Example(NamedTuple):
    """Equal pairs of a set: their levels, whether they are one work, the doubt that holds, and how much they count."""

    levels: Levels
    same: bool
    doubt: str
    weight: float


class Fit(NamedTuple):
    """What was learned: the prior, the weights in the order of the opinion, and the bits of the doubts."""

    prior: float
    weights: np.ndarray
    doubts: dict[str, float]

    def rules(self) -> Rules:
        """Return the shipped rules with what was learned, rounded as it is written."""
        weights = {field: {level: self.weight(field, level) for level in levels} for field, levels in OPINION.items()}
        return Rules(
            DEFAULT.ruleset,
            round(self.prior, 2),
            DEFAULT.duplicate,
            DEFAULT.review,
            {field: {**levels, "unknown": 0.0} for field, levels in weights.items()},
            {code: round(bits, 2) for code, bits in self.doubts.items()},
            DEFAULT.preprints,
        )

    def weight(self, field: str, level: str) -> float:
        """Return a weight, rounded as it is written."""
        return round(float(self.weights[_INDEX[field, level]]), 2)


def examples(subject: Subject, without: str = "") -> list[Example]:
    """Return the pairs of a set that weights decide, equal ones together; those that `without` has too are left out."""
    counts: Counter[tuple[Levels, bool, str]] = Counter()
    features = subject.world.features
    for (a, b), same in subject.judged():
        if without in subject.elsewhere.get((a, b), ()):
            continue
        pair = compare(features[a], features[b])
        if pair is not None and settled_by(pair) is None:
            doubt = doubt_of(pair)
            counts[pair.levels, same, doubt.code if doubt else ""] += 1
    scale = min(MOST, OF_A_SET * SHARE.get(subject.name, 1.0) / max(1, counts.total()))
    return [Example(*key, count * scale) for key, count in sorted(counts.items())]


def fit(given: Sequence[Example]) -> Fit:
    """Fit weights, then doubts."""
    design, same, count = _matrices(given)
    weights, prior = _fit_weights(design, same, count)
    return Fit(prior, weights, _fit_doubts(given, prior + design @ weights, same, count))


def _matrices(given: Sequence[Example]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    design = np.zeros((len(given), len(_WEIGHTS)))
    for row, example in enumerate(given):
        for weight in zip(Levels._fields, example.levels, strict=True):
            if weight in _INDEX:
                design[row, _INDEX[weight]] = 1
    return design, np.array([e.same for e in given], dtype=float), np.array([e.weight for e in given])


def _fit_weights(design: np.ndarray, same: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights and prior, by gradient descent with a step of its own for each (Adagrad)."""
    weights, prior = _ANCHOR.copy(), PRIOR
    moved, prior_moved = np.full(len(weights), 1e-6), 1e-6
    for _ in range(ROUNDS):
        error = (_chance(prior + design @ weights) - same) * count
        slope = design.T @ error + RIDGE * (weights - _ANCHOR) * STEP
        moved += slope * slope
        weights -= STEP * slope / np.sqrt(moved)
        down = float(error.sum())
        prior_moved += down * down
        prior = min(PRIOR_MAX, prior - STEP * down / prior_moved**0.5)
        _hold_order(weights)
        for bound, least in FLOOR.items():
            weights[_INDEX[bound]] = max(least, weights[_INDEX[bound]])
        for bound, most in CEIL.items():
            weights[_INDEX[bound]] = min(most, weights[_INDEX[bound]])
    return weights, prior


def _chance(bits: np.ndarray) -> np.ndarray:
    chance: np.ndarray = 1.0 / (1.0 + 2.0 ** -np.clip(bits, -50, 50))
    return chance


def _hold_order(weights: np.ndarray) -> None:
    """Hold every chain of levels to its order: neighbours out of order meet in the middle."""
    for field, chains in ORDER.items():
        for _ in range(3):
            for chain in chains:
                for low, high in pairwise(chain):
                    i, j = _INDEX[field, low], _INDEX[field, high]
                    if weights[i] > weights[j]:
                        weights[i] = weights[j] = (weights[i] + weights[j]) / 2


def _fit_doubts(given: Sequence[Example], bits: np.ndarray, same: np.ndarray, count: np.ndarray) -> dict[str, float]:
    """Return the bits of each doubt, fitted on the pairs it keeps from being duplicates."""
    codes = np.array([example.doubt for example in given], dtype=object)
    reached = _chance(bits) >= DEFAULT.duplicate
    found = {}
    for rule in REVIEW_RULES:
        mine = (codes == rule.code) & reached
        doubt = DOUBT
        if mine.any():
            total = count[mine].sum()
            for _ in range(300):
                error = ((_chance(bits[mine] + doubt) - same[mine]) * count[mine]).sum()
                doubt -= float((error + 2.0 * (doubt - DOUBT) * STEP) / (total * 0.17 + 2))
        found[rule.code] = max(DOUBT_MIN, min(DOUBT_MAX, doubt))
    return found


def difference(rules: Rules, other: Rules) -> tuple[float, str]:
    """Return the largest difference between two rulesets in bits, and the name of the weight."""
    flat = [
        {"prior": r.prior} | {f"{f}_{n}": w for f, of in r.weights.items() for n, w in of.items()}
        for r in (rules, other)
    ]
    flat = [
        one | {f"doubt {code}": bits for code, bits in r.doubts.items()}
        for one, r in zip(flat, (rules, other), strict=True)
    ]
    return max((abs(flat[0].get(name, 0.0) - flat[1].get(name, 0.0)), name) for name in flat[0].keys() | flat[1].keys())


def write(path: Path, learned: Fit) -> None:
    """Write a file of weights."""
    lines = [
        "# Match weights in bits: log2 of how much likelier a level is among duplicates than among other candidates.",
        "# A pair's score is 1 / (1 + 2^-(prior + sum of weights)). Written by `bench/train.py`.",
        f'ruleset = "{DEFAULT.ruleset}"',
        f"prior = {learned.prior:.2f}",
        f"duplicate = {DEFAULT.duplicate}",
        f"review = {DEFAULT.review}",
    ]
    for field, levels in OPINION.items():
        lines += ["", f"[{field}]", *(f"{level} = {learned.weight(field, level):.2f}" for level in levels)]
        lines += ["unknown = 0.00"]
    lines += ["", "[doubt]", *(f"{code} = {bits:.2f}" for code, bits in learned.doubts.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def teachers(subjects: Iterable[Subject]) -> list[Subject]:
    """Return the sets that weights are fitted on: all that are labelled, without variants and our own."""
    return [s for s in subjects if s.is_labelled and s.name == s.base and s.name not in OWN_SETS]


def main() -> None:
    """Fit on all sets, say what each gives, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    given = [Subject(load(name, options.data, 0)) for name in names(options.data) if name not in OWN_SETS]
    trace_shared_pairs(given)
    found: list[Example] = []
    for subject in teachers(given):
        mine = examples(subject)
        found += mine
        weight, same = sum(e.weight for e in mine), sum(e.weight for e in mine if e.same)
        print(f"{subject.name}: {len(mine)} different examples, together {weight:.0f}, of them one work {same:.0f}")
    learned = fit(found)
    bits, name = difference(learned.rules(), DEFAULT)
    print(f"largest difference to the weights in use: {bits:.2f} bits ({name})")
    if options.write:
        write(options.write, learned)


if __name__ == "__main__":
    main()
