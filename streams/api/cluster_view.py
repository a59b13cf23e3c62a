"""Fold the messages of `dedup.events` into the current clusters, as docs/events.md describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streams.api.event import ClusterState, Event, read_event

__all__ = ["ClusterState", "ClusterView"]


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

    def apply(self, message: bytes | str | Mapping[str, Any] | Event | ClusterState | None) -> bool:
        """Fold one message, given its value as bytes, text or a decoded object; return whether the view changed.

        What `streams.client` yields is folded as well: an `Event`, and a `ClusterState` of a snapshot. A message without a value
        changes nothing: readers write such messages to find the end of a partition. Raises PayloadError (`not_an_event`) where
        the value is not an event; the view is then as before.
        """
        if not message:
            return False
        if isinstance(message, ClusterState):
            return self._set(message.id, message.revision, message, "")
        event = message if isinstance(message, Event) else read_event(message)
        into = event.merged_into[0] if event.merged_into else ""
        return self._set(event.cluster_id, event.revision, event.state, into)

    def end(self, cluster_id: str, revision: int, merged_into: str = "") -> bool:
        """End a cluster as the event of this revision did; return whether the view changed.

        For ends that came before a snapshot. `merged_into` is the id that the cluster redirects to, empty where there is none.
        """
        return self._set(cluster_id, revision, None, merged_into)

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

    def _set(self, name: str, revision: int, state: ClusterState | None, into: str) -> bool:
        if revision <= self._revisions.get(name, 0):
            return False
        self._revisions[name] = revision
        before = self._clusters.pop(name, None)
        self._merged.pop(name, None)
        for record in before.records if before else ():
            self._leave(record, name)
        if state is not None:
            self._clusters[name] = state
            for record in state.records:
                self._home[record] = (*self._home.get(record, ()), name)
        elif into:
            self._merged[name] = into
        return True

    def _leave(self, record: str, cluster_id: str) -> None:
        homes = tuple(home for home in self._home.get(record, ()) if home != cluster_id)
        if homes:
            self._home[record] = homes
        else:
            self._home.pop(record, None)
