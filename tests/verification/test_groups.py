"""Whether a group is consistent with itself, with its records and with corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from streams.clusters.corrections import Correction, Verdict, ruling
from streams.clusters.group import Cluster, Group, Member
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.verification.groups import View, check_group, check_rulings, named_records

NAMES = {id_of(name): name for name in ("s:a", "s:b", "s:c")}
A, B, C = sorted(NAMES)
ROOT = A


def stored(live: bool = True) -> Stored:
    return Stored.of(RecordVersion.of(b"content", live=live), b"features")


DIGEST = stored().version.digest


def view(records: Mapping[bytes, Stored | None] | None = None, home: bytes = ROOT) -> View:
    known = {A: stored(), B: stored(), C: stored()} | dict(records or {})
    return View(known.get, lambda record: home if record == B else ROOT, lambda record: NAMES.get(record, record.hex()))


def group(*clusters: int, merged: Mapping[bytes, bytes] | None = None) -> Group:
    members = tuple(Member(record, DIGEST, place) for record, place in zip((A, B), clusters, strict=True))
    return Group(members, (Cluster(A, 1, 0), Cluster(B, 1, 0)), merged=dict(merged or {}))


def codes(checked: Group, seen: View) -> list[str]:
    return [difference.code for difference in check_group(ROOT, checked, seen)]


def test_a_group_as_it_should_be_has_no_difference() -> None:
    assert codes(group(0, 1), view()) == []
    assert codes(group(0, 0, merged={C: A}), view()) == []
    assert named_records(group(0, 0, merged={C: A})) == {A, B, C}


@pytest.mark.parametrize(
    ("checked", "seen", "code"),
    [
        (group(0, 5), view(), "group_malformed"),
        (Group((Member(A, DIGEST, 0),) * 2, (Cluster(A, 1, 0),)), view(), "group_malformed"),
        (Group((Member(A, DIGEST, 0),), (Cluster(A, 1, 0),) * 2), view(), "group_malformed"),
        (group(0, 1), view({B: None}), "member_not_live"),
        (group(0, 1), view({B: stored(live=False)}), "member_not_live"),
        (group(0, 1), view({B: Stored.of(RecordVersion.of(b"newer"), b"features")}), "member_outdated"),
        (group(0, 1), view(home=C), "pointer_differs"),
        (group(0, 1, merged={B: A}), view(), "redirect_broken"),
        (group(0, 1, merged={C: C}), view(), "redirect_broken"),
    ],
)
def test_each_fault_has_its_code(checked: Group, seen: View, code: str) -> None:
    assert codes(checked, seen) == [code]


Holds = Literal["same", "different", ""]


def verdict(holds: Holds, serial: int) -> Verdict:
    a, b = NAMES[A], NAMES[B]
    said = Correction(id=f"k{serial}", action="same", author="ada", time="2026-11-24T10:00:00Z", a=a, b=b)
    return Verdict(said, serial, min(a, b), max(a, b), holds)


def ruled(holds: Holds, serial: int, *clusters: int) -> Group:
    plain = group(*clusters)
    return Group(plain.members, plain.clusters, rulings=(ruling(verdict(holds, serial)),))


@pytest.mark.parametrize(
    ("checked", "accepted", "code"),
    [
        (ruled("same", 1, 0, 0), [verdict("same", 1)], ""),
        (ruled("different", 1, 0, 1), [verdict("different", 1)], ""),
        (ruled("", 1, 0, 0), [verdict("", 1)], ""),
        (ruled("same", 1, 0, 1), [verdict("same", 1)], "correction_not_followed"),
        (ruled("different", 1, 0, 0), [verdict("different", 1)], "correction_not_followed"),
        (ruled("same", 1, 0, 0), [verdict("different", 2)], "correction_not_applied"),
        (ruled("same", 2, 0, 0), [verdict("same", 1)], "correction_unknown"),
        (ruled("same", 1, 0, 0), [], "correction_unknown"),
    ],
)
def test_a_group_follows_the_corrections_that_were_accepted(checked: Group, accepted: list[Verdict], code: str) -> None:
    by_pair = {(said.a, said.b): one for one in accepted for said in [ruling(one)]}
    found = [difference.code for difference in check_rulings(ROOT, checked, by_pair, view())]
    assert found == ([code] if code else [])
