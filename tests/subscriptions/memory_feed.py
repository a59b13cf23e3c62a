"""A topic in memory, and the hub's part of a subscription over it: for interleavings that no real broker would make on demand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

import orjson

from streams.subscriptions.catch_up import Message, Step
from streams.subscriptions.frames import Gap
from streams.subscriptions.ring import Ring

__all__ = ["MemoryFeed", "MemoryTopic", "NoMoreError", "cluster_event"]

KINDS = ("created", "record_added", "merged")


def cluster_event(cluster: str, revision: int) -> bytes:
    """Return the value of an event whose type and source depend on its cluster and revision."""
    source = "xy"[revision % 2]
    return orjson.dumps(
        {
            "event_id": f"{cluster}:{revision}",
            "type": KINDS[revision % 3],
            "cluster_id": cluster,
            "revision": revision,
            "before": [],
            "after": [f"{source}:1"],
            "document": {"id": cluster, "title": "A\nb"},
        }
    )


class MemoryTopic:
    """Partitions of events, of which the first ones may have been deleted. Each partition has two clusters."""

    def __init__(self, partitions: int) -> None:
        self.messages: list[list[Message]] = [[] for _ in range(partitions)]
        self.first = [0] * partitions

    def add(self, partition: int) -> None:
        offset = len(self.messages[partition])
        value = None if offset % 7 == 6 else cluster_event(f"c{partition}-{offset % 2}", offset // 2 + 1)
        self.messages[partition].append(Message(partition, offset, 1000 + offset, value))

    def events(self) -> list[dict[str, object]]:
        return [orjson.loads(each.value) for some in self.messages for each in some if each.value is not None]


class NoMoreError(Exception):
    """A subscriber waits, for it has received all there is."""


class MemoryFeed:
    """A hub over a topic in memory that reads when it is asked to."""

    def __init__(self, topic: MemoryTopic, most: int) -> None:
        self.topic = topic
        self._ring = Ring([max(first, len(m) - 2) for first, m in zip(topic.first, topic.messages, strict=True)], most)
        self.is_closing = False
        self.behind = 0
        self.read()

    @property
    def ring(self) -> Ring:
        return self._ring

    def read(self, partition: int = -1, most: int = 10**6) -> None:
        """Take some messages of a partition, or of all of them, into the ring."""
        for number, messages in enumerate(self.topic.messages):
            if partition in (-1, number):
                start = self._ring.next[number]
                for message in messages[start : start + most]:
                    self._ring.append(*message)

    async def changed(self) -> None:
        raise NoMoreError

    async def catch_up(
        self, offsets: Sequence[int], lagging: Callable[[Sequence[int]], Sequence[int]]
    ) -> AsyncGenerator[Step, None]:
        position = list(offsets)
        while behind := lagging(position):
            partition = behind[0]
            first = self.topic.first[partition]
            gaps = [Gap(partition, position[partition], first)] if position[partition] < first else []
            position[partition] = max(position[partition], first)
            messages = self.topic.messages[partition][position[partition] : position[partition] + 3]
            position[partition] += len(messages)
            yield Step(messages, gaps, list(position))

    def caught_up(self) -> None:
        """Count nothing."""

    def fell_behind(self) -> None:
        self.behind += 1
