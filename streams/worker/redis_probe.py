"""Ask all Redis servers for a sign of life, on one connection of its own that is kept."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from streams.settings import Settings
from streams.state.connection import Connection, connect

__all__ = ["RedisProbe"]


class RedisProbe:
    """Pings Redis in a thread of its own. Use from one event loop, one ping at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="redis-probe")

    async def ping(self) -> None:
        """Raise RedisError where a server that takes writes does not answer; waits as long as the server does.

        A ping that is cancelled continues in its thread; the next one begins when it has ended.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._ping)

    def close(self) -> None:
        """Give up the connection."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._connection is not None:
            self._connection.close()

    def _ping(self) -> None:
        if self._connection is None:
            self._connection = connect(self._settings)
        self._connection.everywhere("PING")
