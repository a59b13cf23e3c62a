"""Fold the messages of `dedup.events` into the current clusters, as docs/events.md describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from streams.api.deduplicating import ClusterRelation
from streams.errors import PayloadError

__all__ = ["ClusterState", "ClusterView"]


class ClusterState(msgspec.Struct, frozen=True):
    """A published cluster as its latest event describes it.

    `revision` grows with every event of the cluster; `records` are record ids, sorted; `document` is the canonical
    document; `relations` are known relations to works outside the cluster.
    """

    id: str
    revision: int
    records: tuple[str, ...]
    document: dict[str, Any]
    relations: tuple[ClusterRelation, ...] = ()


class ClusterView:
    """The current clusters, folded from the messages of `dedup.events`.

    Give it every message of the topic, from the beginning, in the order of its partition. Partitions may be mixed in
    any way, and messages may come again: an event that is not newer than what is known of its cluster changes nothing. Iterating
    gives the current clusters, `len` their number. Not safe for use from two threads at once.

    >>> import streams
    >>> view = streams.ClusterView()
    >>> view.apply(b'{"type": "created", "cluster_id": "ca", "revision": 1, "after": ["x:1"], "document": {"title": "T"}}')
    True
    >>> view.resolve("ca"), view.cluster_of("x:1").document["title"], len(view)
    ('ca', 'T', 1)
    """

    def __init__(self) -> None:
        """Begin without clusters."""
        self._revisions: dict[str, int] = {}
        self._clusters: dict[str, ClusterState] = {}
        self._merged: dict[str, str] = {}
        self._home: dict[str, tuple[str, ...]] = {}
        self._decoder = msgspec.json.Decoder(_Event)

    def apply(self, value: bytes | str | Mapping[str, Any] | None) -> bool:
        """Fold one message, given its value as bytes, text or a decoded object; return whether the view changed.

        A message without a value changes nothing: readers write such messages to find the end of a partition. Raises
        PayloadError (`not_an_event`) where the value is not an event; the view is then as before.
        """
        if not value:
            return False
        event = self._read(value)
        if event.revision <= self._revisions.get(event.cluster_id, 0):
            return False
        self._fold(event)
        return True

    def resolve(self, cluster_id: str) -> str | None:
        """Return the id that a cluster has now, after all merges; None where it ended without a redirect or is unknown.

        After a merge the id of the remaining cluster may be returned before that cluster's own event was folded, as the two
        events come in either order.
        """
        seen: set[str] = set()
        while (into := self._merged.get(cluster_id)) is not None and cluster_id not in seen:
            seen.add(cluster_id)
            cluster_id = into
        is_known = cluster_id in self._clusters or (seen and cluster_id not in self._revisions)
        return cluster_id if is_known else None

    def get(self, cluster_id: str) -> ClusterState | None:
        """Return the current state of a cluster, or of the one that it was merged into; None where there is none."""
        return self._clusters.get(self.resolve(cluster_id) or "")

    def cluster_of(self, record_id: str) -> ClusterState | None:
        """Return the current cluster of a record, None where it is in none.

        While a record moves between clusters, and only one of their events was folded, two clusters list it: the one
        whose event was folded last is returned.
        """
        homes = self._home.get(record_id)
        return self._clusters[homes[-1]] if homes else None

    def __contains__(self, cluster_id: object) -> bool:
        """Tell whether a cluster exists under this very id."""
        return cluster_id in self._clusters

    def __iter__(self) -> Iterator[ClusterState]:
        """Yield the current clusters."""
        return iter(self._clusters.values())

    def __len__(self) -> int:
        """Return the number of current clusters."""
        return len(self._clusters)

    def _read(self, value: bytes | str | Mapping[str, Any]) -> _Event:
        try:
            if isinstance(value, (bytes, str)):
                return self._decoder.decode(value)
            return msgspec.convert(dict(value), _Event)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise PayloadError("not_an_event", str(error)) from None

    def _fold(self, event: _Event) -> None:
        name = event.cluster_id
        self._revisions[name] = event.revision
        before = self._clusters.pop(name, None)
        self._merged.pop(name, None)
        for record in before.records if before else ():
            self._leave(record, name)
        if event.merged_into and not event.after:
            self._merged[name] = event.merged_into[0]
        if event.after:
            relations = tuple(ClusterRelation(each.relation, each.record, each.other) for each in event.relations)
            self._clusters[name] = ClusterState(name, event.revision, tuple(event.after), event.document, relations)
            for record in event.after:
                self._home[record] = (*self._home.get(record, ()), name)

    def _leave(self, record: str, cluster_id: str) -> None:
        homes = tuple(home for home in self._home.get(record, ()) if home != cluster_id)
        if homes:
            self._home[record] = homes
        else:
            self._home.pop(record, None)


class _Relation(msgspec.Struct):
    """A relation in an event."""

    relation: str
    record: str
    other: str


class _Event(msgspec.Struct):
    """The fields of an event that the view needs; the others are left aside."""

    cluster_id: str
    revision: int
    after: list[str]
    merged_into: list[str] = []
    relations: list[_Relation] = []
    document: dict[str, Any] = {}
