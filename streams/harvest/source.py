"""What a harvester needs of a source: which windows are due, and the payloads of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient

__all__ = ["Batch", "Message", "Options", "Source", "Window"]


class Message(NamedTuple):
    """A payload of the source under the id that it has there; `value` None is a delete."""

    key: bytes
    value: bytes | None


class Batch(NamedTuple):
    """Payloads that are published together. `newest` is the latest day that one of them is of, as the source says it."""

    messages: Sequence[Message]
    newest: str = ""


class Window(NamedTuple):
    """A part of what is due, after which a checkpoint is written.

    Days from `since` to `until`, both of them included, or a file of a release under its `name`. Of a release, `last` says that
    nothing of `until` remains after this window, and `deletes` that the rows of the file name records that are gone.
    """

    name: str
    since: str = ""
    until: str = ""
    last: bool = False
    deletes: bool = False


@dataclass(frozen=True)
class Options:
    """What the user asks for: days, parts of the source (`sets`), a search, and whether to ask again for what was harvested."""

    since: date | None = None
    until: date | None = None
    sets: tuple[str, ...] = ()
    query: str = ""
    snapshot: bool = False
    again: bool = False


class Source(Protocol):
    """A feed that is harvested. Every method but `windows` and `batches` is pure."""

    @property
    def adapter(self) -> str:
        """The name of the adapter that reads the payloads; it names the topic."""

    @property
    def feed(self) -> str:
        """The name of the feed: that of the source, with what is asked of it where that is not all."""

    @property
    def in_order(self) -> bool:
        """Whether a window may be harvested only after those before it."""

    def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield what is due, in order. Raises FeedError, and UsageError where the user has to say more."""

    def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the payloads of a window. Raises FeedError; what was yielded before it is harmless to publish."""

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a window of which all payloads were acknowledged."""

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a window that failed and is asked for again later; not called where `in_order`."""

    def split(self, window: Window) -> list[Window]:
        """Return the parts of a window that the source does not answer as a whole; none where there are no smaller ones."""
