"""OpenAlex's API: works by the day they were added, a cursor within each day. What is free of charge, with a key.

Changes of works that are there already (`from_updated_date`) are for paying users; the snapshot has them
(`openalex_snapshot.py`). A response says how much remains of the day's budget, and the pace waits for the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import msgspec

from streams.errors import FeedError
from streams.event_log import EventLog
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, GarbledError, RefusedRequestError, Response
from streams.harvest.days import DayWindows, days_due
from streams.harvest.source import Batch, Message, Options, Window
from streams.sources import SOURCES

__all__ = ["PACE_SECONDS", "URL", "OpenAlexSource", "work_message"]

log = EventLog(__name__)

URL = "https://api.openalex.org"
PACE_SECONDS = 0.2
_ROWS = 100
_MOST_BEGINNINGS = 3
_CURSOR_REFUSED = (400, 404, 410)


class _Work(msgspec.Struct):
    id: str = ""


class _Meta(msgspec.Struct):
    count: int = 0
    next_cursor: str | None = None


class _Page(msgspec.Struct):
    meta: _Meta
    results: list[msgspec.Raw]


class OpenAlexSource(DayWindows):
    """All works, or those that filters of the API select (`type:article`)."""

    adapter = "openalex"
    in_order = False

    def __init__(self, options: Options, url: str = "", key: str = "") -> None:
        self._options = options
        self._url = (url or URL).rstrip("/") + "/works"
        self._key = {"api_key": key} if key else {}
        self.feed = ":".join(("openalex", ",".join(options.sets))) if options.sets else "openalex"

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the days that are due. Raises UsageError."""
        for window in days_due(checkpoint, self._options, today):
            yield window

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the pages of a window. Raises FeedError."""
        for _ in range(_MOST_BEGINNINGS):
            begun = False
            try:
                async for page in self._pages(client, window):
                    begun = True
                    yield Batch([work_message(bytes(work)) for work in page.results], window.until)
            except RefusedRequestError as error:
                if not begun or error.status not in _CURSOR_REFUSED:
                    raise
                log.warning("cursor_expired", "{window} begins again: its cursor expired", window=window.name)
                continue
            return
        raise FeedError(f"OpenAlex: the cursor of {window.name} expired {_MOST_BEGINNINGS} times")

    async def _pages(self, client: FeedClient, window: Window) -> AsyncIterator[_Page]:
        filters = [f"from_created_date:{window.since}", f"to_created_date:{window.until}", *self._options.sets]
        params = {"filter": ",".join(filters), "per-page": str(_ROWS), "cursor": "*", **self._key}
        while True:
            page = await client.get(self._url, params, _read_page)
            if page.results:
                yield page
            if not page.results or not page.meta.next_cursor:
                return
            params["cursor"] = page.meta.next_cursor


def work_message(work: bytes) -> Message:
    """Return a work under its id, under no key where it has none."""
    try:
        own = msgspec.json.decode(work, type=_Work).id
    except msgspec.MsgspecError:
        own = ""
    return Message(SOURCES["openalex"].source_id(own).encode(), work)


def _read_page(response: Response) -> _Page:
    try:
        return msgspec.json.decode(response.body, type=_Page)
    except msgspec.MsgspecError as error:
        raise GarbledError(f"OpenAlex's answer is not understood: {error}") from None
