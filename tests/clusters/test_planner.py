from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clusters.group import Cluster, Group, Member, cluster_id, cluster_key, next_key
from streams.clusters.group_plan import Change
from streams.clusters.partition import Link, partition
from streams.clusters.planner import Pair, combine, plan

IDS = [bytes([65 + number]) * 8 for number in range(7)]
A, B, C, D = IDS[:4]
LINK, VETO, NEITHER = Pair(0.99, veto=False), Pair(None, veto=True), Pair(None, veto=False)


class World:
    """Decisions by pair, changed by tests at will."""

    def __init__(self, links: str = "", vetoes: str = "") -> None:
        self.pairs: dict[frozenset[bytes], Pair] = {}
        for names, pair in ((links, LINK), (vetoes, VETO)):
            for name in names.split():
                self.pairs[frozenset(bytes([ord(letter)]) * 8 for letter in name)] = pair

    def __call__(self, a: bytes, b: bytes) -> Pair:
        return self.pairs.get(frozenset((a, b)), NEITHER)

    def truth(self, members: set[bytes]) -> list[list[bytes]]:
        found = {ends: self(*ends) for ends in combinations(sorted(members), 2)}
        links = [Link(pair.link, *ends) for ends, pair in found.items() if pair.link is not None]
        return partition(members, links, [ends for ends, pair in found.items() if pair.veto])


def digest(version: int) -> bytes:
    return version.to_bytes(6, "big")


def add(world: World, group: Group, *records: bytes, version: int = 1, now: int = 5) -> tuple[Group, list[Change]]:
    planned = plan([group], dict.fromkeys(records, digest(version)), set(), world, now)
    return planned.group, list(planned.changes)


def remove(world: World, group: Group, *records: bytes) -> tuple[Group, list[Change]]:
    planned = plan([group], {}, set(records), world, 9)
    return planned.group, list(planned.changes)


def parts(group: Group) -> list[list[bytes]]:
    found = (list(group.records(index)) for index in range(len(group.clusters)))
    return sorted(members for members in found if members)


def test_a_first_record_begins_a_cluster_that_has_its_id() -> None:
    group, changes = add(World(), Group(), A, now=17)
    assert changes == [Change("created", A, 1, (), (A,))]
    assert group.clusters == (Cluster(A, 1, 17),)
    assert group.members == (Member(A, digest(1), 0),)


def test_a_linked_record_is_added() -> None:
    world = World("AB")
    group, _ = add(world, Group(), A)
    group, changes = add(world, group, B)
    assert changes == [Change("record_added", A, 2, (A,), (A, B))]


def test_the_same_content_again_is_no_change_and_the_same_group() -> None:
    world = World("AB AC", "BC")
    group, _ = add(world, Group(), A)
    group, _ = add(world, group, B, C)
    assert add(world, group, A, B, C) == (group, [])


def test_new_content_is_an_update_of_that_cluster_alone() -> None:
    world = World("AB AC", "BC")
    group, _ = add(world, Group(), A, B, C)
    changed = next(index for index in range(2) if C in group.records(index))
    _, changes = add(world, group, C, version=2)
    assert [(change.type, change.key) for change in changes] == [("record_updated", group.clusters[changed].key)]


def test_of_merged_clusters_the_older_keeps_its_id() -> None:
    world = World("AC BC")
    old, _ = add(world, Group(), B, now=10)
    young, _ = add(world, Group(), A, now=20)
    planned = plan([young, old], {C: digest(1)}, set(), world, 30)
    assert planned.changes == (
        Change("merged", B, 2, (B,), (A, B, C), (A,)),
        Change("merged", A, 2, (A,), (), (B,)),
    )
    assert planned.group.merged == {A: B}
    assert parts(planned.group) == [[A, B, C]]


def test_a_redirect_follows_when_its_target_is_merged_in_turn() -> None:
    world = World("AB BC")
    one = plan([add(world, Group(), A, now=20)[0], add(world, Group(), B, now=10)[0]], {}, set(), world, 0).group
    assert one.merged == {A: B}
    two = plan([one, add(world, Group(), C, now=5)[0]], {}, set(), world, 0).group
    assert two.merged == {A: C, B: C}


def test_a_bridge_that_goes_splits_the_cluster_and_the_larger_part_keeps_the_id() -> None:
    world = World("AD BD CD BC")
    group, _ = add(world, Group(), A, B, C, D)
    group, changes = remove(world, group, D)
    assert changes == [
        Change("created", A + b"\0\1", 1, (), (A,), (A,)),
        Change("split", A, 2, (A, B, C, D), (B, C), (A + b"\0\1",)),
    ]


