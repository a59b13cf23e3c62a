"""Jobs, without Redis: which groups become one, and what is done again where an attempt came to nothing."""

from __future__ import annotations

from streams.clusters.group import Cluster, Group, Member, Relation, Root, Ruling
from streams.clusters.merge_jobs import MergeJob, MergeRequest, find_jobs, once_related, one_sided, still_to_do
from streams.records.stored import Stored
from streams.records.version import RecordVersion

A, B, C, D = (bytes([65 + number]) * 8 for number in range(4))
NEW = b"change"


def group(*members: bytes, related: tuple[Relation, ...] = ()) -> Group:
    return Group(tuple(Member(m, b"before", 0) for m in members), (Cluster(members[0], 1, 1),), related=related)


def home(identifier: bytes, *members: bytes, related: tuple[Relation, ...] = ()) -> Root:
    """A group of these under an id; that of a record never grouped where there are none."""
    if not members:
        return Root(identifier, b"", Group(), {})
    return Root(identifier, b"=" + identifier, group(*members, related=related), {})


def roots(*homes: Root) -> dict[bytes, Root]:
    """Where each record is found."""
    return {record: root for root in homes for record in {root.id, *(m.id for m in root.group.members)}}


def jobs(request: MergeRequest, *homes: Root, cap: int = 100) -> dict[bytes, MergeJob]:
    return {job.target.id: job for job in find_jobs(request, roots(*homes), cap)[0]}


Pairs = tuple[tuple[bytes, bytes], ...]


def request(*records: bytes, links: Pairs = (), related: Pairs = ()) -> MergeRequest:
    return MergeRequest(frozenset(records), links, related=related)


def stored(digest: bytes) -> Stored:
    return Stored.of(RecordVersion(live=True, version=0, updated=0, taken=1, digest=digest), b"features")


def test_what_is_linked_becomes_one_group_under_the_smaller_id_that_exists() -> None:
    found = jobs(request(A, links=((A, C), (C, B))), home(A), home(B, B), home(C, C, D))
    (job,) = found.values()
    assert job.target.id == B, "of those that exist; A is new"
    assert {moving: moved for moving, (_, moved) in job.moves.items()} == {A: Group(), C: group(C, D)}
    assert job.records == {A}
    assert job.all_records == {A, B, C, D}


def test_what_is_not_linked_stays_apart() -> None:
    assert {target: job.records for target, job in jobs(request(A, B), home(A), home(B, B)).items()} == {A: {A}, B: {B}}


def test_a_link_beyond_the_cap_is_left_out_and_counted_but_a_correction_heeds_none() -> None:
    homes = roots(home(A, A), home(B, B, C))
    found, capped = find_jobs(request(A, links=((A, B),)), homes, 2)
    assert (len(found), capped) == (2, 1)
    said = request(A, B)._replace(rulings=(Ruling(A, B, 1, 1),))
    ((job,), capped) = find_jobs(said, homes, 2)
    assert (job.rulings, capped) == (said.rulings, 0)


def test_a_group_on_its_way_goes_on_with_the_one_it_goes_to() -> None:
    frozen = b"~" + A + b"..."
    target = Root(A, b"=A", group(A), {C: (frozen, group(C))})
    (job,) = find_jobs(request(C), {C: target, A: target}, 100)[0]
    assert (job.target.id, job.moves, job.frozen) == (A, {C: (frozen, group(C))}, frozenset((C,)))


def test_a_record_that_its_group_does_not_know_is_taken_in() -> None:
    lost = home(B, A)  # B leads to it, and it does not have B: deleted, and stored anew by another worker
    assert jobs(request(A, related=((A, B),)), lost)[B].records == {A, B}


def test_both_sides_of_a_relation_are_asked() -> None:
    found = jobs(request(A, related=((A, B),)), home(A), home(B, B))
    assert (found[A].related, found[B].related) == ({(A, B)}, {(B, A)})


def test_records_that_a_group_was_related_to_are_found() -> None:
    one = home(A, A, C, related=(Relation(A, B, "corrects"), Relation(C, D, "corrects")))
    assert once_related(request(A), [one]) == {B}, "C may not have changed"


def test_a_relation_of_a_member_that_changed_ends_on_both_sides() -> None:
    one = home(A, A, C, related=(Relation(A, B, "corrects"), Relation(C, D, "corrects")))
    found = list(jobs(request(C), one).values())
    assert one_sided(found, {A: stored(NEW), C: stored(b"before")}) == ((A, B),)
    assert one_sided(found, {A: stored(b"before"), C: stored(b"before")}) == ()


def test_what_came_to_nothing_is_done_again_and_nothing_else() -> None:
    asked = request(A, B, links=((A, C), (B, D)), related=((A, D), (B, C)))
    failed = jobs(asked, home(A), home(B), home(C, C), home(D, D))
    assert set(failed) == {C, D}
    again = still_to_do(asked, [failed[C]])
    assert (set(again.records), again.links) == ({A}, ((A, C),))
    assert again.related == ((A, D), (B, C)), "of both sides, for each may have noted what is no longer so"
