"""`Subscription` and `Snapshot`: asynchronous iterators, with the position to resume from."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, Self, TypeVar

from streams.api.event import ClusterState, Event
from streams.client.checkpoints import Checkpoint
from streams.client.items import ClusterEnd, EndingSource, Gap, Item, Moved, Source, Unreadable
from streams.client.selection import Selection
from streams.errors import GapError

__all__ = ["OnGap", "Snapshot", "Subscription"]

T = TypeVar("T")
OnGap = Callable[[Gap], object]
_SAVE_SECONDS = 1.0


class Subscription(AsyncIterator[T], Generic[T]):
    """An endless iterator over events; `async with` closes its connection at the end of the block.

    A loop may be left and continued later, and waiting for the next event may be cancelled: nothing is lost. Not safe for
    use from two tasks at once.
    """

    def __init__(
        self, source: Source, selection: Selection, on_gap: OnGap | None = None, checkpoint: Checkpoint | None = None
    ) -> None:
        """Read from `source`; the arguments are those of `subscribe`."""
        self._source = source
        self._selection = selection
        self._on_gap = on_gap
        self._saver = _Saver(checkpoint) if checkpoint else None
        self._items: deque[Item] = deque()
        self._position = ""

    @property
    def position(self) -> str:
        """Where to resume after the last event that was yielded, and those that the selection left out; empty at the start."""
        return self._position

    def __aiter__(self) -> Self:
        """Return the subscription itself."""
        return self

    async def __anext__(self) -> T:
        """Wait for the next event.

        Raises BrokerError, WrongSetupError, PayloadError (a message that is no event) and GapError. After the last two the
        subscription may be continued, behind what was wrong.
        """
        if self._saver:
            self._saver.handled(self._position)
        while True:
            while self._items:
                item = self._items.popleft()
                if self._is_wanted(item):
                    return item  # type: ignore[return-value]  # `subscribe` and `snapshot` say of which types it yields
            self._items.extend(await self._source.read())

    async def aclose(self) -> None:
        """Close the connection and save the checkpoint."""
        if self._saver:
            self._saver.save()
        await self._source.close()

    async def __aenter__(self) -> Self:
        """Return the subscription itself; it connects when the first event is asked for."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.aclose()

    def _is_wanted(self, item: Item) -> bool:
        match item:
            case ClusterState():
                return self._selection.accepts(item)
            case Event():
                self._position = item.position
                if self._selection.accepts(item):
                    return True
            case Moved():
                self._position = item.position
            case Unreadable():
                self._position = item.position
                raise item.error
            case Gap():
                self._position = item.position
                if self._on_gap is None:
                    raise GapError(item.text, item.position, item.missing)
                self._on_gap(item)
        if self._saver:
            self._saver.handled(self._position)
        return False


class Snapshot(Subscription[ClusterState | Event]):
    """The state of every cluster, each once, then events as they come; it ends when it is closed.

    `position` is empty until the last state was yielded; `subscribe` resumes from there.
    """

    def __init__(
        self,
        source: EndingSource,
        selection: Selection,
        on_gap: OnGap | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Read from `source`; the arguments are those of `snapshot`."""
        super().__init__(source, selection, on_gap, checkpoint)
        self._ends = source.ends
        self._is_closed = False

    async def __anext__(self) -> ClusterState | Event:
        """Wait for the next state or event; errors are those of `Subscription`."""
        if self._is_closed:
            raise StopAsyncIteration
        return await super().__anext__()

    async def aclose(self) -> None:
        """Close the connection, delete the temporary table and save the checkpoint."""
        self._is_closed = True
        await super().aclose()

    def ends(self) -> Iterator[ClusterEnd]:
        """Yield the clusters that ended shortly before the snapshot, for `ClusterView.end`; all that the topics still know.

        Ask for them once the first state or event was yielded.
        """
        return self._ends()


class _Saver:
    """Saves positions whose events are handled, at most once a second and when the subscription is closed."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._unsaved = self._saved = ""
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None

    def handled(self, position: str) -> None:
        """Note that all before a position is handled; raise what the last attempt to save raised."""
        if self._failure:
            failure, self._failure = self._failure, None
            raise failure
        self._unsaved = position
        if self._timer is None and position != self._saved:
            delay = max(0.0, self._last + _SAVE_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._save_later)

    def save(self) -> None:
        """Save now what is not saved yet."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._unsaved != self._saved:
            self._checkpoint.save(self._unsaved)
            self._saved = self._unsaved
        self._last = time.monotonic()

    def _save_later(self) -> None:
        try:
            self.save()
        except Exception as error:  # of the user's store: raised where the user waits
            self._failure = error
