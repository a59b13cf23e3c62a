"""Compare events with those before them: find those that come again, and those that do not follow from the last one. Pure.

Events come at least once: a worker that dies between the publication and its acknowledgement leaves events that another worker
publishes again, and bytes of a dead worker may arrive after that. The second copy is in the same partition, at a larger offset.
All events of a cluster come for the first time in the order of their revisions, so an event whose revision is not above the last
one of its cluster is a repeat (docs/events.md).

After a failover in which Redis lost writes, the same revision may come with another content. It counts as it came first, and then
the `before` of the next event may not be what was counted.

The last revisions, with a hash of their records, are kept of the clusters with an event among the last 200,000 to 400,000 offsets
of all partitions, in two ranges of offsets, of which the older one is dropped when a new one begins. Ranges begin at multiples of
their length: what is known at an offset follows from the topic alone. A process that takes over reads the last two ranges again and
then knows the same.
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from streams.totals.fold import Change

__all__ = ["REMEMBERED", "Place", "RepeatFilter"]

REMEMBERED = 200_000
"""Offsets in one range of all partitions together."""


class Place(Enum):
    """Where an event is in the history of its cluster."""

    NEXT = auto()
    """It is new, and follows from the last one as far as that is known."""
    REPEAT = auto()
    """It or a later one was there."""
    CONFLICT = auto()
    """Its revision was there with other records."""
    BROKEN = auto()
    """It is new, and its records before are not those after the last one."""


class _Last(msgspec.Struct, frozen=True, gc=False):
    """The last event of a cluster. Not known to the garbage collector, which would walk 400,000 of them while requests wait."""

    revision: int
    records: int
    """Hash of the records after the event."""


_NONE = _Last(0, 0)


class RepeatFilter:
    """The last events of the clusters of one partition."""

    def __init__(self, partitions: int, remembered: int = REMEMBERED) -> None:
        """Prepare for one of `partitions`, among which the offsets that are remembered are divided."""
        self._length = max(remembered // partitions, 1)
        self._range = -1
        self._now: dict[int, _Last] = {}
        self._before: dict[int, _Last] = {}

    def begin(self, position: int) -> int:
        """Return the offset from which events are to be added so that repeats from `position` on are found."""
        return max(position // self._length - 1, 0) * self._length

    def add(self, offset: int, event: Change) -> Place:
        """Add an event and return where it is in the history of its cluster. Offsets grow."""
        number = offset // self._length
        if number != self._range:
            self._before = self._now if number == self._range + 1 else {}
            self._now = {}
            self._range = number
        key = hash(event.cluster_id)  # half the memory of the id; two ids of one hash are not to be expected
        here, earlier = self._now.get(key, _NONE), self._before.get(key, _NONE)
        last = here if here.revision > earlier.revision else earlier
        this = _Last(event.revision, hash(tuple(event.after)))
        if this.revision > here.revision:
            self._now[key] = this
        if this.revision > last.revision:
            # Between revisions that are further apart there were others, before the offsets that are remembered.
            is_next = this.revision == last.revision + 1 and last is not _NONE
            return Place.BROKEN if is_next and hash(tuple(event.before)) != last.records else Place.NEXT
        return Place.CONFLICT if this.revision == last.revision and this.records != last.records else Place.REPEAT
