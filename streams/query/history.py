"""How a cluster came to be, from the events of `dedup.events`. Pure.

A cluster's history is its own events, those of the clusters that went into it, and those of the cluster
it was split from, up to the split; and of theirs in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

__all__ = ["Chronicle", "History", "Told"]

_ALL = 1 << 62


class Told(NamedTuple):
    """An event with the time, in ms, at which it was published first."""

    time: int
    event: dict[str, Any]


class History(NamedTuple):
    """A cluster's history, oldest first.

    `merged_into` is where its records went, `""` where it was not merged away. `lost` names the clusters that take
    part and whose beginning left the topic, with the last revision that is missing, 0 where nothing is left of it.
    """

    cluster_id: str
    told: list[Told]
    merged_into: str
    lost: dict[str, int]


class Chronicle:
    """The events of some clusters. An event that comes again is one."""

    def __init__(self) -> None:
        self._by_cluster: dict[str, dict[int, Told]] = {}

    def read(self, clusters: Iterable[str]) -> None:
        """Their events have been given, all there are."""
        for cluster in clusters:
            self._by_cluster.setdefault(cluster, {})

    def add(self, time: int, event: dict[str, Any]) -> None:
        """Take in one event."""
        known = self._by_cluster.setdefault(event["cluster_id"], {})
        known.setdefault(event["revision"], Told(time, event))

    def unread(self, cluster: str) -> set[str]:
        """Clusters whose events are wanted for this one's history and were not read yet."""
        return set(self._limits(cluster)) - self._by_cluster.keys()

    def history(self, cluster: str) -> History:
        """The history, from what was read."""
        limits = self._limits(cluster)
        lost = {name: max(first - 1, 0) for name in limits if (first := min(self._known(name), default=0)) != 1}
        own = self._until(cluster, _ALL)
        into = own[-1].event.get("merged_into", [""])[0] if own else ""
        return History(cluster, self._ordered(limits), into, lost)

    def _known(self, cluster: str) -> Mapping[int, Told]:
        return self._by_cluster.get(cluster, {})

    def _until(self, cluster: str, limit: int) -> list[Told]:
        known = self._known(cluster)
        return [known[revision] for revision in sorted(known) if revision <= limit]

    def _limits(self, cluster: str) -> dict[str, int]:
        """Every cluster that takes part, with its last revision that does."""
        limits: dict[str, int] = {}
        todo = [(cluster, _ALL)]
        while todo:
            name, limit = todo.pop()
            if limits.get(name, -1) >= limit:
                continue
            limits[name] = limit
            for told in self._until(name, limit):
                todo += ((other, _ALL) for other in told.event.get("merged_from", ()))
                todo += ((other, self._split(other, told.event)) for other in told.event.get("split_from", ()))
        return limits

    def _split(self, cluster: str, born: Mapping[str, Any]) -> int:
        """The revision at which `cluster` had the one that was born split off; all of it where that is not known."""
        name = born["cluster_id"]
        splits = [r for r, told in sorted(self._known(cluster).items()) if name in told.event.get("split_into", ())]
        births = [r for r, told in sorted(self._known(name).items()) if cluster in told.event.get("split_from", ())]
        # One that was emptied can be split off again: the last birth belongs to the last split, and so on.
        back = len(births) - births.index(born["revision"])
        return splits[-back] if back <= len(splits) else _ALL

    def _ordered(self, limits: Mapping[str, int]) -> list[Told]:
        """By time, but never an event before one that it follows from, whatever the clocks of partitions say."""
        told = {(name, one.event["revision"]): one for name in limits for one in self._until(name, limits[name])}
        graph = {
            place: [before for before in self._befores(one.event) if before in told] for place, one in told.items()
        }
        places: dict[tuple[str, int], tuple[int, int]] = {}
        for place in TopologicalSorter(graph).static_order():
            time, steps = max((places[before] for before in graph[place]), default=(0, 0))
            places[place] = max((told[place].time, 0), (time, steps + 1))
        return [told[place] for place in sorted(told, key=lambda place: (*places[place], place))]

    def _befores(self, event: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
        yield event["cluster_id"], event["revision"] - 1
        for other in event.get("merged_from", ()):
            yield other, max(self._known(other), default=0)
        for other in event.get("split_from", ()):
            yield other, self._split(other, event)
