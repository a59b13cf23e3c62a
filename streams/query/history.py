"""History of a cluster, from the events of `dedup.events`. Pure.

A cluster's history is its own events, those of the clusters that were merged into it, those of the cluster
it was split from, up to the split, and so on for each of these clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

__all__ = ["Chronicle", "History", "PublishedEvent"]

_ALL = 1 << 62


class PublishedEvent(NamedTuple):
    """A published event with the time, in ms, at which it was first published."""

    time: int
    event: dict[str, Any]


class History(NamedTuple):
    """A cluster's history, oldest event first.

    `merged_into` is the cluster its records went to, `""` where it was not merged away. `lost` names the clusters of the history
    whose first events are gone from the topic, with the last revision that is missing, 0 where all of their events are gone.
    """

    cluster_id: str
    events: list[PublishedEvent]
    merged_into: str
    lost: dict[str, int]


class Chronicle:
    """The events read so far, by cluster; an event that comes again counts once."""

    def __init__(self) -> None:
        self._by_cluster: dict[str, dict[int, PublishedEvent]] = {}

    def read(self, clusters: Iterable[str]) -> None:
        """Note that all events of these clusters were added, so that they are not asked for again; they may have none."""
        for cluster in clusters:
            self._by_cluster.setdefault(cluster, {})

    def add(self, time: int, event: dict[str, Any]) -> None:
        """Add one event."""
        known = self._by_cluster.setdefault(event["cluster_id"], {})
        known.setdefault(event["revision"], PublishedEvent(time, event))

    def unread(self, cluster: str) -> set[str]:
        """Return the clusters whose events belong to this one's history and have not been read yet."""
        return set(self._limits(cluster)) - self._by_cluster.keys()

    def history(self, cluster: str) -> History:
        """Return the history of a cluster, from the events read so far."""
        limits = self._limits(cluster)
        lost = {name: max(first - 1, 0) for name in limits if (first := min(self._known(name), default=0)) != 1}
        own = self._until(cluster, _ALL)
        into = own[-1].event.get("merged_into", [""])[0] if own else ""
        return History(cluster, self._ordered(limits), into, lost)

    def _known(self, cluster: str) -> Mapping[int, PublishedEvent]:
        return self._by_cluster.get(cluster, {})

    def _until(self, cluster: str, limit: int) -> list[PublishedEvent]:
        known = self._known(cluster)
        return [known[revision] for revision in sorted(known) if revision <= limit]

    def _limits(self, cluster: str) -> dict[str, int]:
        """Return every cluster of a history, each with the last of its revisions that is part of the history."""
        limits: dict[str, int] = {}
        todo = [(cluster, _ALL)]
        while todo:
            name, limit = todo.pop()
            if limits.get(name, -1) >= limit:
                continue
            limits[name] = limit
            for published in self._until(name, limit):
                todo += ((other, _ALL) for other in published.event.get("merged_from", ()))
                todo += (
                    (other, self._split(other, published.event)) for other in published.event.get("split_from", ())
                )
        return limits

    def _split(self, cluster: str, born: Mapping[str, Any]) -> int:
        """Return the revision of `cluster` at which the cluster that the event `born` creates was split from it.

        Return a number above all revisions if the event of this split is not known.
        """
        name = born["cluster_id"]
        splits = [
            r for r, published in sorted(self._known(cluster).items()) if name in published.event.get("split_into", ())
        ]
        births = [
            r for r, published in sorted(self._known(name).items()) if cluster in published.event.get("split_from", ())
        ]
        # A cluster that was emptied can be split off again: its last creation belongs to the last split, and so on.
        back = len(births) - births.index(born["revision"])
        return splits[-back] if back <= len(splits) else _ALL

    def _ordered(self, limits: Mapping[str, int]) -> list[PublishedEvent]:
        """Sort events by time, but never before an event that they follow from, whatever the clocks of partitions say."""
        published = {(name, one.event["revision"]): one for name in limits for one in self._until(name, limits[name])}
        graph = {
            place: [before for before in self._befores(one.event) if before in published]
            for place, one in published.items()
        }
        places: dict[tuple[str, int], tuple[int, int]] = {}
        for place in TopologicalSorter(graph).static_order():
            time, steps = max((places[before] for before in graph[place]), default=(0, 0))
            places[place] = max((published[place].time, 0), (time, steps + 1))
        return [published[place] for place in sorted(published, key=lambda place: (*places[place], place))]

    def _befores(self, event: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
        yield event["cluster_id"], event["revision"] - 1
        for other in event.get("merged_from", ()):
            yield other, max(self._known(other), default=0)
        for other in event.get("split_from", ()):
            yield other, self._split(other, event)
