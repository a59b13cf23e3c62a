"""Send the events of `dedup.events` to one endpoint, in the order of each partition, and so of each cluster.

Each endpoint has a consumer group of its own, `<STREAMS_APP_ID>-webhook-<name>`, so its lag is visible wherever that of groups is.
The consumer is assigned all partitions by this process, which has the lease (`streams/webhooks/dispatcher.py`); nothing is
rebalanced.

Of each partition one event is on its way at a time. Its offset is committed after the endpoint took it, or after it was parked or
filtered out; commits are made once a second. A kill at any moment sends the events of the last second again, under the same ids.
A partition whose event is not taken waits, until the event is parked (`streams/webhooks/parking.py`); the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import events
from streams.errors import BrokerError, StreamsError
from streams.event_log import EventLog
from streams.kafka.cancellation import cancelled_only_by_caller
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.reader import describe, extents, read_one
from streams.kafka.refusal import explained
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings
from streams.subscriptions.filters import facts_of
from streams.webhooks.configuration import Endpoint
from streams.webhooks.delivery import Delivery, event_delivery
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.outcomes import OffError, Outcomes
from streams.webhooks.parking import Parked, Parking
from streams.webhooks.schedule import Answer, Retry, Schedule, Verdict
from streams.webhooks.states import Asked, EndpointState

__all__ = ["Sender", "group_of"]

log = EventLog(__name__)

Post = Callable[[Endpoint, Delivery], Awaitable[Answer]]

_AT_ONCE = 100
"""Messages that are fetched at once; those that filters leave out cost some ten microseconds each on the event loop."""
_IDLE_MS, _BUSY_MS = 500, 100
_COMMIT_SECONDS = 1.0
_AGAIN_SECONDS = 3600.0
"""A group without members is deleted a week after its last commit, also where its position did not move."""
_BACKOFF_SECONDS = (0.5, 10.0)
_MAX_BYTES = 1024 * 1024


def group_of(settings: Settings, name: str) -> str:
    """Return the consumer group of an endpoint."""
    return f"{settings.app_id}-webhook-{name}"


class Sender:
    """Sends to one endpoint while `run` runs. `state` is what is known of it; the caller stores it.

    More than ten methods, for events come from the topic and from what is parked, and a person may interfere.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: Endpoint,
        state: EndpointState,
        parked: Iterable[Parked],
        post: Post,
        metrics: WebhookMetrics,
        schedule: Schedule,
    ) -> None:
        """Take an endpoint with its state of before and what is parked of it, which are continued."""
        self.endpoint, self.state, self.parking = endpoint, state, Parking(parked)
        self._outcomes = Outcomes(endpoint, state, self.parking, metrics, schedule)
        self._settings, self._post = settings, post
        self._kafka = KafkaConnection.of(settings)
        self._topic = settings.topic_prefix + events.EVENTS
        self._enabled = asyncio.Event()
        self._wakes: dict[int, asyncio.Event] = {}
        self._times: dict[int, float] = {}
        """Unix seconds of the event of each partition that waits for its answer."""
        self._problem = ""
        self._committed: dict[TopicPartition, int] = {}
        self._commit_due = self._commit_again = 0.0
        self._ends_known = False
        self._resend_asked = 0.0
        state.origin = endpoint.origin

    async def run(self) -> None:
        """Send until cancelled; while the endpoint is off, wait until `enable` is called."""
        wait, last = _BACKOFF_SECONDS[0], ""
        while True:
            while self.state.off_since:
                self._enabled.clear()
                await self._enabled.wait()
            reason = await self._fault()
            if not self._problem:  # it had begun
                wait, last = _BACKOFF_SECONDS[0], ""
            self._problem = reason
            if not reason:
                continue
            if reason != last:
                log.warning("webhook_waits", "{name} waits: {reason}", name=self.endpoint.name, reason=reason)
            last = reason
            await asyncio.sleep(wait)
            wait = min(2 * wait, _BACKOFF_SECONDS[1])

    def obey(self, asked: Asked) -> None:
        """Carry out what a person has asked for since."""
        state = self.state
        if asked.enable > state.enabled_at:
            self._outcomes.enable(asked.enable)
            self._wake()
            self._enabled.set()
        if asked.discard > state.discarded_at:
            state.discarded_at = asked.discard
            parked = [each for each in self.parking.all() if each.parked_at <= asked.discard]
            self._outcomes.give_up(parked, "was discarded")
        if asked.redeliver > max(state.redelivered_at, self._resend_asked):
            self._resend_asked = asked.redeliver
            self.parking.send_again()

    def finish(self, now: float) -> EndpointState:
        """Return the state as it is to be stored now."""
        self.state.lag_seconds = max((round(now - each, 3) for each in self._times.values()), default=0.0)
        return self._outcomes.finish(now, self._problem)

    async def _fault(self) -> str:
        """Send until the endpoint is turned off; return why it had to stop before that, `""` where it was turned off."""
        try:
            await cancelled_only_by_caller(self._session())
        except OffError:
            return ""
        except (StreamsError, KafkaError, OSError) as error:
            return str(error if isinstance(error, StreamsError) else explained(self._kafka, "cannot be read", error))
        except Exception as error:  # one endpoint must not end the others
            log.error("webhook_failed", "{name} stopped by a fault of Streams", name=self.endpoint.name, cause=error)
            return f"a fault of Streams: {str(error) or type(error).__name__}"
        finally:
            self._times.clear()
            self._wakes.clear()
        return ""

    async def _session(self) -> None:
        places = (await describe(self._kafka, [self._topic], all_exist=False)).places
        if not places:
            raise BrokerError(f"Kafka has no topic {self._topic}; a worker creates it")
        self._ends_known = not await is_embedded_broker(self._settings)
        async with self._consumer() as consumer:
            await self._begin(consumer, places)
            self._problem = ""
            working: dict[TopicPartition | None, asyncio.Task[None]] = {}
            try:
                await self._follow(consumer, places, working)
            finally:
                for task in working.values():
                    task.cancel()
                await asyncio.gather(*working.values(), return_exceptions=True)
                with contextlib.suppress(KafkaError):
                    await self._commit(consumer)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            group_id=group_of(self._settings, self.endpoint.name),
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # where the topic was made anew, or has deleted what comes next
            max_partition_fetch_bytes=_MAX_BYTES,
            **self._kafka.consumer("webhook"),
        )
        async with started(consumer, self._kafka):
            yield consumer

    async def _begin(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
        """Seek the committed offsets; where there is none the stored ones, and else the beginning or the end of the topic."""
        consumer.assign(list(places))
        known = self.state.positions
        found = {place: await consumer.committed(place) for place in places}
        self._committed = {place: offset for place, offset in found.items() if offset is not None}
        is_new = any(found[place] is None and place.partition not in known for place in places)
        ends = await extents(self._kafka, self._topic) if is_new and self.endpoint.start == "now" else {}
        for place in places:
            offset = found[place] if found[place] is not None else known.get(place.partition)
            if offset is None:
                offset = ends[place].end if ends else 0
            known[place.partition] = offset
            consumer.seek(place, offset)
        self.state.positions = {place.partition: known[place.partition] for place in places}
        await self._commit(consumer, also_unchanged=True)

    async def _follow(
        self,
        consumer: AIOKafkaConsumer,
        places: Sequence[TopicPartition],
        working: dict[TopicPartition | None, asyncio.Task[None]],
    ) -> None:
        """Send what comes; beside the partitions, under None, what is parked and is to be sent again."""
        while True:
            if None not in working and (
                self.parking.next_due() is not None or self._resend_asked > self.state.redelivered_at
            ):
                working[None] = asyncio.create_task(self._resend())
            idle = [place for place in places if place not in working]
            if idle:
                wait = _BUSY_MS if working else _IDLE_MS
                found = await consumer.getmany(*idle, timeout_ms=wait, max_records=_AT_ONCE)
                for place, messages in found.items():
                    working[place] = asyncio.create_task(self._send_all(place, messages))
            if working:
                await asyncio.wait(
                    working.values(), timeout=0 if idle else _COMMIT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            for place in [place for place, task in working.items() if task.done()]:
                working.pop(place).result()
            self._measure(consumer, places)
            if time.monotonic() >= self._commit_due:
                await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer, *, also_unchanged: bool = False) -> None:
        now = time.monotonic()
        self._commit_due = now + _COMMIT_SECONDS
        positions = {TopicPartition(self._topic, number): offset for number, offset in self.state.positions.items()}
        if also_unchanged or now >= self._commit_again:
            changed = positions
            self._commit_again = now + _AGAIN_SECONDS
        else:
            changed = {place: at for place, at in positions.items() if self._committed.get(place) != at}
        if changed:
            await consumer.commit(changed)
            self._committed = positions

    def _measure(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
        """Set how many messages the endpoint is behind, by the ends that the last answers of the broker named."""
        ends = [consumer.highwater(place) for place in places] if self._ends_known else []
        positions = self.state.positions
        self.state.lag = (
            sum(max(end - positions[place.partition], 0) for place, end in zip(places, ends, strict=True) if end)
            if self._ends_known
            else None
        )

    async def _send_all(self, place: TopicPartition, messages: Sequence[Any]) -> None:
        for message in messages:
            if (event := self._wanted(message)) is not None:
                await self._send(place.partition, message, event)
            self.state.positions[place.partition] = message.offset + 1
            self._times.pop(place.partition, None)
        await asyncio.sleep(0)

    def _wanted(self, message: Any) -> Mapping[str, Any] | None:
        """Return the event of a message, None where it is none or the endpoint does not want it."""
        if message.value is None:
            return None
        try:
            event: Mapping[str, Any] = orjson.loads(message.value)
            wanted = self.endpoint.filter.passes(facts_of(event))
            str(event["event_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return None
        return event if wanted else None

    async def _send(self, partition: int, message: Any, event: Mapping[str, Any]) -> None:
        """Send an event until it is taken or parked. Raises OffError where the endpoint is turned off."""
        delivery = event_delivery(event, message.timestamp, with_document=self.endpoint.with_document)
        if self.parking.has(partition, message.offset, delivery.id):  # a session ended before the position moved on
            await self.parking.until_stored()
            return
        self._times[partition] = message.timestamp / 1000
        retry = self.state.retries.get(partition)
        if retry is not None and (retry.offset, retry.event_id) != (message.offset, delivery.id):
            self.state.retries.pop(partition)  # of a topic that was there before
            retry = None
        while True:
            if retry is not None:
                await self._wait(partition, retry)
            answer, said = await self._attempt(delivery)
            if said is Verdict.TAKEN:
                self._outcomes.taken(partition)
                self._wake()
                return
            retry = retry or Retry(message.offset, delivery.id, time.time())
            if not self._outcomes.failed(partition, retry, answer, said):
                await self.parking.until_stored()
                return

    async def _attempt(self, delivery: Delivery) -> tuple[Answer, Verdict]:
        answer = await self._post(self.endpoint, delivery)
        return answer, self._outcomes.count(answer)

    async def _resend(self) -> None:
        """Send what is due of the parked events again, each once; those that are not taken stay parked. Raises OffError."""
        asked = self._resend_asked
        while (parked := self.parking.next_due()) is not None:
            answers = await self._send_parked(parked)
            self.parking.settle(parked)
            if not answers and (left := self.parking.stop_sending()):
                reason = "{name} does not answer: {count} parked events were not sent again"
                log.warning("webhook_resend_stopped", reason, name=self.endpoint.name, count=left)
        self.state.redelivered_at = max(self.state.redelivered_at, asked)

    async def _send_parked(self, parked: Parked) -> bool:
        """Send a parked event once; return whether there was an answer. Raises OffError."""
        message = await read_one(self._kafka, self._topic, parked.partition, parked.offset)
        event = self._wanted(message) if message is not None else None
        if message is None or event is None or event["event_id"] != parked.event_id:
            self._outcomes.give_up([parked], f"is no longer in {self._topic}, or not wanted any more")
            return True
        delivery = event_delivery(event, message.timestamp, with_document=self.endpoint.with_document)
        answer, said = await self._attempt(delivery)
        self._outcomes.resent(parked, answer, said)
        return answer.status > 0

    async def _wait(self, partition: int, retry: Retry) -> None:
        """Wait until an event is due, which may become sooner."""
        wake = self._wakes.setdefault(partition, asyncio.Event())
        while (left := retry.due - time.time()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await wake.wait()
            wake.clear()

    def _wake(self) -> None:
        for wake in self._wakes.values():
            wake.set()
