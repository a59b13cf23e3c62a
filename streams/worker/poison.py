"""Separate the messages that fail from the rest of their batch.

A batch that fails is bisected until one message is left, so that a bad message takes no other with it. That message has
a bounded number of attempts; then it is refused, and becomes a dead letter. Where nothing but failures comes, the fault is
not in the messages: a brake stops the refusals, rather than send a whole feed to the dead letters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from streams.engine.messages import Incoming
from streams.engine.prepare import CorrectionItem, Prepared, Rejected
from streams.errors import PayloadError, ServiceError, StuckError
from streams.event_log import EventLog

__all__ = ["ATTEMPTS", "BRAKE", "Items", "PoisonFilter"]

log = EventLog(__name__)

ATTEMPTS = 3
"""Attempts of a message alone: an error that depends on the time (what another worker writes meanwhile) does not come thrice."""
BRAKE = 50
"""Messages in a row that are refused before the worker takes the fault for its own and refuses no more."""

Items = Sequence[Sequence[Prepared | Rejected | CorrectionItem]]
"""What each message of a batch holds, in the order of the messages."""
Handle = Callable[[Sequence[Incoming], Items], Awaitable[None]]
Refuse = Callable[[Incoming, PayloadError], Awaitable[None]]


class PoisonFilter:
    """Handles batches of which some messages may fail. Use from one task at a time."""

    def __init__(self, handle: Handle, refuse: Refuse) -> None:
        """Take the two ends: `handle` a batch, or raise; `refuse` a message, with the error that it failed with."""
        self._handle = handle
        self._refuse = refuse
        self._refused_in_row = 0

    def succeeded(self) -> None:
        """Release the brake: the engine has applied messages, whatever becomes of their publication."""
        self._refused_in_row = 0

    async def process(self, messages: Sequence[Incoming], items: Items) -> bool:
        """Handle a batch, bisecting it where it fails; return whether any attempt failed.

        Raises ServiceError where a server is away, and StuckError where the brake holds; then the whole batch may be
        processed again.
        """
        try:
            await self._handle(messages, items)
        except ServiceError:
            raise
        except Exception as error:  # whatever it is, the rest must be handled
            if len(messages) == 1:
                await self._attempt_alone(messages[0], items)
                return True
            log.warning(
                "batch_bisected",
                "a batch of {messages} failed and is bisected: {error!r}",
                messages=len(messages),
                error=error,
            )
            middle = len(messages) // 2
            await self.process(messages[:middle], items[:middle])
            await self.process(messages[middle:], items[middle:])
            return True
        return False

    async def _attempt_alone(self, message: Incoming, items: Items) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._handle([message], items)
                return
            except ServiceError:
                raise
            except Exception as error:
                if self._refused_in_row >= BRAKE:
                    raise StuckError(f"{self._refused_in_row} messages in a row failed: {error!r}") from error
                log.error(
                    "message_failed",
                    "message {origin} failed, attempt {attempt} of {attempts}: {error!r}",
                    origin=message.origin,
                    attempt=attempt,
                    attempts=ATTEMPTS,
                    error=error,
                    cause=error,
                )
                failure = PayloadError("internal_error", f"{type(error).__name__}: {error}")
        self._refused_in_row += 1
        await self._refuse(message, failure)
