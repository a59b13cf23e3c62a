"""Wait, un-ready, until the servers of a worker can be used.

A server that is away, full, loading or refusing writes comes back by itself or by its operator, and nothing about the worker
would be better after a restart: so it tries again, with growing pauses. What a setting is wrong about ends the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from streams.errors import ServiceError, WrongSetupError
from streams.event_log import EventLog

__all__ = ["until_possible"]

log = EventLog(__name__)
T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_LOG_SECONDS = 60.0


async def until_possible(server: str, work: Callable[[], Awaitable[T]], report: Callable[[str], None]) -> T:
    """Return what `work` returns, called again for as long as it raises ServiceError.

    `report` gets the reason each time, and `""` at the end. Raises WrongSetupError and all other errors at once.
    """
    pause, waited, logged, last = _FIRST_PAUSE_SECONDS, 0.0, 0.0, ""
    while True:
        try:
            result = await work()
        except WrongSetupError:
            raise
        except ServiceError as error:
            reason = str(error)
            report(reason)
            if reason != last or waited - logged >= _LOG_SECONDS:
                log.warning(
                    "start_waits",
                    "this worker waits for {server} since {seconds:.0f} s: {reason}",
                    server=server,
                    seconds=waited,
                    reason=reason,
                )
                logged, last = waited, reason
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        else:
            report("")
            return result
