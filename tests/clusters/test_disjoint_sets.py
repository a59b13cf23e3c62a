"""Disjoint sets against connected components found by brute force."""

from __future__ import annotations

from random import Random

import pytest

from streams.clusters.disjoint_sets import DisjointSets


def components(elements: set[int], pairs: list[tuple[int, int]]) -> set[frozenset[int]]:
    """Connected components: everything reachable from each element, pair by pair until nothing changes."""
    found: set[frozenset[int]] = set()
    for element in elements:
        reached = {element}
        while more := {end for pair in pairs if reached & set(pair) for end in pair} - reached:
            reached |= more
        found.add(frozenset(reached))
    return found


@pytest.mark.parametrize("seed", range(200))
def test_sets_are_the_connected_components(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    elements = range(random.randrange(1, 30))
    pairs = [(random.choice(elements), random.choice(elements)) for _ in range(random.randrange(40))]
    sets = DisjointSets(elements)
    for a, b in pairs:
        kept = sets.join(a, b)
        assert sets.find(a) == sets.find(b) == kept
    expected = components(set(elements), pairs)
    assert {frozenset(members) for members in sets.members.values()} == expected
    assert all(a in sets.members[sets.find(a)] for a in elements)
    assert len({sets.find(a) for a in elements}) == len(expected)


def test_elements_are_added_when_they_are_joined() -> None:
    sets: DisjointSets[str] = DisjointSets()
    assert sets.find("a") == "a"
    assert sets.members == {}
    sets.join("a", "b")
    assert sets.members == {"a": ["a", "b"]}
    sets.join("c", "a")
    assert sets.find("c") == "a", "the larger set keeps its representative"
    assert sets.members == {"a": ["a", "b", "c"]}
