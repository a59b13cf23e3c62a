"""A group: the records that accepted links connect, and the clusters they fall into. Pure values.

Records come together in a group as soon as a link connects them; `partition` says which of them are one
paper. Nearly every group is one cluster; where members contradict each other it is several. A group is
one value in Redis, so its members, its clusters and their revisions change together or not at all.
"""

from __future__ import annotations

from base64 import b32decode
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

__all__ = [
    "Cluster",
    "Group",
    "Member",
    "Relation",
    "Root",
    "Ruling",
    "cluster_id",
    "cluster_key",
    "first_key",
    "next_key",
    "singleton_group",
]

_ID_BYTES = 8
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_TWO_DIGITS = [high + low for high in _DIGITS for low in _DIGITS]
"""Of base 32, by their value: `base64.b32encode` takes six times as long for 8 bytes."""


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record of the group. `digest` is of the content the group last saw; `cluster` indexes `Group.clusters`."""

    id: bytes
    digest: bytes
    cluster: int


class Cluster(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A cluster's identity and history. `created` is the broker's time in ms; `canonical` a digest of its document.

    A cluster without members is kept: should its seed record come back, its revision continues.
    """

    key: bytes
    revision: int
    created: int
    canonical: bytes = b""


class Relation(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A member's known relation to another work: `kind` as the decision says (`corrects`, …), no direction.

    The pair is noted on both sides: in the group of the one and in the group of the other.
    """

    record: bytes
    other: bytes
    kind: str


class Ruling(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A constraint on two records, `a` < `b`: 1 must-link (the same paper), -1 cannot-link (two papers), 0 none, after an undo.

    `serial` is that of the last correction on the two. Of two constraints on a pair the one with the higher serial is
    current, so one that was undone is kept as well: a worker that is behind cannot bring it back.
    """

    a: bytes
    b: bytes
    holds: int
    serial: int


class Group(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Members and clusters. `vetoed` is set while any two members contradict or oppose each other.

    `merged` maps the key of every cluster that was merged away to the key it redirects to.
    `rulings` are the must-link and cannot-link constraints, sorted; they outlive the records, and may come before them.
    `related` are the relations of members, sorted.
    """

    members: tuple[Member, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    vetoed: bool = False
    merged: dict[bytes, bytes] = {}
    rulings: tuple[Ruling, ...] = ()
    related: tuple[Relation, ...] = ()

    def member(self, record: bytes) -> Member | None:
        """Return the member of an 8-byte record id."""
        return next((member for member in self.members if member.id == record), None)

    @property
    def must(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return the must-link constraints: pairs that a correction says are the same."""
        return tuple((ruling.a, ruling.b) for ruling in self.rulings if ruling.holds > 0)

    @property
    def cannot(self) -> tuple[tuple[bytes, bytes], ...]:
        """Return the cannot-link constraints: pairs that a correction says are different."""
        return tuple((ruling.a, ruling.b) for ruling in self.rulings if ruling.holds < 0)

    def records(self, index: int) -> tuple[bytes, ...]:
        """Return the 8-byte record ids of the cluster at an index, sorted."""
        return tuple(sorted(member.id for member in self.members if member.cluster == index))

    def relations(self, index: int) -> tuple[Relation, ...]:
        """Return the relations of the cluster at an index to works outside it, sorted."""
        if not self.related:
            return ()
        records = set(self.records(index))
        return tuple(r for r in self.related if r.record in records and r.other not in records)


class Root(NamedTuple):
    """The group of a record: the record id it is stored under, its raw value (`b""`: none yet) and the group.

    `moving` are frozen groups whose merge into this one may be pending: id -> (raw value, group), the
    nearest first. One may have been merged already into a nearer one, which then knows its clusters.
    """

    id: bytes
    raw: bytes
    group: Group
    moving: Mapping[bytes, tuple[bytes, Group]]

    @property
    def groups(self) -> tuple[Group, ...]:
        """Return the group, and the frozen groups whose merge into it may be pending, the nearest first."""
        return self.group, *(group for _, group in self.moving.values())


def singleton_group(record: bytes, digest: bytes, created: int, canonical: bytes = b"") -> Group:
    """Return the group of one record with its first cluster, which begins."""
    return Group((Member(record, digest, 0),), (Cluster(first_key(record), 1, created, canonical),))


def first_key(founder: bytes) -> bytes:
    """Return the key of the first cluster of a seed record."""
    return founder


def next_key(founder: bytes, used: set[bytes]) -> bytes:
    """Return a cluster key of a seed record that was never used: the first, or one more than the last."""
    if first_key(founder) not in used:
        return first_key(founder)
    serial = 1 + max(int.from_bytes(key[_ID_BYTES:], "big") for key in used if key.startswith(founder))
    return founder + serial.to_bytes(2 if serial < 1 << 16 else 4, "big")


@lru_cache(maxsize=16_384)
def cluster_id(key: bytes) -> str:
    """Return a cluster id as topics have it: `c` + base 32 of the seed record, `.n` for its n-th further cluster."""
    number, two = int.from_bytes(key[:_ID_BYTES], "big"), _TWO_DIGITS
    # 64 bits are 13 digits, with a bit of 0 behind them.
    text = (
        f"c{two[number >> 54]}{two[number >> 44 & 1023]}{two[number >> 34 & 1023]}{two[number >> 24 & 1023]}"
        f"{two[number >> 14 & 1023]}{two[number >> 4 & 1023]}{_DIGITS[(number & 15) << 1]}"
    )
    serial = int.from_bytes(key[_ID_BYTES:], "big") if len(key) > _ID_BYTES else 0
    return f"{text}.{serial}" if serial else text


def cluster_key(identifier: str) -> bytes:
    """Return the key of a cluster id. Raises ValueError where it is none."""
    text, _, serial = identifier.partition(".")
    if not text.startswith("c") or len(text) != 14:
        raise ValueError(f"{identifier!r} is not a cluster id")
    founder = b32decode(text[1:].upper() + "===")
    number = int(serial or 0)
    return founder + (number.to_bytes(2 if number < 1 << 16 else 4, "big") if number else b"")
