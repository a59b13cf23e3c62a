"""Which events a subscriber wants: by type of event and by source of the records in the cluster. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from streams.api.event import EVENT_TYPES, ClusterState, Event

__all__ = ["Selection", "select"]


class Selection(NamedTuple):
    """Types of events and sources of records; an empty set selects all."""

    types: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def accepts(self, item: Event | ClusterState) -> bool:
        """Tell whether an event or a state is selected.

        An event is by its sources where the cluster has a record of one of them before or after the change, so a subscriber
        learns that its last record has left.
        """
        if isinstance(item, ClusterState):
            return self._has_source(item.records)
        return (not self.types or item.type in self.types) and self._has_source((*item.before, *item.after))

    def query(self) -> list[tuple[str, str]]:
        """Return the selection as the query of an HTTP request."""
        return [("type", each) for each in sorted(self.types)] + [("source", each) for each in sorted(self.sources)]

    def _has_source(self, records: Iterable[str]) -> bool:
        return not self.sources or any(record.partition(":")[0] in self.sources for record in records)


def select(types: Collection[str], sources: Collection[str]) -> Selection:
    """Return a selection. Raises ValueError where a type does not exist, TypeError where one text is given for a collection."""
    for name, value in (("types", types), ("sources", sources)):
        if isinstance(value, str):
            raise TypeError(f"{name} is one text, expected a collection of texts such as [{value!r}]")
    if unknown := set(types) - set(EVENT_TYPES):
        raise ValueError(f"no event has the type {', '.join(sorted(unknown))}; types are {', '.join(EVENT_TYPES)}")
    return Selection(frozenset(types), frozenset(sources))
