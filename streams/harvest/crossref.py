"""Crossref's REST API: works by the day of their last deposit, a cursor within each day.

`from-update-date` follows deposits; `indexed` moves without any change. The pace follows the `x-rate-limit-…` headers. A cursor
is valid for some minutes only, and then the day begins again. Crossref says nothing of DOIs that vanish.
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

__all__ = ["PACE_SECONDS", "URL", "CrossrefSource"]

log = EventLog(__name__)

URL = "https://api.crossref.org"
PACE_SECONDS = 0.34
"""Three lists a second for those who send a contact, since December 2025."""
_ROWS = 1000
_MOST_BEGINNINGS = 3
_CURSOR_REFUSED = (400, 404, 410)


class _Work(msgspec.Struct):
    DOI: str = ""


class _Message(msgspec.Struct):
    items: list[msgspec.Raw]
    total: int = msgspec.field(name="total-results", default=0)
    cursor: str | None = msgspec.field(name="next-cursor", default=None)


class _Answer(msgspec.Struct):
    status: str
    message: _Message


class CrossrefSource(DayWindows):
    """All works, or those that filters of the API select (`type:journal-article`, `member:311`)."""

    adapter = "crossref"
    in_order = False

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        self._options = options
        self._url = (url or URL).rstrip("/") + "/works"
        self.feed = ":".join(("crossref", ",".join(options.sets))) if options.sets else "crossref"

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the days that are due. Raises UsageError."""
        for window in days_due(checkpoint, self._options, today):
            yield window

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the pages of a window. Raises FeedError.

        A list that ends before the number of works that it announced is read again; the last time it is taken as it is, for the
        number may change while it is read.
        """
        for beginning in range(1, _MOST_BEGINNINGS + 1):
            found: set[bytes] = set()
            total = 0
            try:
                async for answer in self._pages(client, window):
                    total = answer.total
                    messages = [_message(bytes(work)) for work in answer.items]
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
        raise FeedError(f"Crossref: the cursor of {window.name} expired {_MOST_BEGINNINGS} times")

    async def _pages(self, client: FeedClient, window: Window) -> AsyncIterator[_Message]:
        filters = [f"from-update-date:{window.since}", f"until-update-date:{window.until}", *self._options.sets]
        params = {"filter": ",".join(filters), "rows": str(_ROWS), "cursor": "*"}
        while True:
            page = await client.get(self._url, params, _read_page)
            if page.items:
                yield page
            if not page.items or not page.cursor:
                return
            params["cursor"] = page.cursor


def _message(work: bytes) -> Message:
    try:
        doi = msgspec.json.decode(work, type=_Work).DOI
    except msgspec.MsgspecError:
        doi = ""
    return Message(SOURCES["crossref"].source_id(doi).encode(), work)


def _read_page(response: Response) -> _Message:
    try:
        return msgspec.json.decode(response.body, type=_Answer).message
    except msgspec.MsgspecError as error:
        raise GarbledError(f"Crossref's answer is not understood: {error}") from None
