"""Check what must hold before a worker starts; where it does not, the worker ends and says what to change."""

from __future__ import annotations

from streams.errors import RedisError, RedisSetupError, SettingsError
from streams.ops import diagnosis
from streams.ops.probes import ask_kafka
from streams.settings import Settings
from streams.state.connection import Connection

__all__ = ["check_eviction", "check_session"]


async def check_session(settings: Settings) -> None:
    """Raise SettingsError where Kafka would refuse the worker: aiokafka logs that, and then waits without partitions."""
    facts = await ask_kafka(settings.kafka_url, [])
    for refused in diagnosis.check_session(facts, settings.session_timeout):
        raise SettingsError(refused.check, refused.found, refused.advice)


def check_eviction(connection: Connection) -> None:
    """Raise RedisSetupError where a server would evict keys when its memory is full; one that does not report it passes."""
    try:
        answers = connection.everywhere("CONFIG", "GET", "maxmemory-policy")
    except RedisError:
        return
    for policy in (answer[1].decode() for answer in answers if len(answer) > 1):
        if policy != "noeviction":
            raise RedisSetupError(
                f"Redis has maxmemory-policy {policy}: it would lose records silently; set noeviction"
            )
