"""Watch the topics under a running worker: those that are missing, and partitions that no worker of the group has.

A topic that workers write is created again at once. One of a feed is not, for a person may be about to create it with other
partitions; the worker says that it is missing, and a worker that starts creates it. A topic that workers write and that has
another number of partitions than when the state was begun ends the worker.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar

from streams.errors import BrokerError, StateError
from streams.event_log import EventLog
from streams.kafka.topics import RECORDS, create_topics, input_topics, topics
from streams.ops.diagnosis import compare_partitions
from streams.ops.health import Health
from streams.settings import Settings

__all__ = ["TopicWatch"]

log = EventLog(__name__)

_LOOK_SECONDS = 3.0
_PATIENT_LOOKS = 2
"""Looks in a row at which a partition has no worker: the first one may come between a rebalance and its end."""

T = TypeVar("T")
Partitions = Mapping[str, frozenset[int]]


class TopicWatch:
    """Compares the topics with those that this installation needs, and reports to Health. Use from one event loop."""

    def __init__(
        self,
        settings: Settings,
        health: Health,
        list_partitions: Callable[[], Awaitable[Partitions]],
        assigned: Callable[[], Awaitable[Partitions | None]],
        on_wrong: Callable[[StateError], None],
        on_unowned: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Take what asks the broker: the partitions of all topics, and those that the group has, None in a rebalance.

        `on_wrong` is called where a topic has another number of partitions than it should, `on_unowned` with the number of
        partitions that no worker has.
        """
        self._settings = settings
        self._health = health
        self._list = list_partitions
        self._assigned = assigned
        self._on_wrong = on_wrong
        self._on_unowned = on_unowned
        self.fixed: Mapping[str, int] = {}
        """The numbers of partitions that are fixed with the state, by topic."""
        self._unowned_looks = 0
        self._unanswered: Counter[str] = Counter()

    async def keep(self) -> None:
        """Look every three seconds, until this task is cancelled. What the broker does not answer twice is reported."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self.look()
            except StateError as error:
                self._on_wrong(error)
            except BrokerError as error:
                log.debug("topics_unknown", "{error}", error=error)
            except Exception as error:  # an answer of a broker that aiokafka cannot read is no reason to end
                log.debug(
                    "topics_unknown", "the topics cannot be compared: {error!r}", error=error, kind=type(error).__name__
                )

    async def look(self) -> None:
        """Compare once; create again what workers write.

        Raises BrokerError where the broker does not answer, StateError where a topic has another number of partitions.
        """
        listed = await self._answer("topics", self._list)
        # Kafka lists no partition without a leader, so fewer than there were mean nothing.
        numbers = {name: max(listed[name]) + 1 for name in self.fixed if listed.get(name)}
        compare_partitions({name: count for name, count in numbers.items() if count > self.fixed[name]}, self.fixed)
        missing = [spec.name for spec in topics(self._settings) if not listed.get(spec.name)]
        self._health.trouble("topics", await self._repair(missing) if missing else "")
        await self._check_owners(listed)

    async def _answer(self, trouble: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what the broker answers; report where it fails at two looks in a row, as where a right was taken away."""
        try:
            answer = await ask()
        except Exception as error:
            self._unanswered[trouble] += 1
            if self._unanswered[trouble] >= _PATIENT_LOOKS:
                self._health.trouble(trouble, f"not known: {str(error) or type(error).__name__}")
            raise
        if self._unanswered.pop(trouble, 0) >= _PATIENT_LOOKS:
            self._health.trouble(trouble, "")
        return answer

    async def _repair(self, missing: Collection[str]) -> str:
        """Create the missing topics that workers write; return what to report of all of them."""
        feeds = self._settings.topic_prefix + RECORDS
        own = [name for name in missing if not name.startswith(feeds)]
        reasons = [f"missing: {', '.join(missing)}"]
        if own:
            try:
                created = await create_topics(self._settings, own, self.fixed)
            except BrokerError as error:
                reasons.append(str(error))
            else:
                reasons += [f"{', '.join(created)} created again"] if created else []
                for name in created:
                    log.warning(
                        "topic_created_again", "topic {topic} was missing; it was created again, empty", topic=name
                    )
        if len(own) < len(missing):
            reasons.append("create the topic of the feed, or restart a worker, which does")
        return "; ".join(reasons)

    async def _check_owners(self, listed: Partitions) -> None:
        assigned = await self._answer("partitions", self._assigned)
        if assigned is None:
            return
        none: frozenset[int] = frozenset()
        unowned = [
            f"{topic}:{partition}"
            for topic in input_topics(self._settings)
            for partition in sorted(listed.get(topic, none) - assigned.get(topic, none))
        ]
        self._unowned_looks = self._unowned_looks + 1 if unowned else 0
        self._on_unowned(len(unowned))
        late = self._unowned_looks >= _PATIENT_LOOKS
        self._health.trouble("partitions", f"no worker has {', '.join(unowned)}" if late else "")
