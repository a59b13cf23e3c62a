"""The process of `streams harvest`: make the source, connect to Kafka, serve metrics, and harvest until done or stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import NamedTuple

from aiohttp import web

from streams.errors import SettingsError
from streams.event_log import EventLog
from streams.harvest.checkpoints import CheckpointStore
from streams.harvest.claim import FeedClaim
from streams.harvest.client import FeedClient, Patience
from streams.harvest.feeds import FEEDS, Feed
from streams.harvest.harvester import Harvester, Progress
from streams.harvest.metrics import HarvestMetrics
from streams.harvest.pace import Pace
from streams.harvest.source import Options
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import describe
from streams.kafka.topics import create_topics, harvest_topics
from streams.ops.http import Access
from streams.ops.http_server import HttpServer
from streams.settings import PREFIX, Settings
from streams.settings.security import secret

__all__ = ["Wanted", "check_settings", "harvest"]

log = EventLog(__name__)


class Wanted(NamedTuple):
    """What a run does: `dry_run` publishes nothing and writes no checkpoint; `follow` harvests until it is stopped."""

    feed: str
    options: Options
    follow: bool = False
    dry_run: bool = False


def check_settings(settings: Settings, feed: Feed, options: Options) -> None:
    """Raise SettingsError where a setting is missing that this feed needs, or asks for more than the source grants."""
    if not settings.harvest_contact:
        raise SettingsError(
            f"{PREFIX}HARVEST_CONTACT",
            "is not set",
            "an address by which the people of the source reach you: mail or a page",
        )
    if 0 < settings.harvest_pace < feed.pace and not settings.harvest_url:
        raise SettingsError(
            f"{PREFIX}HARVEST_PACE",
            f"is {settings.harvest_pace:g}",
            f"{feed.pace:g} s or more, which {feed.title} asks for",
        )
    if feed.needs_key(options) and not _key(settings, feed) and not settings.harvest_url:
        name = f"{PREFIX}{feed.key.upper()}"
        raise SettingsError(name, "is not set", f"the API key of {feed.title}, here or in the file of {name}_FILE")


async def harvest(
    settings: Settings, wanted: Wanted, on_progress: Callable[[Progress], None] = lambda _progress: None
) -> Progress | None:
    """Harvest as wanted; return what was published, None where it was stopped by SIGINT or SIGTERM.

    Raises SettingsError, UsageError, FeedError and BrokerError.
    """
    feed = FEEDS[wanted.feed]
    check_settings(settings, feed, wanted.options)
    task = asyncio.ensure_future(_run(settings, feed, wanted, on_progress))
    with _stopped_by_signals(task):
        try:
            return await task
        except asyncio.CancelledError:
            return None


async def _run(
    settings: Settings, feed: Feed, wanted: Wanted, on_progress: Callable[[Progress], None]
) -> Progress | None:
    key = _key(settings, feed)
    source = feed.make(wanted.options, settings.harvest_url, key)
    metrics = HarvestMetrics(source.feed)
    patience = Patience(settings.harvest_attempts, settings.harvest_timeout, settings.harvest_wait_floor)
    client = FeedClient(
        feed.title,
        settings.harvest_contact,
        Pace(settings.harvest_pace or feed.pace),
        metrics,
        patience,
        feed.headers(key),
    )
    fenced = None if wanted.dry_run else await _fenced(settings, source.feed)
    async with (
        _publisher(settings, source.adapter, wanted.dry_run) as publisher,
        _claim(settings, source.feed, publisher) as claim,
        client,
    ):
        store = CheckpointStore(settings, source.feed, publisher)
        harvester = Harvester(
            source, client, store, publisher, metrics, claim, fenced, follows=wanted.follow, on_progress=on_progress
        )
        async with _metrics_port(settings, metrics) if wanted.follow else nullcontext():
            try:
                if not wanted.follow:
                    return await harvester.once()
                await harvester.follow(settings.harvest_interval)
            except asyncio.CancelledError:
                await harvester.stop()
                raise
    return None


@asynccontextmanager
async def _publisher(settings: Settings, adapter: str, dry_run: bool) -> AsyncIterator[Publisher | None]:
    if dry_run:
        yield None
        return
    await create_topics(settings, specs=harvest_topics(settings, adapter))
    async with Publisher(KafkaConnection.of(settings), settings.topic_prefix, shared=True) as publisher:
        yield publisher


async def _fenced(settings: Settings, feed: str) -> Callable[[], Publisher] | None:
    """Return what makes publishers of a feed, each ending those before it; None on the embedded broker. Raises BrokerError."""
    kafka = KafkaConnection.of(settings)
    if not (await describe(kafka, [])).has_true_ends:  # nor has it transactions
        return None
    name = f"{settings.topic_prefix}harvest.{feed}"
    return lambda: Publisher(kafka, settings.topic_prefix, shared=True, transactional_id=name)


def _claim(settings: Settings, feed: str, publisher: Publisher | None) -> AbstractAsyncContextManager[FeedClaim | None]:
    return nullcontext() if publisher is None else FeedClaim(settings, feed, publisher)


@asynccontextmanager
async def _metrics_port(settings: Settings, metrics: HarvestMetrics) -> AsyncIterator[None]:
    access = Access.of(settings)

    async def exposition(request: web.Request) -> web.Response:
        if (refusal := access.refusal(request)) is not None:
            return refusal
        return web.Response(
            body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    application = web.Application()
    application.router.add_get("/metrics", exposition)
    application.router.add_get("/healthz", healthz)
    server = HttpServer(settings.http_host, settings.harvest_port, application, setting="HARVEST_PORT")
    await server.start()
    log.info("metrics_served", "metrics at http://{host}:{port}/metrics", host=settings.http_host, port=server.port)
    try:
        yield
    finally:
        await server.close()


@contextlib.contextmanager
def _stopped_by_signals(task: asyncio.Future[Progress | None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _key(settings: Settings, feed: Feed) -> str:
    return secret(settings, feed.key) if feed.key else ""
