"""How a cluster came to be, from the events of `dedup.events`. Pure.

A cluster's history is its own events, those of the clusters that went into it, and those of the cluster
it was split from, up to the split; and of theirs in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
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
        found: list[tuple[int, str, int, Told]] = []
        lost: dict[str, int] = {}
        for name, limit in self._limits(cluster).items():
            events = self._until(name, limit)
            latest = 0
            for told in events:
                # Events of a cluster have one order, whatever the broker's clock says.
                latest = max(latest, told.time)
                found.append((latest, name, told.event["revision"], told))
            first = events[0].event["revision"] if events else 0
            if first != 1:
                lost[name] = max(first - 1, 0)
        own = self._until(cluster, _ALL)
        into = own[-1].event.get("merged_into", [""])[0] if own else ""
        return History(cluster, [told for *_, told in sorted(found, key=lambda entry: entry[:3])], into, lost)

    def _until(self, cluster: str, limit: int) -> list[Told]:
        known = self._by_cluster.get(cluster, {})
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
                todo += ((other, self._split(other, name)) for other in told.event.get("split_from", ()))
        return limits

    def _split(self, cluster: str, off: str) -> int:
        """The revision at which a cluster last had another split off; all of it where that is not known."""
        revisions = [
            revision
            for revision, told in self._by_cluster.get(cluster, {}).items()
            if off in told.event.get("split_into", ())
        ]
        return max(revisions, default=_ALL)
