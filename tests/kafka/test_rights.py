"""What a worker has to be granted; and what a broker without rights says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streams.kafka.rights import Rights, ask_rights, missing_rights, refuse_missing_rights
from streams.kafka.topics import create_topics, topics
from streams.settings import Settings
from tests.brokers import AnyBroker

SETTINGS = Settings(topic_prefix="x.", app_id="g")
BOTH = frozenset({"Read", "Write"})
ALL = {spec.name: BOTH for spec in topics(SETTINGS)}


def test_a_worker_with_every_right_lacks_none() -> None:
    assert list(missing_rights(SETTINGS, Rights(ALL, BOTH))) == []


def test_what_the_broker_does_not_say_is_not_missing() -> None:
    assert list(missing_rights(SETTINGS, Rights({}, None))) == []


def test_a_worker_reads_feeds_and_its_own_events_and_writes_nothing_of_feeds() -> None:
    some = ALL | {"x.records.core": frozenset({"Read"}), "x.dedup.events": frozenset({"Read"})}
    assert list(missing_rights(SETTINGS, Rights(some, BOTH))) == ["Write on the topics x.dedup.events"]
    some = ALL | {name: frozenset({"Write"}) for name in ("x.records.core", "x.dedup.corrections", "x.dedup.review")}
    assert list(missing_rights(SETTINGS, Rights(some, BOTH))) == [
        "Read on the topics x.records.core, x.dedup.corrections"
    ]
    assert list(missing_rights(SETTINGS, Rights(ALL, frozenset()))) == ["Read on the group g"]


def test_a_broker_without_rights_grants_all(new_broker: Callable[..., AnyBroker], broker_kind: str) -> None:
    own = SETTINGS.model_copy(update={"kafka_url": new_broker().url})
    asyncio.run(create_topics(own))
    rights = asyncio.run(ask_rights(own))
    assert set(rights.topics.values()) == ({BOTH} if broker_kind == "kafka" else set())
    assert rights.group in (None, frozenset({"Read"}))
    asyncio.run(refuse_missing_rights(own))
