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
from streams.state.group_store import SingletonCommit

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

    `singletons` are the clusters that began with one record, `committed` all other changes, which came after them. `drained`
    are events found pending in the outbox, by outbox key; `repeated` what `LateStates` handed out.
    """

    outgoing: Sequence[Outgoing]
    committed: Sequence[Committed]
    statistics: Statistics = _NOTHING
    drained: Mapping[bytes, Sequence[str | bytes]] = {}
    repeated: Sequence[bytes] = ()
    singletons: Sequence[SingletonCommit] = ()

    @classmethod
    def of(
        cls,
        committed: Sequence[Committed],
        statistics: Statistics = _NOTHING,
        *,
        singletons: Sequence[SingletonCommit] = (),
        before: Sequence[Outgoing] = (),
        after: Sequence[Outgoing] = (),
    ) -> Batch:
        """Return a batch that publishes the changes of groups, with other messages `before` and `after` them."""
        changes = [change for c in committed for change in c.described.changes]
        changed = Counter(change.type for change in changes)
        if singletons:
            changed["created"] += len(singletons)
        sizes = [1] * len(singletons) + [len(change.after) for change in changes]
        counted = statistics + Statistics(changed=changed, sizes=sizes)
        outgoing = list(before)
        for commit in singletons:
            outgoing += commit.singleton.messages(commit.field)
        published = {commit.field.decode() for commit in singletons} if committed else set()
        outgoing += _publications(committed, published)
        outgoing += after
        return cls(outgoing, committed, counted, singletons=singletons)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to publish and nothing to acknowledge."""
        return not (self.outgoing or self.committed or self.drained or self.singletons)

    @property
    def clusters(self) -> set[bytes]:
        """Return the keys of the clusters whose states are published."""
        return {commit.id for commit in self.singletons}.union(*(c.described.states for c in self.committed))


def _publications(committed: Sequence[Committed], published: set[str]) -> Iterable[Outgoing]:
    """Yield the messages of changes: their events but for those `published` before, and the states they led to."""
    for c in committed:
        pending = c.events
        for field, event in pending.items():
            if field not in published:  # an event of this batch may be pending before another event of this batch
                yield Outgoing(events.EVENTS, field.rpartition(":")[0].encode(), event)
        published.update(pending)
        yield from events.state_messages(c.described)
