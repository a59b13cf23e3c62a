"""What goes into the engine and what comes out of it: messages of feeds, and the batches that are to be published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from streams import events
from streams.clusters.committed import Committed
from streams.engine.prepare import Raw
from streams.engine.statistics import Statistics
from streams.errors import PayloadError
from streams.events import Outgoing
from streams.records import version

__all__ = ["Batch", "Incoming"]

_NOTHING = Statistics()


class Incoming(NamedTuple):
    """A message of a feed or a correction: `source` as in `Raw`, `taken` is the broker's time in ms.

    A dead letter that is sent again names that letter (`retry_of`), and keeps its arrival order (`arrived`, see
    `version.arrival`): what came since is not undone by it.
    """

    source: str
    key: bytes
    value: bytes | None
    taken: int
    topic: str
    partition: int
    offset: int
    retry_of: str = ""
    arrived: int = 0

    @property
    def raw(self) -> Raw:
        """Return the part that the intake needs."""
        return Raw(self.source, self.key, self.value, min(self.arrival, version.MAX_ARRIVAL))

    @property
    def arrival(self) -> int:
        """Return the arrival order of the message among those about one record."""
        return self.arrived or version.arrival(self.taken, self.offset)

    @property
    def origin(self) -> str:
        """Return where the message is, `topic:partition:offset`."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    def letter(self, error: PayloadError) -> Outgoing:
        """Return the dead letter of the message, or of one item of it."""
        return events.dead_letter(
            error,
            self.value or b"",
            self.origin,
            self.source,
            self.key,
            arrival=self.arrival,
            retry_of=self.retry_of,
        )


class Batch(NamedTuple):
    """What a micro-batch publishes, and what `Outbox.acknowledge` needs afterwards.

    `drained` are events found pending in the outbox, by outbox key; `repeated` what `LateStates` handed out.
    """

    outgoing: Sequence[Outgoing]
    committed: Sequence[Committed]
    statistics: Statistics = _NOTHING
    drained: Mapping[bytes, Sequence[str]] = {}
    repeated: Sequence[bytes] = ()

    @classmethod
    def of(
        cls,
        committed: Sequence[Committed],
        statistics: Statistics = _NOTHING,
        *,
        before: Sequence[Outgoing] = (),
        after: Sequence[Outgoing] = (),
    ) -> Batch:
        """Return a batch that publishes the changes of groups, with other messages `before` and `after` them."""
        changes = [change for c in committed for change in c.described.changes]
        changed = Counter(change.type for change in changes)
        sizes = [len(change.after) for change in changes]
        counted = statistics + Statistics(changed=changed, sizes=sizes)
        return cls([*before, *_publications(committed), *after], committed, counted)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to publish and nothing to acknowledge."""
        return not (self.outgoing or self.committed or self.drained)


def _publications(committed: Sequence[Committed]) -> Iterable[Outgoing]:
    """Return the messages of changes: their events, and the states they led to."""
    published: set[str] = set()
    for c in committed:
        pending = c.events
        for field, event in pending.items():
            if field not in published:  # an event of this batch may be pending before another event of this batch
                yield Outgoing(events.EVENTS, field.rpartition(":")[0].encode(), event)
        published.update(pending)
        yield from events.state_messages(c.described)
