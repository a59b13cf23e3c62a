"""Find events that come again, by their offset and the revision of their cluster. Pure.

Events come at least once: a worker that dies between the publication and its acknowledgement leaves events that another worker
publishes again, and bytes of a dead worker may arrive after that. The second copy is in the same partition, at a larger offset.
All events of a cluster come for the first time in the order of their revisions, so an event whose revision is not above the last
one of its cluster is a repeat (docs/events.md).

The last revisions are kept of the clusters with an event among the last 200,000 to 400,000 offsets of all partitions, in two
ranges of offsets, of which the older one is dropped when a new one begins. Ranges begin at multiples of their length: what is known
at an offset follows from the topic alone. A process that takes over reads the last two ranges again and then knows the same.
"""

from __future__ import annotations

__all__ = ["REMEMBERED", "RepeatFilter"]

REMEMBERED = 200_000
"""Offsets in one range of all partitions together."""


class RepeatFilter:
    """The last revisions of the clusters of one partition."""

    def __init__(self, partitions: int, remembered: int = REMEMBERED) -> None:
        """Prepare for one of `partitions`, among which the offsets that are remembered are divided."""
        self._length = max(remembered // partitions, 1)
        self._range = -1
        self._now: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def begin(self, position: int) -> int:
        """Return the offset from which messages are to be added so that repeats from `position` on are found."""
        return max(position // self._length - 1, 0) * self._length

    def is_repeat(self, offset: int, cluster: str, revision: int) -> bool:
        """Add an event; return whether it or a later one of its cluster was added before. Offsets grow."""
        number = offset // self._length
        if number != self._range:
            self._before = self._now if number == self._range + 1 else {}
            self._now = {}
            self._range = number
        key = hash(cluster)  # an eighth of the memory of the id; two ids of one hash are not to be expected
        known = max(self._now.get(key, 0), self._before.get(key, 0))
        self._now[key] = max(self._now.get(key, 0), revision)
        return revision <= known
