"""Lists of works by day with a cursor, as Crossref and OpenAlex give them.

A cursor is valid for some minutes only: where the server refuses it, the day begins again. A list that ends before the number of
works that it announced is read again, too; the last time it is taken as it is, for the number may change while the list is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from streams.errors import FeedError
from streams.event_log import EventLog
from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, RefusedRequestError, Response
from streams.harvest.days import DayWindows, days_due
from streams.harvest.source import Batch, Message, Options, Window

__all__ = ["WorkListSource", "WorkPage"]

log = EventLog(__name__)

_MOST_BEGINNINGS = 3
_CURSOR_REFUSED = (400, 404, 410)


class WorkPage(NamedTuple):
    """A page of a list: its works, how many the whole list has, and the cursor of the next page, empty after the last."""

    works: Sequence[bytes]
    total: int
    cursor: str


class WorkListSource(DayWindows, ABC):
    """A source whose works are listed by day: all of them, or those that filters of its API select."""

    adapter: str
    title: str
    in_order = False

    def __init__(self, options: Options, url: str) -> None:
        """Take what the user asks for, and the address of the API."""
        self._options = options
        self._url = url.rstrip("/") + "/works"
        self.feed = ":".join((self.adapter, ",".join(options.sets))) if options.sets else self.adapter

    @abstractmethod
    def _parameters(self, window: Window, filters: Sequence[str]) -> Mapping[str, str]:
        """Return the parameters of the list of a window, without the cursor; `filters` are those of the user."""

    @abstractmethod
    def _read(self, response: Response) -> WorkPage:
        """Return the page of an answer. Raises GarbledError."""

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the days that are due. Raises UsageError."""
        for window in days_due(checkpoint, self._options, today):
            yield window

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the pages of a window. Raises FeedError."""
        for beginning in range(1, _MOST_BEGINNINGS + 1):
            found: set[bytes] = set()
            total = 0
            try:
                async for page in self._pages(client, window):
                    total = page.total
                    messages = [Message(message_key(self.adapter, work), work) for work in page.works]
                    found.update(message.key for message in messages)
                    yield Batch(messages, window.until)
            except RefusedRequestError as error:
                if not found or error.status not in _CURSOR_REFUSED:
                    raise
                log.warning("cursor_expired", "{window} begins again: its cursor expired", window=window.name)
                continue
            if len(found) >= total:
                return
            log.warning(
                "list_ended_early",
                "{window}: {found} of {total} works came, reading {beginning}",
                window=window.name,
                found=len(found),
                total=total,
                beginning=beginning,
            )
            if beginning == _MOST_BEGINNINGS:
                return
        raise FeedError(f"{self.title}: the cursor of {window.name} expired {_MOST_BEGINNINGS} times")

    async def _pages(self, client: FeedClient, window: Window) -> AsyncIterator[WorkPage]:
        """Yield the pages that have works. Raises FeedError."""
        params = {**self._parameters(window, self._options.sets), "cursor": "*"}
        while True:
            page = await client.get(self._url, params, self._read)
            if page.works:
                yield page
            if not page.works or not page.cursor:
                return
            params["cursor"] = page.cursor
