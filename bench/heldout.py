"""Scores of labelled pairs by weights that were fitted without them, as `bench/train.py` makes them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

from train import FOLDS, Example, chance, joint_design, load, total

from streams.matching.ruleset import DEFAULT


class Scored(NamedTuple):
    """A lot of equal pairs of one set: their held-out score, whether they are duplicates, how many they count for."""

    source: str
    score: float
    label: bool
    weight: float
    doubted: bool


def held_out(data: Path) -> tuple[list[Scored], list[Scored]]:
    """Each pair scored by weights fitted on the other folds, and by those shipped, which were fitted on all of them.

    Pairs that identifiers or contradictions decide are not here.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        examples = load(data)
    scored = []
    for fold in range(FOLDS):
        held = [e for e in examples if e.fold == fold]
        if held:
            weights, prior = joint_design([e for e in examples if e.fold != fold])
            scored += [_scored(e, chance(total(weights, prior, e.levels))) for e in held]
    return scored, [_scored(e, chance(total(DEFAULT.weights, DEFAULT.prior, e.levels))) for e in examples]


def _scored(example: Example, score: float) -> Scored:
    return Scored(example.source, score, example.label, example.weight, example.doubted)


def verdicts(scored: list[Scored]) -> list[tuple[str, float, float, float]]:
    """Precision, recall and F1 of the verdict `duplicate` by set: the threshold reached, and no doubt."""
    found = []
    for source in sorted({one.source for one in scored}):
        mine = [one for one in scored if one.source == source]
        said = [one for one in mine if one.score >= DEFAULT.duplicate and not one.doubted]
        right = sum(one.weight for one in said if one.label)
        precision = right / (sum(one.weight for one in said) or 1.0)
        recall = right / (sum(one.weight for one in mine if one.label) or 1.0)
        found.append((source, precision, recall, 2 * precision * recall / ((precision + recall) or 1.0)))
    return found


def reliability(scored: list[Scored]) -> list[tuple[float, float, float]]:
    """By tenth of the score: the mean score, the share that are duplicates, and the share of all weight."""
    whole = sum(one.weight for one in scored)
    found = []
    for tenth in range(10):
        mine = [one for one in scored if min(9, int(one.score * 10)) == tenth]
        weight = sum(one.weight for one in mine)
        if weight:
            mean = sum(one.score * one.weight for one in mine) / weight
            found.append((mean, sum(one.weight for one in mine if one.label) / weight, weight / whole))
    return found


def curve(scored: list[Scored]) -> list[tuple[float, float]]:
    """(recall, precision) at every threshold, the highest first; doubts left out, it is the score's own curve."""
    gold = sum(one.weight for one in scored if one.label)
    by_score: dict[float, list[float]] = {}
    for one in scored:
        cell = by_score.setdefault(round(one.score, 4), [0.0, 0.0])
        cell[0] += one.weight
        cell[1] += one.weight * one.label
    said = right = 0.0
    points = []
    for score in sorted(by_score, reverse=True):
        said += by_score[score][0]
        right += by_score[score][1]
        points.append((right / gold, right / said))
    return points
