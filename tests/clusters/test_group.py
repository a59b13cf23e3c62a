"""Groups, their clusters, and the ids of clusters."""

from __future__ import annotations

from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clusters.group import (
    Cluster,
    Group,
    Member,
    Relation,
    Root,
    Ruling,
    cluster_id,
    cluster_key,
    first_key,
    next_key,
)

A, B, C, D = (letter * 8 for letter in (b"a", b"b", b"c", b"d"))
GROUP = Group(
    members=(Member(A, b"1", 0), Member(C, b"3", 0), Member(B, b"2", 1)),
    clusters=(Cluster(A, 2, 0), Cluster(B, 1, 0)),
    rulings=(Ruling(A, B, -1, 1), Ruling(A, C, 1, 2), Ruling(B, C, 0, 3)),
    related=(Relation(A, C, "corrects"), Relation(A, D, "corrects"), Relation(B, D, "reviews")),
)


def test_members_are_found_by_their_id_and_by_their_cluster() -> None:
    assert GROUP.member(C) == Member(C, b"3", 0)
    assert GROUP.member(D) is None
    assert GROUP.records(0) == (A, C)
    assert GROUP.records(1) == (B,)


def test_rulings_say_who_must_be_together_and_who_may_not_and_one_that_was_undone_neither() -> None:
    assert GROUP.must == ((A, C),)
    assert GROUP.cannot == ((A, B),)


def test_relations_of_a_cluster_lead_out_of_it() -> None:
    assert GROUP.relations(0) == (Relation(A, D, "corrects"),)
    assert GROUP.relations(1) == (Relation(B, D, "reviews"),)
    assert Group().relations(0) == ()


def test_the_groups_of_a_root_are_its_own_and_those_on_their_way_into_it() -> None:
    other = Group((Member(D, b"4", 0),), (Cluster(D, 1, 0),))
    assert Root(A, b"raw", GROUP, {D: (b"raw", other)}).groups == (GROUP, other)


def test_a_record_founds_clusters_under_keys_that_were_never_used() -> None:
    used: set[bytes] = set()
    for _ in range(3):
        used.add(next_key(A, used))
    assert used == {first_key(A), A + b"\0\1", A + b"\0\2"}
    assert next_key(A, {A, A + b"\0\7"}) == A + b"\0\x08"
    assert next_key(A, {A, A + b"\xff\xff"}) == A + b"\0\1\0\0"
    assert next_key(B, used) == B


@given(st.binary(min_size=8, max_size=8), st.integers(0, (1 << 32) - 1))
def test_a_cluster_id_is_read_as_it_was_written(founder: bytes, serial: int) -> None:
    key = founder + (serial.to_bytes(2 if serial < 1 << 16 else 4, "big") if serial else b"")
    assert cluster_key(cluster_id(key)) == key
    assert cluster_id(key).startswith("c" + b32encode(founder).decode().rstrip("=").lower())


@pytest.mark.parametrize("text", ["", "c", "d234567abcdefg", "cabc", "s:a", "c!!!!!!!!!!!!!"])
def test_what_is_no_cluster_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"cluster id|[Nn]on-base32"):
        cluster_key(text)
