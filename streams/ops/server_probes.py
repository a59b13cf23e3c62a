"""Ask Redis and the broker for a sign of life beside the work, and report the answers to Health.

However many requests come for `/readyz`, a server is asked once a second at most; the others get the answer of before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from streams.errors import StreamsError
from streams.ops.health import Health

__all__ = ["Ping", "Probes"]

_PING_SECONDS = 2.0
_FRESH_SECONDS = 1.0
_INTERVAL_SECONDS = 2.0

Ping = Callable[[], Awaitable[Any]]
"""Pings a server; raises where it does not answer."""


class Probes:
    """The probes of both servers. Use from one event loop."""

    def __init__(self, health: Health, *, redis: Ping | None = None, broker: Ping | None = None) -> None:
        """Take the pings; a server without one is not asked."""
        self._probes = _Probe(redis, partial(health.redis_away, caller="probe")), _Probe(broker, health.broker_away)

    async def ask(self) -> None:
        """Return once the servers were asked, a second ago at most."""
        await asyncio.gather(*(probe.ask() for probe in self._probes))

    async def keep(self) -> None:
        """Ask every two seconds, until this task is cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(_INTERVAL_SECONDS)


class _Probe:
    def __init__(self, ping: Ping | None, away: Callable[[str], None]) -> None:
        """Take `away`, which is called with the reason where the server does not answer, and with `""` where it does."""
        self._ping = ping
        self._away = away
        self._asked = 0.0
        self._task: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        if self._ping is None:
            return
        now = asyncio.get_running_loop().time()
        if self._task is None or (self._task.done() and now - self._asked >= _FRESH_SECONDS):
            self._asked = now
            self._task = asyncio.create_task(self._report(self._ping))
        await asyncio.shield(self._task)

    async def _report(self, ping: Ping) -> None:
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await ping()
        except TimeoutError:
            self._away(f"no answer within {_PING_SECONDS:g} s")
        except StreamsError as error:
            self._away(str(error) or "no answer")
        except Exception as error:  # whatever the client raises, the server did not answer
            self._away(f"{type(error).__name__}: {error}")
        else:
            self._away("")
