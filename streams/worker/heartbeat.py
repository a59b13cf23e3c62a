"""Write the heartbeat of this worker to Redis every second (`streams/state/heartbeats.py`).

It has a thread and a connection of its own, which waits for no replica, so that it delays neither a batch nor the lease. A
heartbeat that cannot be written is left out: the next one says the same and more.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import streams
from streams.errors import RedisError
from streams.event_log import EventLog
from streams.matching.ruleset import RULESET
from streams.ops.health import Health
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import connect_to_read
from streams.state.heartbeats import Heartbeat, HeartbeatStore, PartitionLag

__all__ = ["HeartbeatWriter"]

log = EventLog(__name__)

_SECONDS = 1.0


class HeartbeatWriter:
    """Writes what the metrics, the health and the lag of a worker are. Use from one event loop."""

    def __init__(
        self,
        settings: Settings,
        worker: str,
        address: str,
        metrics: Metrics,
        health: Health,
        partitions: Callable[[], Sequence[PartitionLag]],
    ) -> None:
        """Take the id of this worker, the `host:port` of its pages, and what returns its partitions. Asks Redis for nothing."""
        self._generation = settings.generation
        self._worker = worker
        self._address = address
        self._metrics = metrics
        self._health = health
        self._partitions = partitions
        self._started = time.time()
        self._connection = connect_to_read(settings)
        self._store = HeartbeatStore(settings.namespace, settings.generation, self._connection)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="heartbeat")
        self._failed = False

    async def keep(self) -> None:
        """Write a heartbeat every second, until this task is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            heartbeat = self.heartbeat()
            try:
                await loop.run_in_executor(self._thread, self._store.write, heartbeat)
                self._failed = False
            except RedisError as error:
                if not self._failed:
                    log.warning("heartbeat_unwritten", "{error}; heartbeats are left out until it answers", error=error)
                self._failed = True
            await asyncio.sleep(_SECONDS)

    def heartbeat(self) -> Heartbeat:
        """Return what this worker says of itself now."""
        work, ready = self._metrics.work(), self._health.ready()
        return Heartbeat(
            worker=self._worker,
            address=self._address,
            version=streams.__version__,
            ruleset=RULESET,
            generation=self._generation,
            time=time.time(),
            started=self._started,
            ready=ready.ok,
            reasons=[f"{check.name}: {check.reason}" for check in ready.checks if not check.ok],
            messages=work.messages,
            decided=work.decided,
            duplicates=work.duplicates,
            latency_bounds=list(work.latency_bounds),
            latency_counts=list(work.latency_counts),
            partitions=list(self._partitions()),
            rejected=work.rejected,
        )

    def close(self) -> None:
        """Delete the heartbeat, where Redis answered the last time, and give up the connection; the task has ended."""
        self._thread.shutdown(wait=not self._failed, cancel_futures=True)
        if not self._failed:
            with contextlib.suppress(RedisError):  # then it expires
                self._store.delete(self._worker)
        self._connection.close()
