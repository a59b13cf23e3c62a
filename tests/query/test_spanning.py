"""A maximum spanning forest, exact where all pairs are compared, and within its bound where they are not."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from streams.query.spanning import FEW, spanning_forest


@pytest.mark.parametrize("seed", range(20))
def test_small_clusters_have_the_heaviest_forest(seed: int) -> None:
    """Against Prim's algorithm on the same weights."""
    random = Random(seed)
    members = list(range(12))
    weights = {pair: round(random.random(), 3) for pair in combinations(members, 2) if random.random() < 0.4}
    found = spanning_forest(members, lambda _: (), lambda a, b: weights.get((a, b)))
    total, trees, left = 0.0, 0, set(members)
    while left:
        tree = {left.pop()}
        trees += 1
        while edges := [(w, a, b) for (a, b), w in weights.items() if (a in tree) != (b in tree)]:
            weight, a, b = max(edges)
            tree |= {a, b}
            left -= {a, b}
            total += weight
    assert (found.parts, found.exact) == (trees, True)
    assert sum(link.score for link in found.links) == pytest.approx(total)


def test_a_large_cluster_is_connected_within_the_bound() -> None:
    """All share one key, and each links the first record only: neither the chain nor all pairs are needed."""
    asked = []

    def score(a: int, b: int) -> float | None:
        asked.append((a, b))
        return 0.9 if a == 0 else None

    found = spanning_forest(range(1000), lambda _: ("key",), score)
    assert (found.parts, found.exact, len(found.links)) == (1, False, 999)
    assert len(asked) <= 4000
    assert len(set(asked)) == len(asked)


def test_parts_that_a_chain_leaves_apart_are_tried() -> None:
    """Two kinds take turns under one key, so neighbours never link; each kind links within."""
    found = spanning_forest(range(200), lambda _: ("key",), lambda a, b: 0.9 if a % 2 == b % 2 else None)
    assert found.parts == 2


def test_members_without_a_shared_key_stay_apart() -> None:
    found = spanning_forest(range(FEW + 1), lambda member: (member,), lambda _a, _b: 1.0)
    assert (found.links, found.parts) == ([], FEW + 1)
