"""What a source of events hands to a subscription, and the one interface that sources have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from streams.api.event import ClusterState, Event
from streams.errors import PayloadError

__all__ = ["ClusterEnd", "EndingSource", "Gap", "Item", "Missing", "Moved", "Source", "Unreadable"]


class ClusterEnd(NamedTuple):
    """A cluster that ended not long before the snapshot: its last revision, and the cluster that it redirects to, if any."""

    cluster_id: str
    revision: int
    merged_into: str = ""


class Missing(NamedTuple):
    """Offsets of a partition of `dedup.events` that cannot be read: from `start`, up to but without `end`.

    `reason` is `retention` where the topic deleted them, `unknown_position` where the topic was created anew, so that the offset
    was one of its predecessor; it is then read from its beginning, which is `end`.
    """

    partition: int
    start: int
    end: int
    reason: str = "retention"


class Gap(NamedTuple):
    """Events that were deleted before this subscriber read them.

    `position` is where the subscription continues, `missing` says which are gone, `text` says it to people.
    """

    position: str
    missing: tuple[Missing, ...]
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


class EndingSource(Source, Protocol):
    """A source that begins with a snapshot."""

    def ends(self) -> Iterator[ClusterEnd]:
        """Yield what is known of clusters that ended before the snapshot; nothing before it is taken."""