def test_the_last_record_gone_empties_the_cluster_and_its_return_goes_on_from_there() -> None:
    group, _ = add(World(), Group(), A, now=3)
    group, changes = remove(World(), group, A)
    assert changes == [Change("record_removed", A, 2, (A,), ())]
    assert group.members == ()
    group, changes = add(World(), group, A, now=99)
    assert changes == [Change("created", A, 3, (), (A,))]
    assert group.clusters == (Cluster(A, 3, 3),)


def test_a_founder_that_left_its_cluster_founds_another() -> None:
    world = World("AB AC BC")
    group, _ = add(world, Group(), A, B, C)
    for other in (B, C):
        world.pairs[frozenset((A, other))] = NEITHER
    group, changes = add(world, group, A, version=2)
    assert {change.key for change in changes} == {A, A + b"\0\1"}
    assert parts(group) == [[A], [B, C]]
    assert len({cluster.key for cluster in group.clusters}) == 2


def test_combining_groups_keeps_each_member_in_its_cluster() -> None:
    one, _ = add(World("AB"), Group(), A, B)
    two, _ = add(World("", "CD"), Group(), C, D)
    both = combine([one, two])
    assert parts(both) == [[A, B], [C], [D]]
    assert both.vetoed


@pytest.mark.parametrize(("used", "key"), [(set(), A), ({A}, A + b"\0\1"), ({A, A + b"\0\1"}, A + b"\0\2")])
def test_a_founder_never_uses_a_key_twice(used: set[bytes], key: bytes) -> None:
    assert next_key(A, used) == key


@given(founder=st.binary(min_size=8, max_size=8), serial=st.integers(0, 65535))
def test_a_cluster_id_is_read_as_it_is_written(founder: bytes, serial: int) -> None:
    key = founder + (serial.to_bytes(2, "big") if serial else b"")
    assert cluster_key(cluster_id(key)) == key


@pytest.mark.parametrize("text", ["", "c", "x" * 14, "c" + "a" * 12, "arxiv:2101.00001"])
def test_what_is_no_cluster_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a cluster id"):
        cluster_key(text)


steps = st.lists(
    st.tuples(
        st.sampled_from(["present", "removed", "pair"]),
        st.sampled_from(range(len(IDS))),
        st.sampled_from(range(len(IDS))),
        st.sampled_from([LINK, LINK, VETO, NEITHER]),
    ),
    max_size=25,
)


@given(steps=steps)
@settings(deadline=None, max_examples=300)
def test_any_life_of_a_group_ends_as_the_partition_says(steps: list[tuple[str, int, int, Pair]]) -> None:
    """Members come, change and go; after each step the clusters are the partition, and every change says what it did."""
    world, group, versions = World(), Group(), dict.fromkeys(IDS, 1)
    told: dict[bytes, tuple[int, tuple[bytes, ...]]] = {}
    for kind, one, two, pair in steps:
        record, other = IDS[one], IDS[two]
        members = {member.id for member in group.members}
        present, removed = {}, set()
        if kind == "removed":
            removed = {record} & members
        elif kind == "present":
            present = {record: digest(versions[record])}
        elif one != two:
            # A decision changes only because a record does.
            world.pairs[frozenset((record, other))] = pair
            versions[record] += 1
            present = {record: digest(versions[record])}
        planned = plan([group], present, removed, world, 7)
        assert parts(planned.group) == world.truth((members | present.keys()) - removed)
        assert len({cluster.key for cluster in planned.group.clusters}) == len(planned.group.clusters)
        for change in planned.changes:
            revision, known = told.get(change.key, (0, ()))
            assert (change.revision, change.before) == (revision + 1, known)
            told[change.key] = change.revision, change.after
        again = plan([planned.group], present, set(), world, 8)
        assert (again.group, again.changes) == (planned.group, ()), "a replay planned something"
        group = planned.group
    standing = {cluster.key: list(group.records(index)) for index, cluster in enumerate(group.clusters)}
    assert {key: list(after) for key, (_, after) in told.items() if after} == {k: m for k, m in standing.items() if m}


@given(
    links=st.lists(st.sampled_from(list(combinations(range(7), 2)))),
    order=st.permutations(range(7)),
    cut=st.integers(1, 6),
)
@settings(deadline=None)
def test_groups_that_grew_apart_come_together_as_if_they_had_been_one(
    links: list[tuple[int, int]], order: list[int], cut: int
) -> None:
    world = World()
    world.pairs = {frozenset((IDS[a], IDS[b])): VETO if (a * b) % 3 == 2 else LINK for a, b in links}
    one, two = Group(), Group()
    for number in order[:cut]:
        one, _ = add(world, one, IDS[number])
    for number in order[cut:]:
        two, _ = add(world, two, IDS[number])
    assert parts(plan([one, two], {}, set(), world, 0).group) == world.truth(set(IDS))
