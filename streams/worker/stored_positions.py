"""What Redis remembers of partitions, read beside the work, on a connection and in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streams.errors import RedisError
from streams.ops.metrics import Metrics
from streams.settings import Settings
from streams.state.connection import connect
from streams.state.layout import Layout
from streams.state.progress import Histories, Place, Progress

__all__ = ["RedisMemory"]

log = logging.getLogger(__name__)
T = TypeVar("T")


class RedisMemory:
    """Remembered positions, as the consumer asks for them (`worker/consumer.py`)."""

    def __init__(self, settings: Settings, metrics: Metrics, found: Callable[[Histories], None]) -> None:
        """`found` is told, at each look, who remembers."""
        self._connection = connect(settings)
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._progress = Progress(layout, self._connection)
        self._metrics = metrics
        self._found = found
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory")

    async def positions(self) -> Mapping[Place, int]:
        """The next offset to handle of each partition. Raises RedisError."""
        look = await self._in_thread(self._progress.look)
        self._found(look.histories)
        return look.positions

    async def begin(self, places: list[Place]) -> None:
        """These are read from their beginning, whatever is remembered. Raises RedisError."""
        await self._in_thread(lambda: self._progress.put(dict.fromkeys(places, 0)))

    def rewound(self, place: Place, position: int, before: int) -> None:
        """A partition was set back to a position from the one before. Said here: loggers of Faust's services are mute."""
        log.warning("%s:%d: set back to %d, from %d", *place, position, before)
        self._metrics.rewound()

    def missed(self, place: Place, begins: int, ends: int) -> None:
        """No message came of these offsets; they are read again."""
        log.warning("%s:%d: nothing came of the offsets %d to %d; reading them again", *place, begins, ends - 1)

    def skipped(self, place: Place, begins: int, ends: int) -> None:
        """No message came of these offsets a second time: the topic has none."""
        log.warning("%s:%d: there are no messages with the offsets %d to %d", *place, begins, ends - 1)
        self._metrics.skipped(ends - begins)

    def failed(self, error: RedisError) -> None:
        """Partitions that were assigned wait."""
        log.warning("%s; partitions wait for it", error)

    def close(self) -> None:
        """Give up the connection."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._connection.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
