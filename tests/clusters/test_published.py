"""Groups that Redis has forgotten in part, brought up to what was published of them."""

from __future__ import annotations

from streams.clusters.group import Cluster, Group, Member
from streams.clusters.published import PublishedCluster, lift

A, B = b"a" * 8, b"b" * 8


def names(records: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(sorted(record[:1].decode() for record in records))


def as_published(group: Group, index: int, head: PublishedCluster) -> bool:
    return names(group.records(index)) == head.records


def published(revision: int, records: tuple[str, ...], created: int) -> PublishedCluster:
    return PublishedCluster(A, records, created, revision)


def group(revision: int, *members: bytes) -> Group:
    return Group(tuple(Member(member, b"1", 0) for member in members), (Cluster(A, revision, 5),))


def test_a_group_as_published_stays() -> None:
    given = group(2, A, B)
    assert lift([given], {A: published(2, ("a", "b"), 7)}, {A}, names, as_published) == ([given], ())
    assert lift([given], {A: published(1, ("a",), 7)}, {A}, names, as_published) == ([given], ()), "Redis is ahead"
    assert lift([given], {}, {A}, names, as_published) == ([given], ())


def test_a_cluster_that_is_behind_gets_the_revision_after_the_published_one() -> None:
    (lifted,), (change,) = lift([group(1, A)], {A: published(3, ("a", "b"), 7)}, {A}, names, as_published)
    assert lifted.clusters == (Cluster(A, 4, 5),)
    assert (change.type, change.key, change.revision) == ("record_removed", A, 4)
    assert (change.after, change.published_before) == ((A,), ("a", "b"))


def test_one_of_the_published_revision_with_other_records_is_behind_too() -> None:
    _, (change,) = lift([group(3, A, B)], {A: published(3, ("a",), 7)}, {A}, names, as_published)
    assert (change.type, change.revision) == ("record_added", 4)


def test_a_cluster_that_was_forgotten_is_there_again_without_a_record() -> None:
    other = Group((Member(B, b"1", 0),), (Cluster(B, 1, 5),))
    (lifted,), (change,) = lift([other], {A: published(3, ("a",), 7)}, {A, B}, names, as_published)
    assert lifted.clusters == (Cluster(B, 1, 5), Cluster(A, 4, 7))
    assert (change.type, change.after, change.published_before) == ("record_removed", (), ("a",))


def test_one_that_had_no_record_is_there_again_and_nothing_is_published() -> None:
    (lifted,), changes = lift([Group()], {A: published(3, (), 7)}, {A}, names, as_published)
    assert lifted.clusters == (Cluster(A, 3, 7),)
    assert changes == ()


def test_a_cluster_of_another_founder_is_left_to_its_own_group() -> None:
    assert lift([Group()], {A: published(3, ("a",), 7)}, {B}, names, as_published) == ([Group()], ())
