"""At the end of a test without a scenario: Redis, the topics and a subscriber have the same records, and those that were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from streams import events
from streams.cli.context import open_state
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.settings import Settings
from streams.verification.verifier import Verifier
from tests.system.folded_events import folded
from tests.system.processes import wait_for

__all__ = ["check_agreement"]

_WAIT_SECONDS = 10.0


def check_agreement(settings: Settings, records: Iterable[str]) -> None:
    """Wait until a subscriber that folds `dedup.events` has these records and no other ones; fail where anything differs."""
    sent = set(records)

    def followed() -> bool:
        clusters = folded(asyncio.run(_published(settings)))
        return {record for cluster in clusters for record in cluster} == sent

    wait_for(followed, f"a subscriber has {sorted(sent)}")
    with open_state(settings) as (current, connection):
        report = asyncio.run(Verifier(current, connection).verify(_WAIT_SECONDS))
    assert report.differences == []
    assert report.counts["records"] == len(sent)


async def _published(settings: Settings) -> list[bytes]:
    topic = settings.topic_prefix + events.EVENTS
    return [message.value async for message in read_to_now(KafkaConnection.of(settings), [topic])]
