"""What a source of events hands to a subscription, and the one interface that sources have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from streams.api.event import ClusterState, Event
from streams.errors import PayloadError

__all__ = ["Gap", "Item", "Moved", "Source", "Unreadable"]


class Gap(NamedTuple):
    """Events that were deleted before this subscriber read them.

    `position` is where the subscription continues. `missing` says which events are gone: for each partition (as text) the first
    offset and the first that there is again, from Kafka; what the server sent, over HTTP. `text` says it to people.
    """

    position: str
    missing: Mapping[str, Any]
    text: str


class Moved(NamedTuple):
    """A position without an event: everything before it was read."""

    position: str


class Unreadable(NamedTuple):
    """A message that is no event, with the position after it."""

    error: PayloadError
    position: str


Item = Event | ClusterState | Gap | Moved | Unreadable


class Source(Protocol):
    """Reads events from Kafka or over HTTP."""

    async def read(self) -> Sequence[Item]:
        """Wait for the next items; none where nothing came for a while. A call that is cancelled loses nothing."""

    async def close(self) -> None:
        """Close the connection; the source may be read again, from where it was."""
