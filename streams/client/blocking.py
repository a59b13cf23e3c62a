"""Subscriptions for programs without asyncio: a plain iterator over one that runs on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Collection, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from streams.api.event import ClusterState, Event
from streams.client.checkpoints import Checkpoint
from streams.client.opening import snapshot, subscribe
from streams.client.subscription import OnGap, Snapshot, Subscription
from streams.events.positions import BEGINNING

if TYPE_CHECKING:
    from streams.client.items import ClusterEnd
    from streams.kafka.connection import KafkaConnection

__all__ = ["SnapshotSync", "SubscriptionSync", "snapshot_sync", "subscribe_sync"]

T = TypeVar("T")
R = TypeVar("R")
_CLOSE_SECONDS = 10.0


class SubscriptionSync(Iterator[T], Generic[T]):
    """An endless iterator over events; `with` closes its connection and ends its thread at the end of the block.

    It takes one event at a time from a `Subscription`. Use it from one thread at a time; another one may close it.
    """

    def __init__(self, subscription: Subscription[T]) -> None:
        """Start a thread that runs the subscription."""
        self._subscription = subscription
        self._runner = _Runner()
        self._pending: Future[T] | None = None
        self._close = weakref.finalize(self, self._runner.close, subscription)

    @property
    def position(self) -> str:
        """Where to resume after the last event that was yielded; empty at the start."""
        return self._subscription.position

    def __iter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __next__(self) -> T:
        """Wait for the next event; errors are those of `Subscription`. Raises StopIteration once it is closed."""
        if not self._close.alive:
            raise StopIteration
        # A wait that Ctrl-C has interrupted is still pending, and has the next event.
        future = self._pending = self._pending or self._runner.submit(self._subscription.__anext__())
        try:
            return future.result()
        except CancelledError:
            raise StopIteration from None
        finally:
            if future.done():
                self._pending = None

    def close(self) -> None:
        """Close the connection, save the checkpoint and end the thread. A wait in another thread ends with StopIteration."""
        if self._pending:
            self._pending.cancel()
        self._close()

    def __enter__(self) -> Self:
        """Return the subscription itself; it connects when the first event is asked for."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class SnapshotSync(SubscriptionSync[ClusterState | Event]):
    """The same as `Snapshot`, as a plain iterator."""

    def __init__(self, subscription: Snapshot) -> None:
        """Start a thread that runs the snapshot."""
        super().__init__(subscription)
        self._snapshot = subscription

    def ends(self) -> Iterator[ClusterEnd]:
        """Yield the clusters that ended shortly before the snapshot, as `Snapshot.ends` does."""
        return iter(list(self._snapshot.ends()))


def subscribe_sync(
    *,
    kafka: str | KafkaConnection | None = None,
    url: str | None = None,
    start: str | Checkpoint = BEGINNING,
    types: Collection[str] = (),
    sources: Collection[str] = (),
    topic_prefix: str | None = None,
    token: str = "",
    documents: bool = True,
    on_gap: OnGap | None = None,
    **kafka_settings: Any,
) -> SubscriptionSync[Event]:
    """Follow the events of a running Streams with a plain `for`; arguments and errors are those of `subscribe`.

    `on_gap` and a checkpoint are called in the thread of the subscription.
    """
    return SubscriptionSync(
        subscribe(
            kafka=kafka,
            url=url,
            start=start,
            types=types,
            sources=sources,
            topic_prefix=topic_prefix,
            token=token,
            documents=documents,
            on_gap=on_gap,
            **kafka_settings,
        )
    )


def snapshot_sync(
    *,
    kafka: str | KafkaConnection,
    sources: Collection[str] = (),
    topic_prefix: str | None = None,
    checkpoint: Checkpoint | None = None,
    on_gap: OnGap | None = None,
    **kafka_settings: Any,
) -> SnapshotSync:
    """Yield the state of every cluster, then events, to a plain `for`; arguments and errors are those of `snapshot`."""
    return SnapshotSync(
        snapshot(
            kafka=kafka,
            sources=sources,
            topic_prefix=topic_prefix,
            checkpoint=checkpoint,
            on_gap=on_gap,
            **kafka_settings,
        )
    )


class _Runner:
    """An event loop in a thread, which ends with the program."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="streams-subscription", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, R]) -> Future[R]:
        """Run a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self, subscription: Subscription[Any]) -> None:
        """Close the subscription, then end the thread; in the thread itself, where garbage is collected, only ask for both."""
        closed = self.submit(subscription.aclose())
        if threading.current_thread() is self._thread:
            closed.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._loop.stop))
            return
        try:
            with suppress(TimeoutError):
                closed.result(_CLOSE_SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSE_SECONDS)
            if not self._thread.is_alive():
                self._loop.close()
