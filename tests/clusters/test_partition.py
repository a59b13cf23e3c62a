from __future__ import annotations

from itertools import combinations, pairwise
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clusters.partition import (
    BY_IDENTIFIER,
    BY_PLACE,
    BY_WORDS,
    FIRM,
    LONE,
    ORDINARY,
    Link,
    Opposition,
    Refusal,
    divide,
    partition,
)
from streams.evaluation.scores import connected_components

MEMBERS = "abcdefgh"
PAIRS = list(combinations(MEMBERS, 2))

pairs = st.lists(st.sampled_from(PAIRS), max_size=12, unique=True)
scores = st.sampled_from([0.9, 0.91, 0.9100000001, 0.95, 1.0])


strengths = st.sampled_from([FIRM, ORDINARY, ORDINARY, LONE])
kinds = st.sampled_from([BY_IDENTIFIER, BY_PLACE, BY_WORDS])


class Given(NamedTuple):
    members: list[str]
    links: list[Link]
    vetoes: list[tuple[str, str]]
    must: list[tuple[str, str]]
    cannot: list[tuple[str, str]]
    oppositions: list[Opposition]


@st.composite
def worlds(draw: st.DrawFn, *, corrections: bool = True, opposed: bool = True) -> Given:
    links = [Link(draw(scores), a, b, draw(strengths)) for a, b in draw(pairs)]
    members = sorted(draw(st.sets(st.sampled_from(MEMBERS), min_size=1)))
    vetoes = draw(pairs)
    must = draw(st.lists(st.sampled_from(PAIRS), max_size=3, unique=True)) if corrections else []
    cannot = draw(st.lists(st.sampled_from(PAIRS), max_size=3, unique=True)) if corrections else []
    oppositions = [Opposition(a, b, draw(kinds)) for a, b in draw(pairs)] if opposed else []
    return Given(members, links, vetoes, must, cannot, oppositions)


def home(clusters: list[list[str]]) -> dict[str, int]:
    return {member: index for index, members in enumerate(clusters) for member in members}


@given(world=worlds(), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_no_order_matters(world: Given, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable

    def turned(ends: tuple[str, str]) -> tuple[str, str]:
        return ends if random.random() < 0.5 else (ends[1], ends[0])

    def turned_all(lot: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [turned(ends) for ends in random.sample(lot, len(lot))]

    mixed = Given(
        random.sample(world.members, len(world.members)),
        [Link(k.score, *turned((k.a, k.b)), k.strength) for k in random.sample(world.links, len(world.links))],
        turned_all(world.vetoes),
        turned_all(world.must),
        turned_all(world.cannot),
        [Opposition(*turned((o.a, o.b)), o.kind) for o in random.sample(world.oppositions, len(world.oppositions))],
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


@given(world=worlds(corrections=False, opposed=False))
@settings(deadline=None)
def test_only_a_veto_or_a_rival_keeps_linked_sides_apart(world: Given) -> None:
    clusters = partition(*world)
    where = home(clusters)
    for link in world.links:
        if link.strength != LONE and link.a in where and link.b in where and where[link.a] != where[link.b]:
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


@given(world=worlds(corrections=False, opposed=False))
@settings(deadline=None)
def test_without_contradictions_clusters_are_what_links_connect(world: Given) -> None:
    links = [link for link in world.links if link.a in world.members and link.b in world.members]
    connected = connected_components(world.members, ((link.a, link.b) for link in links))
    assert partition(world.members, world.links) == sorted(sorted(members) for members in connected)


@given(world=worlds(corrections=False))
@settings(deadline=None)
def test_identifiers_that_oppose_are_never_overruled(world: Given) -> None:
    """Unless identifiers that two records share brought their sides together first."""
    ordinary = [link._replace(strength=ORDINARY) for link in world.links]
    where = home(partition(world.members, ordinary, world.vetoes, oppositions=world.oppositions))
    firm = [o for o in world.oppositions if o.kind == BY_IDENTIFIER]
    assert not [o for o in firm if where.get(o.a, -1) == where.get(o.b, -2)]


@given(world=worlds())
@settings(deadline=None)
def test_every_link_between_two_clusters_says_what_refused_it(world: Given) -> None:
    clusters, refusals = divide(*world)
    where = home(clusters)
    across = {
        frozenset((link.a, link.b))
        for link in world.links
        if link.a in where and link.b in where and where[link.a] != where[link.b]
    }
    assert {frozenset((refusal.a, refusal.b)) for refusal in refusals} == across


def test_a_bridge_joins_no_two_works_that_oppose_each_other() -> None:
    links = [Link(0.99, "1998", "copy"), Link(0.98, "2001", "copy")]
    for kind in (BY_IDENTIFIER, BY_PLACE, BY_WORDS):
        against = [Opposition("1998", "2001", kind)]
        clusters, refusals = divide(["1998", "2001", "copy"], links, oppositions=against)
        assert clusters == [["1998", "copy"], ["2001"]]
        assert refusals == [Refusal("2001", "copy", ("1998", "2001"))]


def test_a_record_of_the_same_identifier_answers_an_opposition_of_places_and_words() -> None:
    """A preprint under its first title, its article under another, and a copy under the first."""
    links = [Link(0.97, "arxiv", "journal", FIRM), Link(0.99, "arxiv", "copy")]
    members = ["arxiv", "copy", "journal"]
    for kind in (BY_PLACE, BY_WORDS):
        assert partition(members, links, oppositions=[Opposition("copy", "journal", kind)]) == [members]
    two_dois = [Opposition("copy", "journal", BY_IDENTIFIER)]
    assert partition(members, links, oppositions=two_dois) == [["arxiv", "journal"], ["copy"]]


def test_one_noisy_record_does_not_keep_clean_copies_apart() -> None:
    links = [
        Link(0.99, "clean1", "clean2"),
        Link(0.98, "clean2", "noisy"),
        Link(0.97, "clean1", "late"),
        Link(0.97, "clean2", "late"),
    ]
    against = [Opposition("late", "noisy", BY_WORDS)]
    assert partition(["clean1", "clean2", "late", "noisy"], links, oppositions=against) == [
        ["clean1", "clean2", "late", "noisy"]
    ]
    alone = partition(["clean1", "clean2", "noisy"], links[:2], oppositions=[Opposition("clean1", "noisy", BY_WORDS)])
    assert alone == [["clean1", "clean2"], ["noisy"]], "the matter of the noisy one"


def test_a_copy_with_nothing_but_a_title_joins_where_the_title_has_no_rival() -> None:
    lone = Link(0.9, "journal", "title", LONE)
    assert partition(["journal", "title"], [lone]) == [["journal", "title"]]
    rivals = [lone, Link(0.95, "namesake", "title", LONE)]
    apart = [Opposition("journal", "namesake", BY_IDENTIFIER)]
    clusters, refusals = divide(["journal", "namesake", "title"], rivals, oppositions=apart)
    assert clusters == [["journal"], ["namesake"], ["title"]]
    assert all(refusal.rival for refusal in refusals)
