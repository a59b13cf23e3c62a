"""The pairs of a feed without gold that are merged though they share no identifier, and what judged pairs say of them."""

from __future__ import annotations

from collections.abc import Iterable

from sets import TRUTH
from subjects import Subject, pairs_within
from targets import Sample
from world import World


def sample(feed: Subject, world: World, judges: Iterable[Subject]) -> Sample:
    """Return how many pairs share a cluster and no identifier, and how many of them are labelled right, wrong or neither."""
    features = world.features
    merged = {
        (a, b)
        for a, b in pairs_within(world.clusters(feed.met))
        if not set(features[a].ids).intersection(features[b].ids)
    }
    labels = {}
    for judge in judges:
        for given in judge.labels.values():
            ends = [world.number[one.id] for one in (given.a, given.b) if one.id in world.number]
            if len(ends) > 1:
                labels[min(ends), max(ends)] = TRUTH[given.label]
    truths = [labels.get(pair) for pair in merged]
    return Sample(len(merged), truths.count(True), truths.count(False), truths.count(None))
