from __future__ import annotations

from itertools import combinations, pairwise
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clusters.partition import Link, partition

MEMBERS = "abcdefgh"
PAIRS = list(combinations(MEMBERS, 2))

pairs = st.lists(st.sampled_from(PAIRS), max_size=12, unique=True)
scores = st.sampled_from([0.9, 0.91, 0.9100000001, 0.95, 1.0])


class Given(NamedTuple):
    members: list[str]
    links: list[Link]
    vetoes: list[tuple[str, str]]
    must: list[tuple[str, str]]
    cannot: list[tuple[str, str]]


@st.composite
def worlds(draw: st.DrawFn, *, corrections: bool = True) -> Given:
    links = [Link(draw(scores), a, b) for a, b in draw(pairs)]
    members = sorted(draw(st.sets(st.sampled_from(MEMBERS), min_size=1)))
    vetoes = draw(pairs)
    must = draw(st.lists(st.sampled_from(PAIRS), max_size=3, unique=True)) if corrections else []
    cannot = draw(st.lists(st.sampled_from(PAIRS), max_size=3, unique=True)) if corrections else []
    return Given(members, links, vetoes, must, cannot)


def home(clusters: list[list[str]]) -> dict[str, int]:
    return {member: index for index, members in enumerate(clusters) for member in members}


@given(world=worlds(), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_no_order_matters(world: Given, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable

    def turned(ends: tuple[str, str]) -> tuple[str, str]:
        return ends if random.random() < 0.5 else (ends[1], ends[0])

    mixed = Given(
        random.sample(world.members, len(world.members)),
        [Link(link.score, *turned((link.a, link.b))) for link in random.sample(world.links, len(world.links))],
        *([turned(ends) for ends in random.sample(lot, len(lot))] for lot in world[2:]),
    )
    assert partition(*mixed) == partition(*world)


@given(world=worlds())
@settings(deadline=None)
def test_every_member_is_in_one_cluster(world: Given) -> None:
    clusters = partition(*world)
    assert sorted(member for members in clusters for member in members) == world.members
    assert clusters == sorted(sorted(members) for members in clusters)


@given(world=worlds(corrections=False))
@settings(deadline=None)
def test_vetoes_separate_and_links_hold_clusters_together(world: Given) -> None:
    clusters = partition(*world)
    where = home(clusters)
    assert not [ends for ends in world.vetoes if where.get(ends[0], -1) == where.get(ends[1], -2)]
    for members in clusters:
        reached = {members[0]}
        for _ in members:
            for link in world.links:
                ends = {link.a, link.b}
                if ends <= set(members) and ends & reached:
                    reached |= ends
        assert reached == set(members), "a cluster that no links connect"


@given(world=worlds(corrections=False))
@settings(deadline=None)
def test_only_a_veto_keeps_linked_sides_apart(world: Given) -> None:
    clusters = partition(*world)
    where = home(clusters)
    for link in world.links:
        if link.a in where and link.b in where and where[link.a] != where[link.b]:
            sides = set(clusters[where[link.a]]), set(clusters[where[link.b]])
            assert any(
                (a in sides[0] and b in sides[1]) or (b in sides[0] and a in sides[1]) for a, b in world.vetoes
            ), "linked, not contradicted, and yet apart"


@given(world=worlds())
@settings(deadline=None)
def test_cannot_outranks_links_and_must_outranks_vetoes(world: Given) -> None:
    where = home(partition(*world))
    assert not [ends for ends in world.cannot if where.get(ends[0], -1) == where.get(ends[1], -2)]
    if not world.cannot:
        assert all(where[a] == where[b] for a, b in world.must if a in where and b in where)


def test_the_strongest_link_is_taken_first() -> None:
    links = [Link(0.91, "a", "bridge"), Link(0.99, "b", "bridge")]
    assert partition(["a", "b", "bridge"], links, [("a", "b")]) == [["a"], ["b", "bridge"]]


def test_a_difference_in_the_last_bit_of_a_score_changes_nothing() -> None:
    ends = [("a", "bridge"), ("b", "bridge")]
    for one, two in ((0.9, 0.9 + 1e-12), (0.9 + 1e-12, 0.9)):
        links = [Link(one, *ends[0]), Link(two, *ends[1])]
        assert partition(["a", "b", "bridge"], links, [("a", "b")]) == [["a", "bridge"], ["b"]]


def test_a_veto_holds_along_a_chain() -> None:
    chain = "abcdefgh"
    links = [Link(1.0, a, b) for a, b in pairwise(chain)]
    clusters = partition(chain, links, [("a", "h")])
    assert len(clusters) == 2
    assert home(clusters)["a"] != home(clusters)["h"]
