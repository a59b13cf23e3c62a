"""What the requests of one process share: a few index readers, each on a thread and a connection of its own.

Queries are synchronous (`streams/query`), so they run in threads; the event loop only waits. A reader follows the switch of a
rebuild to another index version within seconds.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Self, TypeVar

from streams.query.index_reader import IndexReader
from streams.query.titles import titles_of
from streams.serve.background import Background
from streams.serve.curation import Curation
from streams.serve.metrics import ServeMetrics
from streams.serve.recent import Recent
from streams.serve.timing import Timing, current_timing
from streams.settings import Settings
from streams.state.connection import Connection, connect_to_read
from streams.state.generation import current_generation, form_of
from streams.subscriptions.decision_tail import DecisionTail
from streams.subscriptions.hub import Hub
from streams.webhooks.configuration import read_webhooks
from streams.webhooks.dispatcher import Dispatcher

__all__ = ["READERS", "Resources"]

T = TypeVar("T")

READERS = 4
"""Questions answered at once; each takes a connection to Redis."""
_FOLLOW_SECONDS = 2.0


class Resources:
    """Use as `async with`. `settings` are those that the process was started with."""

    def __init__(self, settings: Settings) -> None:
        """Prepare what is opened later. Raises SettingsError where the file of webhooks is malformed."""
        self.settings = settings
        self.metrics = ServeMetrics()
        self.hub = Hub(settings)
        self.webhooks = Dispatcher(settings, read_webhooks(settings.webhooks_file), self.metrics.webhooks)
        self.decisions = DecisionTail(settings, self._titles)
        self._open = AsyncExitStack()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="query")
        self._local = threading.local()
        self._connections: list[Connection] = []
        self.curation = Curation(settings, self.ask)
        self.background = Background(settings, self.ask, self.curation.count_review)
        self.recent = Recent()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.hub)
        await self._open.enter_async_context(self.webhooks)
        self._open.push_async_callback(self.decisions.close)
        await self.curation.open()
        self._open.push_async_callback(self.curation.close)
        await self._open.enter_async_context(self.background)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()
        self._threads.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    async def ask(self, question: Callable[[IndexReader], T]) -> T:
        """Return what a question answers, asked on a thread with an index reader. Raises what it raises, and ServiceError."""
        timing = current_timing.get() or Timing()
        timing.ask()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question, timing)
        finally:
            timing.resume()

    def cut_off(self, path: str) -> None:
        """Count a client that was cut off as it took nothing of the answer to this path, where that is a stream of events."""
        if path.endswith("/events"):
            self.hub.fallen_behind += 1

    def show_metrics(self) -> None:
        """Set the metrics of what is held here, for a scrape."""
        self.metrics.show_subscribers(self.hub.subscribers, self.hub.fallen_behind)
        self.metrics.show_backlog(self.curation.backlog, time.time())

    def _answer(self, question: Callable[[IndexReader], T], timing: Timing) -> T:
        began = time.perf_counter()
        self._local.redis = 0.0
        try:
            return question(self._reader())
        finally:
            timing.took(began, self._local.redis)

    def _redis_answered(self, seconds: float) -> None:
        self._local.redis += seconds

    async def _titles(self, records: Sequence[str]) -> dict[str, str]:
        """Return the titles of the records that there are."""
        return await self.ask(lambda index: titles_of(index, records))

    def _reader(self) -> IndexReader:
        """Return this thread's reader of the current index version."""
        reader: IndexReader | None = getattr(self._local, "reader", None)
        now = time.monotonic()
        if reader is None:
            connection = connect_to_read(self.settings)
            connection.on_answer = self._redis_answered
            self._connections.append(connection)
            reader = IndexReader(current_generation(self.settings, connection), connection)
        elif now - self._local.followed > _FOLLOW_SECONDS:
            current = current_generation(self.settings, reader.connection)
            if (current.generation, form_of(current, reader.connection)) != (reader.settings.generation, reader.form):
                reader = IndexReader(current, reader.connection)
        else:
            return reader
        self._local.reader, self._local.followed = reader, now
        return reader
