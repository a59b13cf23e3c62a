"""Cancel tasks that wait for aiokafka, which invents a CancelledError now and then, and swallows one now and then.

It cancels the futures of requests whose connection the broker has closed, so the task that waits for such a request ends as if
it had been cancelled. And while it closes a consumer or a fetch it suppresses CancelledError, also one that was meant for the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from streams.errors import BrokerError

__all__ = ["CLOSE_SECONDS", "cancelled_only_by_caller", "closed", "stop_task"]

T = TypeVar("T")

CLOSE_SECONDS = 10.0
"""How long a client may take to close; one that has nothing to send takes milliseconds."""
_AGAIN_SECONDS = 1.0


async def cancelled_only_by_caller(work: Awaitable[T]) -> T:
    """Return what `work` returns; raise CancelledError where this task was cancelled, and only there.

    Raises BrokerError where `work` was cancelled by aiokafka.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        result = await work
    except asyncio.CancelledError:
        if task is None or task.cancelling():  # now, or before: then this is its cleaning up
            raise
        raise BrokerError("Kafka has closed a connection") from None
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return result


async def closed(work: Coroutine[Any, Any, None], seconds: float = CLOSE_SECONDS) -> None:
    """Wait until `work` has closed a client; cancel it where it takes longer than `seconds`, and again until it ends.

    aiokafka closes a consumer by cancelling its tasks and waiting for them; one that has swallowed its cancellation would be waited
    for permanently, and to cancel the wait cancels that task again. Raises CancelledError where the caller was cancelled
    meanwhile, and what `work` raises; where it was cut short it ends without an error.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task], timeout=seconds)
        except asyncio.CancelledError as error:
            cancelled = error
        if not task.done():
            task.cancel()
            seconds = _AGAIN_SECONDS
    if cancelled is not None:
        raise cancelled
    if not task.cancelled():
        task.result()


async def stop_task(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task until it ends, and wait for it; what it raised is left in the task."""
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_SECONDS)
