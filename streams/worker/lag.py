"""How far a worker is behind in its partitions, in messages and in seconds. Pure: asks neither Kafka nor Redis.

A message is finished once the position behind it is stored in Redis: what was fetched and is not finished waits, also while Redis
is away. What was not fetched yet is known by the end offset of the partition, on brokers that report it: the embedded one reports
end offsets that are too small, so there the lag is what was fetched and is not finished.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.state.progress import Place

__all__ = ["Lag", "Offsets"]


class Offsets(NamedTuple):
    """The offsets of a partition by the broker: its first one, its end, and where the consumer reads on."""

    begins: int
    ends: int
    reads: int


class _Fetched(NamedTuple):
    """Messages that were fetched together: their number, the offset behind the last, and the Unix time of the first in ms."""

    ends: int
    messages: int
    taken: int


class _Partition:
    """The messages of a partition that were fetched and not finished, and its offsets as the broker reports them."""

    def __init__(self) -> None:
        self.position: int | None = None
        self.fetched: deque[_Fetched] = deque()
        self.offsets: Offsets | None = None
        self.since: float | None = None
        """Unix time in seconds since which messages wait that were not fetched."""

    @property
    def handled(self) -> int:
        """The offset up to which nothing waits that is known."""
        return max(self.position or 0, self.offsets.begins if self.offsets else 0)

    def messages(self) -> int:
        """Return how many messages are not finished."""
        fetched = sum(batch.messages for batch in self.fetched)
        known = self.offsets
        if known is None or self.position is None or (not fetched and known.reads >= known.ends):
            return fetched  # the last offsets of a partition may be ends of transactions, which are no messages
        return max(fetched, known.ends - self.handled)

    def oldest(self, now: float) -> float:
        """Return the Unix time in seconds of the oldest message that is not finished."""
        if self.fetched:
            self.since = None
            return self.fetched[0].taken / 1000
        if self.since is None:
            self.since = now
        return self.since


class Lag:
    """Measures how many messages of each assigned partition are not finished, and since when. Use from one event loop."""

    def __init__(self) -> None:
        self._partitions: dict[Place, _Partition] = {}

    def assigned(self, places: Iterable[Place]) -> None:
        """Begin with these partitions, and drop all others."""
        self._partitions = {place: self._partitions.get(place, _Partition()) for place in places}

    def revoked(self) -> None:
        """Drop all partitions: Kafka has revoked them."""
        self._partitions = {}

    def fetched(self, place: Place, ends: int, messages: int, taken: int) -> None:
        """Note messages that were fetched: the offset behind the last, their number, and the time of the first in ms."""
        if known := self._partitions.get(place):
            known.fetched.append(_Fetched(ends, messages, taken))

    def rewound(self, place: Place) -> None:
        """Note that the messages fetched from a partition come again."""
        if known := self._partitions.get(place):
            known.fetched.clear()

    def stored(self, positions: Mapping[Place, int]) -> None:
        """Note the positions stored in Redis: the messages before them are finished."""
        for place, known in self._partitions.items():
            known.position = positions.get(place, 0)
            while known.fetched and known.fetched[0].ends <= known.position:
                known.fetched.popleft()

    def reported(self, offsets: Mapping[Place, Offsets]) -> dict[Place, tuple[int, int]]:
        """Note the offsets that the broker reports; return the ranges of offsets that it has lost unread, by partition."""
        lost = {}
        for place, reported in offsets.items():
            known = self._partitions.get(place)
            if known is None or known.position is None:
                continue
            read = max([known.position, *(batch.ends for batch in known.fetched)])
            if reported.begins > read:
                lost[place] = read, reported.begins
            known.offsets = reported
        return lost

    def by_topic(self, now: float) -> dict[str, tuple[int, float]]:
        """Return the messages that wait and the age of the oldest one in seconds, by topic; (0, 0) where none waits."""
        found: dict[str, tuple[int, float]] = {}
        for (topic, _), _, messages, age in self.by_partition(now):
            before = found.get(topic, (0, 0.0))
            found[topic] = before[0] + messages, max(before[1], age)
        return found

    def by_partition(self, now: float) -> list[tuple[Place, int | None, int, float]]:
        """Return of each partition its position, the messages that wait, and the age of the oldest one in seconds."""
        found = []
        for place, partition in self._partitions.items():
            messages = partition.messages()
            if messages:
                age = max(now - partition.oldest(now), 0.0)
            else:
                partition.since, age = None, 0.0
            found.append((place, partition.position, messages, age))
        return found
