"""Detect that this worker waits in a consumer group that is stuck, so that it can restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from streams.errors import BrokerError
from streams.ops.health import Health

__all__ = ["wait_until_stuck"]

_LOOK_SECONDS, _ANSWER_SECONDS = 1.0, 2.0
_STUCK_SESSIONS = 12
"""Sessions without partitions, from a broker that answers, after which the group is taken for stuck.

aiokafka does not ask again after what it takes for a final refusal. Kafka assigns partitions within its rebalance timeout, 60 s,
which is less than this for any session it grants.
"""


async def wait_until_stuck(health: Health, ping_broker: Callable[[], Awaitable[None]], session_seconds: float) -> float:
    """Return the seconds without partitions once the broker answered throughout and assigned none for twelve sessions."""
    most = _STUCK_SESSIONS * session_seconds
    since = time.monotonic()
    while (waited := time.monotonic() - since) <= most:
        await asyncio.sleep(_LOOK_SECONDS)
        if health.knows_partitions or not await _answers(ping_broker):
            since = time.monotonic()
    return waited


async def _answers(ping_broker: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await ping_broker()
    except (BrokerError, TimeoutError):
        return False
    return True
