"""Send the events of `dedup.events` to one endpoint, in the order of each partition, and so of each cluster.

Each endpoint has a consumer group of its own, `<STREAMS_APP_ID>-webhook-<name>`, so its lag is visible wherever that of groups is.
The consumer is assigned all partitions by this process, which has the lease (`streams/webhooks/dispatcher.py`); nothing is
rebalanced.

Of each partition one event is on its way at a time. Its offset is committed after the endpoint took it, or after it was given up or
filtered out; commits are made once a second. A kill at any moment sends the events of the last second again, under the same ids.
A partition whose event is not taken waits; the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
from streams.kafka.reader import describe, extents
from streams.kafka.refusal import explained
from streams.kafka.topics import is_embedded_broker
from streams.settings import Settings
from streams.subscriptions.filters import facts_of
from streams.webhooks.configuration import Endpoint
from streams.webhooks.delivery import Delivery, event_delivery
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.schedule import Answer, Retry, Schedule, Verdict, renewed, verdict
from streams.webhooks.states import EndpointState

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


class _OffError(Exception):
    """The endpoint was turned off."""


class Sender:
    """Sends to one endpoint while `run` runs. `state` is what is known of it; the caller stores it.

    More than ten methods, for an attempt may be taken, refused, put off or given up.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: Endpoint,
        state: EndpointState,
        post: Post,
        metrics: WebhookMetrics,
        schedule: Schedule,
    ) -> None:
        """Take an endpoint with its state of before, which is continued."""
        self.endpoint, self.state = endpoint, state
        self._settings, self._post, self._metrics, self._schedule = settings, post, metrics, schedule
        self._kafka = KafkaConnection.of(settings)
        self._topic = settings.topic_prefix + events.EVENTS
        self._enabled = asyncio.Event()
        self._wakes: dict[int, asyncio.Event] = {}
        self._times: dict[int, float] = {}
        """Unix seconds of the event of each partition that waits for its answer."""
        self._problem, self._refusal = "", state.reason
        self._committed: dict[TopicPartition, int] = {}
        self._commit_due = self._commit_again = 0.0
        self._ends_known = False
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

    def enable(self, moment: float) -> None:
        """Carry out that a person has enabled the endpoint: what waits is due now, and its waits restart."""
        state = self.state
        state.enabled_at = moment
        state.off_since = state.failing_since = 0.0
        state.reason = ""
        for retry in state.retries.values():
            retry.level, retry.due, retry.passed = 0, 0.0, False
        self._wake()
        self._enabled.set()

    def finish(self, now: float) -> EndpointState:
        """Return the state as it is to be stored now."""
        state = self.state
        state.time = now
        state.lag_seconds = max((round(now - each, 3) for each in self._times.values()), default=0.0)
        if state.off_since:
            state.status = "off"
        elif self._problem:
            state.status, state.reason = "waiting", self._problem
        elif state.failing_since or state.retries:
            state.status, state.reason = "retrying", self._refusal
        else:
            state.status, state.reason = "sending", ""
        return state

    async def _fault(self) -> str:
        """Send until the endpoint is turned off; return why it had to stop before that, `""` where it was turned off."""
        try:
            await cancelled_only_by_caller(self._session())
        except _OffError:
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
            working: dict[TopicPartition, asyncio.Task[None]] = {}
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
        working: dict[TopicPartition, asyncio.Task[None]],
    ) -> None:
        while True:
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
        """Send an event until it is taken or given up. Raises _OffError where the endpoint is turned off."""
        delivery = event_delivery(event, message.timestamp, with_document=self.endpoint.with_document)
        self._times[partition] = message.timestamp / 1000
        retry = self.state.retries.get(partition)
        if retry is not None and (retry.offset, retry.event_id) != (message.offset, delivery.id):
            self.state.retries.pop(partition)  # of a topic that was there before
            retry = None
        while True:
            if retry is not None:
                await self._wait(partition, retry)
            answer = await self._post(self.endpoint, delivery)
            said = verdict(answer.status)
            self._metrics.count(self.endpoint.name, said.value)
            if said is Verdict.TAKEN:
                self._taken(partition)
                return
            retry = retry or Retry(message.offset, delivery.id, time.time())
            if not self._failed(partition, retry, answer, said):
                return

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

    def _taken(self, partition: int) -> None:
        state, now = self.state, time.time()
        state.taken += 1
        state.last_taken = now
        state.retries.pop(partition, None)
        if state.failing_since:
            log.info("webhook_recovered", "{name} takes events again", name=self.endpoint.name)
            state.failing_since = 0.0
        for retry in state.retries.values():
            renewed(retry, now)
        self._wake()

    def _failed(self, partition: int, retry: Retry, answer: Answer, said: Verdict) -> bool:
        """Note an attempt that failed; return whether the event is sent again. Raises _OffError."""
        state, name, now = self.state, self.endpoint.name, time.time()
        if not state.failing_since:
            state.failing_since = now
            log.warning(
                "webhook_fails", "{name} did not take {event}: {reason}", name=name, event=retry.event_id,
                reason=answer.reason,
            )  # fmt: skip
        state.failed += 1
        state.last_failed = now
        self._refusal = answer.reason
        again = self._schedule.after(retry, answer, now)
        state.retries[partition] = retry
        if said is Verdict.GONE:
            self._turn_off("it answered 410 Gone", now)
        if not again:
            state.retries.pop(partition)
            state.given_up += 1
            self._metrics.count(name, "given_up")
            log.error(
                "webhook_given_up", "{name}: {event} is not sent again after {attempts} attempts: {reason}", name=name,
                event=retry.event_id, attempts=retry.attempts, reason=answer.reason,
            )  # fmt: skip
        elif self._schedule.is_over(state.failing_since, now):
            self._turn_off(f"it has taken nothing for too long; at last: {answer.reason}", now)
        return again

    def _turn_off(self, reason: str, now: float) -> None:
        self.state.off_since, self.state.reason = now, reason
        log.error(
            "webhook_off", "{name} is off: {reason}; `streams webhooks enable {name}` turns it on",
            name=self.endpoint.name, reason=reason,
        )  # fmt: skip
        raise _OffError
