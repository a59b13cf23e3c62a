"""The service over a real broker and Redis, with an engine in place of a worker that works when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence

import orjson
from litestar import Litestar
from litestar.testing import TestClient

from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS as SOURCE
from streams.events import CORRECTIONS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import follow
from streams.settings import Settings
from streams.state.connection import Connection
from tests.engine.worlds import handle
from tests.system.processes import wait_for

CHAPTER = {"title": "Chapter on corals and their kin", "authors": ["Ada Reef"], "year": 1999, "doi": "10.5555/book"}
OTHER = {"title": "Trees, groups and medians", "year": 2011, "doi": "10.5555/book"}
"""One DOI under two titles: a doubtful pair."""


class Desk:
    """What a curator works with: `api` is the client, `send` a record that arrives, `deciding` a worker that runs."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings = settings
        self.engine = Engine(settings, connection)
        self._sent = 0
        self.api: TestClient[Litestar]

    def send(self, record: str, paper: dict[str, object] | None) -> None:
        """Handle a payload of `source:id` and publish what comes of it; what is no payload becomes a dead letter."""
        source, _, name = record.partition(":")
        self.payload(orjson.dumps({"source": source, "id": name, **paper}) if paper else None, record.encode())

    def payload(self, value: bytes | None, key: bytes = b"k", origin: tuple[int, int] | None = None) -> None:
        self._sent += 1
        partition, offset = origin or (0, self._sent)
        topic = f"{self.settings.topic_prefix}records.document"
        self._handle([Incoming("document", key, value, 1_000 + self._sent, topic, partition, offset)])

    @contextlib.contextmanager
    def deciding(self) -> Iterator[None]:
        """Decide the corrections of the topic, from its beginning, until the block ends."""
        loop = asyncio.new_event_loop()
        task = loop.create_task(self._decide())
        thread = threading.Thread(target=self._run, args=(loop, task))
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join()

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    async def _decide(self) -> None:
        topic = self.settings.topic_prefix + CORRECTIONS
        async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
            async for m in follow(KafkaConnection.of(self.settings), [topic], from_beginning=True):
                published: list[Outgoing] = []
                handle(
                    self.engine,
                    [Incoming(SOURCE, m.key, m.value, m.timestamp, topic, m.partition, m.offset)],
                    published.extend,
                )
                await publisher.publish(published)

    def _handle(self, messages: Sequence[Incoming]) -> None:
        handle(self.engine, messages, lambda outgoing: asyncio.run(self._publish(outgoing)))

    async def _publish(self, messages: Sequence[Outgoing]) -> None:
        async with Publisher(KafkaConnection.of(self.settings), self.settings.topic_prefix) as publisher:
            await publisher.publish(messages)

    def wait_for_pairs(self, number: int) -> list[dict[str, object]]:
        """Wait until so many pairs are in the queue, and return them."""
        return list(
            wait_for(
                lambda: found if len(found := self.api.get("/api/v1/review").json()["items"]) == number else None,
                f"{number} pairs to review",
            )
        )

    def wait_for_letters(self, number: int) -> list[dict[str, object]]:
        """Wait until there are so many dead letters, and return them."""
        return list(
            wait_for(
                lambda: (
                    [True, *found]
                    if len(found := self.api.get("/api/v1/dead-letters").json()["items"]) == number
                    else None
                ),
                f"{number} dead letters",
            )[1:]
        )
