"""The last events of `dedup.events` in memory, shared by all subscribers. Pure.

Each entry has a number, one more than that of the entry before. A subscriber is a cursor, the number of its next entry, so a
subscriber costs no memory, however slow it is; one whose next entry has left the ring has to come back with its last id.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from streams.events.positions import MAX_PARTITIONS, encode, encode_time
from streams.subscriptions.filters import Facts, facts_of
from streams.subscriptions.frames import event_frame

__all__ = ["Entry", "Ring", "merged", "read_event"]

_MOST_BYTES = 64 * 1024 * 1024
_SLACK = 1.1
"""How far the ring may exceed its size before the oldest entries are dropped: many at once, as each time moves the rest."""
_JOINED = 16


class Entry:
    """An event as subscribers receive it.

    `identity` is the id of the position after it, `facts` what filters ask about. `place` is (partition, offset), `time` the
    timestamp of its message in Unix ms.
    """

    __slots__ = ("_full", "_name", "_plain", "_value", "facts", "identity", "place", "time")

    def __init__(
        self, place: tuple[int, int], time: int, identity: bytes, facts: Facts, value: bytes, plain: bytes
    ) -> None:
        """Keep an event whose JSON is `value`, and `plain` without its document."""
        self.place = place
        self.time = time
        self.identity = identity
        self.facts = facts
        self._name = b"cluster." + facts.type.encode()
        self._value = value
        self._plain = event_frame(identity, self._name, plain)
        self._full = b""

    @property
    def size(self) -> int:
        """About how many bytes it keeps."""
        return 2 * len(self._value) + len(self._plain)

    def frame(self, *, with_document: bool) -> bytes:
        """Return its frame, which all subscribers share."""
        if not with_document:
            return self._plain
        if not self._full:
            self._full = event_frame(self.identity, self._name, self._value)
        return self._full


def read_event(place: tuple[int, int], time: int, identity: bytes, value: bytes) -> Entry | None:
    """Return the entry of a message of `dedup.events`, None where it is no event."""
    try:
        fields = orjson.loads(value)
        facts = facts_of(fields)
        if not facts.type.isidentifier():  # it becomes a line of its own
            return None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
    plain = (
        orjson.dumps({name: fields[name] for name in fields if name != "document"}) if "document" in fields else value
    )
    return Entry(place, time, identity, facts, value, plain)


class Ring:
    """The last entries, and the positions before the first and after the last of them.

    `start` and `next` have an offset for each partition: the ring has every event of a partition from offset `start` until `next`.
    `restarts` has the partitions that were made anew, in order, as often as they were: ids from before are of the topic before.
    `clock` is a time in Unix ms: every message that the ring did not receive yet has this timestamp or a later one.
    """

    def __init__(self, start: Sequence[int], most: int = 10_000, most_bytes: int = _MOST_BYTES) -> None:
        """Begin with no entries at the positions `start`; keep at most about `most` entries and `most_bytes`."""
        self.start = list(start)
        self.next = list(start)
        self.first = 0
        self.clock = 0
        self.restarts: list[int] = []
        self._most, self._most_bytes = most, most_bytes
        self._entries: list[Entry] = []
        self._bytes = 0
        self._identities = [b"%d:%d" % place for place in enumerate(start)]
        self._joined: dict[tuple[int, int, bool], bytes] = {}

    @property
    def end(self) -> int:
        """The number of the entry that comes next."""
        return self.first + len(self._entries)

    @property
    def identity(self) -> bytes:
        """The id of the position after the last entry."""
        if len(self.next) > MAX_PARTITIONS:
            return encode_time(self.clock)
        return b",".join(self._identities)

    def append(self, partition: int, offset: int, time: int, value: bytes | None) -> None:
        """Add a message; one that is no event moves the position only.

        An offset that came before means that the partition was made anew.
        """
        if offset < self.next[partition]:
            self.reset(partition, offset, is_other_topic=True)
        self.next[partition] = offset + 1
        self._identities[partition] = b"%d:%d" % (partition, offset + 1)
        entry = read_event((partition, offset), time, self.identity, value) if value is not None else None
        if entry is None:
            return
        self._entries.append(entry)
        self._bytes += entry.size
        if len(self._entries) > self._most * _SLACK or self._bytes > self._most_bytes * _SLACK:
            self._shrink()

    def reset(self, partition: int, offset: int, *, is_other_topic: bool) -> None:
        """Begin at an offset of a partition, made anew or after messages that are gone: all entries are dropped.

        Every cursor has left the ring then.
        """
        if is_other_topic:
            self.restarts.append(partition)
        self._drop(len(self._entries))
        self.first += 1
        self.start[partition] = self.next[partition] = offset
        self._identities[partition] = b"%d:%d" % (partition, offset)

    def lagging(self, offsets: Sequence[int]) -> list[int]:
        """Return the partitions of which the ring does not have every event from these offsets."""
        return [p for p, offset in enumerate(offsets) if offset < self.start[p]]

    def read(self, cursor: int, most: int) -> Sequence[Entry]:
        """Return at most so many entries from a cursor that has not left the ring."""
        at = cursor - self.first
        return self._entries[at : at + most]

    def joined(self, cursor: int, end: int, *, with_document: bool) -> bytes:
        """Return the frames of the entries from a cursor until `end` as one; most subscribers ask for the same ones."""
        key = cursor, end, with_document
        found = self._joined.get(key)
        if found is None:
            entries = self.read(cursor, end - cursor)
            found = b"".join([entry.frame(with_document=with_document) for entry in entries])
            while len(self._joined) >= _JOINED:
                del self._joined[next(iter(self._joined))]
            self._joined[key] = found
        return found

    def _shrink(self) -> None:
        count, size = len(self._entries), self._bytes
        drop = 0
        while drop < count - 1 and (count - drop > self._most or size > self._most_bytes):
            size -= self._entries[drop].size
            drop += 1
        self._drop(drop)

    def _drop(self, count: int) -> None:
        for entry in self._entries[:count]:
            partition, offset = entry.place
            self.start[partition] = offset + 1
            self._bytes -= entry.size
        del self._entries[:count]
        self.first += count


def merged(identity: Sequence[int], ahead: Sequence[int]) -> bytes:
    """Return the id of the later of two positions, partition by partition."""
    return encode([max(places) for places in zip(identity, ahead, strict=True)])
