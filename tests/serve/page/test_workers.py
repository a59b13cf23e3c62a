from __future__ import annotations

import asyncio

from streams.harvest.checkpoints import Checkpoint, CheckpointStore, State
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics, harvest_topics
from tests.query.conftest import Library
from tests.serve.conftest import Client
from tests.serve.desk import Desk
from tests.serve.page.conftest import HTML
from tests.serve.page.forms import text_of
from tests.serve.routes.test_stats import beat
from tests.system.processes import wait_for


def test_a_worker_is_shown_with_why_it_is_not_ready(client: Client, library: Library) -> None:
    assert "No worker has had a heartbeat" in client.get("/workers", headers=HTML).text
    beat(library, 1200)
    page = wait_for(
        lambda: "kafka: away" in (found := client.get("/workers", headers=HTML).text) and found, "the worker"
    )
    assert "not ready" in page
    assert "1,200" in page
    part = client.get("/workers", headers=HTML | {"HX-Request": "true"}).text
    assert "kafka: away" in part
    assert "<html" not in part


def test_while_redis_is_away_it_says_since_when(visitor: Client) -> None:
    page = wait_for(
        lambda: "is not read. What is below" in (found := visitor.get("/workers").text) and found, "the state of Redis"
    )
    assert 'role="alert"' in page


def test_feeds_that_are_harvested_are_shown_with_how_far_they_are(desk: Desk) -> None:
    async def harvested() -> None:
        await create_topics(desk.settings, specs=harvest_topics(desk.settings, "arxiv"))
        async with Publisher(KafkaConnection.of(desk.settings), desk.settings.topic_prefix, shared=True) as publisher:
            store = CheckpointStore(desk.settings, "arxiv", publisher)
            await store.write(
                Checkpoint("arxiv", "2026-11-01", "2026-11-28", newest="2026-11-27", pending=("2026-11-03/2026-11-04",))
            )
            await store.write_state(State("arxiv", "failed", "503 for four minutes", time=9.0, records=1200))

    def shown(words: str, path: str = "/workers") -> str:
        def found() -> str:
            text = text_of(desk.api.get(path, headers=HTML))
            return text if words in text else ""

        return str(wait_for(found, words))

    shown("No feed was harvested")
    asyncio.run(harvested())
    page = shown("503 for four minutes 2026-11-28")
    assert "1 span of days is asked for again 2026-11-27 never 1,200" in page
    assert "Harvesters 1 of 1 stale or failed arxiv" in shown("stale or failed", "/")


def test_while_kafka_is_away_harvesters_are_not_known(visitor: Client) -> None:
    assert "Kafka, which has the states of harvesters, is not read" in text_of(visitor.get("/workers"))
