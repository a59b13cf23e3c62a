"""Send to all endpoints while this process has the lease: of several processes with a file of webhooks one sends.

Another process takes over within seconds after the holder ends, and within ten where it was killed. Once a second the states of
endpoints are written, and it is read which ones a person has enabled. A process that slept longer than its lease may send an event
again that the next one has sent already: receivers fold by revision.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

import msgspec

from streams.errors import StreamsError
from streams.event_log import EventLog
from streams.kafka.cancellation import stop_task
from streams.settings import Settings
from streams.state.connection import connect
from streams.webhooks.configuration import Webhooks
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.parking import Parked
from streams.webhooks.post import Post
from streams.webhooks.schedule import Schedule
from streams.webhooks.sender import Sender
from streams.webhooks.states import LEASE_SECONDS, EndpointState, StateStore

__all__ = ["Dispatcher"]

log = EventLog(__name__)
T = TypeVar("T")

_TICK_SECONDS = 1.0
_ASK_SECONDS = 2.0


class Dispatcher:
    """A background task of a process that serves. Use as `async with`; without endpoints it does nothing.

    `is_sending` says whether this process has the lease.
    """

    def __init__(
        self,
        settings: Settings,
        webhooks: Webhooks,
        metrics: WebhookMetrics,
        schedule: Schedule | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Prepare to send; asks no server for anything."""
        self._settings, self._webhooks, self._metrics = settings, webhooks, metrics
        self._schedule = schedule or Schedule()
        self._lease_seconds = lease_seconds
        self._token = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None
        self.is_sending = False

    async def __aenter__(self) -> Self:
        if self._webhooks.endpoints:
            # With WAIT: a failover must not lose what is parked, for the position has moved on.
            self._connection = connect(self._settings)
            self._store = StateStore(self._settings.namespace, self._connection, self._lease_seconds)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="webhooks")
            self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is None:
            return
        await stop_task(self._task)
        self._thread.shutdown(wait=True)
        self._connection.close()

    async def _run(self) -> None:
        """Send while this process has the lease, until cancelled; Redis is waited for."""
        last = ""
        while True:
            try:
                if not (await self._call(lambda: self._store.write(self._token, {}))).held:
                    await asyncio.sleep(_ASK_SECONDS)
                    continue
                last = ""
                states, parked = await self._call(self._read)
                await self._send(states, parked)
            except StreamsError as error:
                if str(error) != last:
                    last = str(error)
                    log.warning("webhooks_wait", "no webhooks are sent: {reason}", reason=last)
            await asyncio.sleep(_ASK_SECONDS)

    def _read(self) -> tuple[dict[str, EndpointState], dict[str, list[Parked]]]:
        names = [endpoint.name for endpoint in self._webhooks.endpoints]
        return self._store.read(), {name: self._store.parked(name) for name in names}

    async def _send(self, states: dict[str, EndpointState], parked: Mapping[str, Sequence[Parked]]) -> None:
        """Send until another process has the lease. Raises RedisError."""
        self._metrics.begin(endpoint.name for endpoint in self._webhooks.endpoints)
        async with Post(self._webhooks.networks) as post:
            senders = [
                Sender(
                    self._settings, each, states.get(each.name) or EndpointState(each.name), parked.get(each.name, ()),
                    post, self._metrics, self._schedule,
                )
                for each in self._webhooks.endpoints
                if each.enabled
            ]  # fmt: skip
            tasks = [asyncio.create_task(sender.run()) for sender in senders]
            self.is_sending = True
            log.info("webhooks_sent", "this process sends to {count} endpoints", count=len(senders))
            try:
                await self._keep(senders, self._disabled(states))
                log.info("webhooks_passed", "another process sends webhooks")
            except asyncio.CancelledError:
                await asyncio.gather(*map(stop_task, tasks))
                await self._last_words(senders)
                raise
            finally:
                self.is_sending = False
                await asyncio.gather(*map(stop_task, tasks))
                self._metrics.end()

    async def _keep(self, senders: list[Sender], others: dict[str, bytes]) -> None:
        """Write states every second, until another process has the lease."""
        written: dict[str, bytes] = {}
        names = [sender.endpoint.name for sender in senders]
        while True:
            asked = await self._call(lambda: self._store.asked(names))
            for sender in senders:
                sender.obey(asked[sender.endpoint.name])
            found = others | self._finished(senders)
            changed = {name: value for name, value in found.items() if written.get(name) != value}
            if not await self._write(senders, changed):
                return
            written = found
            await asyncio.sleep(_TICK_SECONDS)

    async def _write(self, senders: Sequence[Sender], states: Mapping[str, bytes], *, release: bool = False) -> bool:
        """Write states and what is parked; return whether this process still had the lease. Raises RedisError."""
        unstored = [(sender, sender.parking.version) for sender in senders if not sender.parking.is_stored]
        parked = {sender.endpoint.name: msgspec.json.encode(sender.parking.all()) for sender, _ in unstored}
        lease = await self._call(lambda: self._store.write(self._token, states, parked, release=release))
        if lease.renewed:
            for sender, version in unstored:
                sender.parking.store(version)
        return lease.renewed

    def _finished(self, senders: list[Sender]) -> dict[str, bytes]:
        now, found = time.time(), {}
        for sender in senders:
            state = sender.finish(now)
            self._metrics.show(state)
            found[state.name] = msgspec.json.encode(state)
        return found

    def _disabled(self, states: dict[str, EndpointState]) -> dict[str, bytes]:
        """Return the states of endpoints that the file disables, which do not change."""
        found = {}
        for endpoint in self._webhooks.endpoints:
            if not endpoint.enabled:
                state = states.get(endpoint.name) or EndpointState(endpoint.name)
                state.origin, state.status, state.reason = endpoint.origin, "disabled", "the file says so"
                state.time = time.time()
                found[endpoint.name] = msgspec.json.encode(state)
        return found

    async def _last_words(self, senders: list[Sender]) -> None:
        """Write the states and give the lease back; where Redis is away the next process begins with those of a second before."""
        states = self._finished(senders)
        try:
            await asyncio.shield(self._write(senders, states, release=True))
        except StreamsError as error:
            log.warning("webhooks_wait", "the states were not written: {reason}", reason=str(error))

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
