"""Groups to bytes and back: the values of `N:{b}:g` (`state/group_store.py`).

| first byte | then                                              | meaning                                                   |
|------------|---------------------------------------------------|-----------------------------------------------------------|
| `=`        | group, MessagePack                                | a root: the group that is stored under this record        |
| `.`        | singleton, 20 bytes                               | a root: the group of this record alone, as it began       |
| `>`        | record id                                         | a pointer: the group was merged into the one found there  |
| `~`        | record id, then group, `.` + singleton or nothing | frozen: a merge into the group found there is pending     |

A singleton is what does not follow from the id of its record: digest of the content (6 bytes), order of arrival (8), digest of
the canonical document (6). Most groups are singletons. State of format 1 (`state/formats.py`) has them as `=` like all others.
"""

from __future__ import annotations

import struct

import msgspec

from streams.clusters.group import Cluster, Group, Member, first_key
from streams.records.stored import ID_BYTES
from streams.state.formats import FIRST, LATEST

__all__ = ["GroupCodec"]

_ROOT, _SINGLETON, _MOVED, _MOVING = b"=", b".", b">", b"~"
_ROOTS = (_ROOT, _SINGLETON)
_REDIRECTED = (_MOVED, _MOVING)
_PARTS = struct.Struct(">6sQ6s")
_DIGEST_BYTES = 6
_MOST = (1 << 64) - 1
_EMPTY = Group()
_BODY = 1 + ID_BYTES


class GroupCodec:
    """Encodes groups for a format of the state, and decodes the values of all."""

    def __init__(self, form: int = LATEST) -> None:
        self._short = form > FIRST
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Group)

    def encode(self, root: bytes, group: Group) -> bytes:
        """Return the value of a root, which is stored under that record."""
        if self._short and (singleton := _singleton(root, group)):
            return _SINGLETON + singleton
        return _ROOT + self._encoder.encode(group)

    @staticmethod
    def frozen(raw: bytes, into: bytes) -> bytes:
        """Return the value of a group (raw, `b""` for none yet) that is frozen for its merge into another."""
        return _MOVING + into + (raw if raw[:1] == _SINGLETON else raw[1:])

    @staticmethod
    def pointer(into: bytes) -> bytes:
        """Return the value of a pointer."""
        return _MOVED + into

    def root(self, record: bytes, raw: bytes) -> Group:
        """Return the group of a root, which is stored under that record; an empty one where there is no value."""
        return self._group(record, raw if raw[:1] == _SINGLETON else raw[1:])

    def moving(self, record: bytes, raw: bytes) -> Group:
        """Return the group of a frozen value, which is stored under that record."""
        return self._group(record, raw[_BODY:])

    @staticmethod
    def is_root(raw: bytes) -> bool:
        """Return whether a value is of a root."""
        return raw[:1] in _ROOTS

    @staticmethod
    def is_frozen(raw: bytes) -> bool:
        """Return whether a value is of a frozen group."""
        return raw[:1] == _MOVING

    @staticmethod
    def target(raw: bytes) -> bytes:
        """Return the record in which the group of a pointer or of a frozen value is found, `b""` for a root."""
        return raw[1:_BODY] if raw[:1] in _REDIRECTED else b""

    def clusters_of(self, raw: bytes) -> int:
        """Return how many clusters a value holds; a pointer holds none."""
        if raw[:1] == _SINGLETON:
            return 1
        if raw[:1] == _MOVED:
            return 0
        return len((self.moving(b"", raw) if self.is_frozen(raw) else self.root(b"", raw)).clusters)

    def _group(self, record: bytes, body: bytes) -> Group:
        if not body:
            return _EMPTY
        if body[:1] == _SINGLETON:
            digest, created, canonical = _PARTS.unpack_from(body, 1)
            return Group((Member(record, digest, 0),), (Cluster(first_key(record), 1, created, canonical),))
        return self._decoder.decode(body)


def _singleton(root: bytes, group: Group) -> bytes:
    """Return the bytes of a group of one record in its first cluster, `b""` for any other group."""
    if len(group.members) != 1 or len(group.clusters) != 1:
        return b""
    (member,), (cluster,) = group.members, group.clusters
    as_it_began = (
        not (group.vetoed or group.merged or group.rulings or group.related)
        and (member.id, member.cluster, len(member.digest)) == (root, 0, _DIGEST_BYTES)
        and (cluster.key, cluster.revision, len(cluster.canonical)) == (first_key(root), 1, _DIGEST_BYTES)
        and 0 <= cluster.created <= _MOST
    )
    return _PARTS.pack(member.digest, cluster.created, cluster.canonical) if as_it_began else b""
