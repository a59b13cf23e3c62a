"""How groups live on in a generation built anew, as values: ids and revisions continue, and only what changed is told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.clusters.adoption import adopt, names, redocument, unchanged
from streams.clusters.group import Cluster, Group, Member, Relation, Ruling
from streams.clusters.group_plan import Change, GroupPlan
from streams.clusters.partition import Link, partition
from streams.clusters.planner import Pair, plan

IDS = [bytes([65 + number]) * 8 for number in range(7)]
A, B, C, D = IDS[:4]
LINK, VETO, NEITHER = Pair(0.99, veto=False), Pair(None, veto=True), Pair(None, veto=False)

Pairs = dict[tuple[bytes, bytes], Pair]


def digest(record: bytes, version: int = 1) -> bytes:
    return record[:5] + bytes([version])


def grown(records: list[bytes], pairs: Pairs) -> Group:
    """The group of records that came one after the other; the first is the oldest."""
    group = Group()
    for now, record in enumerate(records):
        group = plan([group], {record: digest(record)}, set(), asked(pairs), now).group
    return group


def asked(pairs: Pairs) -> Callable[[bytes, bytes], Pair]:
    return lambda a, b: pairs.get((min(a, b), max(a, b)), NEITHER)


def truth(members: list[bytes], pairs: Pairs) -> list[list[bytes]]:
    links = [Link(pair.link, a, b) for (a, b), pair in pairs.items() if pair.link is not None]
    return partition(members, links, [ends for ends, pair in pairs.items() if pair.veto])


def parts(group: Group) -> list[list[bytes]]:
    found = (list(group.records(index)) for index in range(len(group.clusters)))
    return sorted(members for members in found if members)


def test_what_is_as_it_was_goes_on_without_a_change() -> None:
    group = grown([A, B], {(A, B): LINK})
    planned = adopt([group], {A: digest(A), B: digest(B)}, asked({(A, B): LINK}), 9, ())
    assert (planned.group, planned.changes, planned.relations) == (group, (), ())
    assert unchanged(group, group) == group
    other = msgspec.structs.replace(group, clusters=(Cluster(B, 1, 0),), vetoed=True)
    assert unchanged(group, other) == msgspec.structs.replace(group, vetoed=True), (
        "the new generation had it under another id"
    )


def test_the_older_id_wins_and_the_other_redirects_whatever_the_new_generation_would_call_them() -> None:
    old, young = grown([B], {}), grown([A], {})
    planned = adopt([old, msgspec.structs.replace(young, clusters=(Cluster(A, 4, 7),))], {A: digest(A), B: digest(B)},
                  asked({(A, B): LINK}), 9, ())  # fmt: skip
    assert planned.changes == (Change("merged", B, 2, (B,), (A, B), (A,)), Change("merged", A, 5, (A,), (), (B,)))
    assert planned.group.merged == {A: B}


def test_a_part_that_splits_off_gets_an_id_that_was_never_used() -> None:
    group = grown([A, B, C], {(A, B): LINK, (A, C): LINK, (B, C): LINK})
    gone = plan([group], {}, set(), asked({}), 0).group  # nothing happened: as it was
    assert gone == group
    merged = msgspec.structs.replace(group, merged={C: A})
    planned = adopt([merged], {r: digest(r) for r in (A, B, C)}, asked({(A, B): LINK}), 9, ())
    assert {change.key: change.type for change in planned.changes} == {A: "split", C + b"\0\1": "created"}
    assert planned.group.merged == {C: A}


def test_a_record_that_is_read_in_another_way_is_an_update() -> None:
    group = grown([A, B], {(A, B): LINK})
    planned = adopt([group], {A: digest(A), B: digest(B, 2)}, asked({(A, B): LINK}), 9, ())
    assert planned.changes == (Change("record_updated", A, group.clusters[0].revision + 1, (A, B), (A, B)),)


def test_corrections_go_on_to_hold() -> None:
    group = grown([A, B], {(A, B): LINK})
    group = plan([group], {}, set(), asked({(A, B): LINK}), 0, (), (Ruling(A, B, -1, 1),)).group
    assert parts(group) == [[A], [B]]
    planned = adopt([group], {A: digest(A), B: digest(B)}, asked({(A, B): LINK}), 9, ())
    assert (planned.group, planned.changes) == (group, ())
    assert unchanged(group, grown([A, B], {(A, B): LINK})) is None


def test_another_document_is_told_of_once() -> None:
    group = grown([A, B], {(A, B): LINK})
    group = msgspec.structs.replace(group, clusters=(msgspec.structs.replace(group.clusters[0], canonical=b"old"),))
    same = redocument(GroupPlan(group, ()), lambda _key, _records: b"old")
    assert same == GroupPlan(group, ())
    revision = group.clusters[0].revision + 1
    other = redocument(GroupPlan(group, ()), lambda _key, _records: b"new")
    assert other.changes == (Change("canonical_changed", A, revision, (A, B), (A, B)),)
    assert other.group.clusters == (Cluster(A, revision, 0),)
    changed = GroupPlan(group, (Change("record_updated", A, revision, (A, B), (A, B)),))
    assert redocument(changed, lambda _key, _records: b"new") == changed


@pytest.mark.parametrize(
    "built",
    [
        {"related": (Relation(A, C, "corrects"),)},
        {"members": ()},
        {"clusters": (Cluster(A, 1, 0, b"other"),)},
        {
            "clusters": (Cluster(A, 1, 0), Cluster(B, 1, 0)),
            "members": (Member(A, digest(A), 0), Member(B, digest(B), 1)),
        },
    ],
)
def test_what_differs_is_looked_at_more_closely(built: dict[str, object]) -> None:
    group = grown([A, B], {(A, B): LINK})
    assert unchanged(group, msgspec.structs.replace(group, **built)) is None


def test_a_group_is_found_by_all_it_names() -> None:
    group = Group(clusters=(Cluster(B + b"\0\1", 2, 0),), merged={C: B}, rulings=(Ruling(A, D, 1, 1),))
    assert names(group) == {A, B, C, D}


_PAIRS = st.dictionaries(st.sampled_from(list(combinations(IDS, 2))), st.sampled_from([LINK, LINK, VETO, NEITHER]))


@given(
    before=_PAIRS,
    after=_PAIRS,
    order=st.permutations(IDS),
    cut=st.integers(1, 6),
    gone=st.sets(st.sampled_from(IDS), max_size=2),
)
@settings(deadline=None, max_examples=300)
def test_any_decisions_lead_on_from_any_others(
    before: Pairs, after: Pairs, order: list[bytes], cut: int, gone: set[bytes]
) -> None:
    """Two old groups that the new rules bring together, in part with records they did not know."""
    was = [grown(order[:cut], before), grown(order[cut:-1], before)]
    was = [group for group in was if group.members]
    present = {record: digest(record) for record in IDS if record not in gone}
    planned = adopt(was, present, asked(after), 99, ())
    assert parts(planned.group) == truth(sorted(present), {k: v for k, v in after.items() if not gone & set(k)})
    known = {c.key: (c.revision, group.records(i)) for group in was for i, c in enumerate(group.clusters)}
    for change in planned.changes:
        revision, records = known.get(change.key, (0, ()))
        assert (change.revision, change.before) == (revision + 1, records)
        known[change.key] = change.revision, change.after
    standing = {c.key: planned.group.records(i) for i, c in enumerate(planned.group.clusters)}
    assert {key: records for key, (_, records) in known.items() if records} == {k: r for k, r in standing.items() if r}
    redirects = {key for group in was for key in group.merged}
    assert redirects <= planned.group.merged.keys()
    assert not planned.group.merged.keys() & standing.keys()
    again = adopt([planned.group], present, asked(after), 99, ())
    assert (again.group, again.changes) == (planned.group, ()), "who does it twice does nothing the second time"
