"""arXiv by OAI-PMH: windows of days, one request in three seconds.

The format is arXivRaw, which alone says that the last version of a paper was withdrawn; arXiv never sends `status="deleted"`. A
resumption token is used within one window of one run: it expires in the night, and then the window begins again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from streams.errors import FeedError
from streams.event_log import EventLog
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, GarbledError, RefusedRequestError
from streams.harvest.days import DayWindows, days_due
from streams.harvest.oai_pmh import OaiPage, OaiRecord, read_page
from streams.harvest.source import Batch, Message, Options, Window
from streams.sources import SOURCES

__all__ = ["PACE_SECONDS", "URL", "ArxivSource"]

log = EventLog(__name__)

URL = "https://oaipmh.arxiv.org/oai"
PACE_SECONDS = 3.0
_FORMAT = "arXivRaw"
_MOST_BEGINNINGS = 3


class ArxivSource(DayWindows):
    """All of arXiv, or some of its sets (`cs`, `physics:hep-th`)."""

    adapter = "arxiv"
    in_order = False

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        self._options = options
        self._url = url or URL
        self.feed = ":".join(("arxiv", ",".join(options.sets))) if options.sets else "arxiv"

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield the days that are due. Raises UsageError."""
        for window in days_due(checkpoint, self._options, today):
            yield window

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the pages of a window, of each set in turn. Raises FeedError."""
        for name in self._options.sets or ("",):
            for _ in range(_MOST_BEGINNINGS):
                expired = False
                async for page in self._pages(client, window, name):
                    if expired := page.error is not None:
                        log.warning(
                            "token_expired", "{window} begins again: its resumption token expired", window=window.name
                        )
                        break
                    yield Batch(
                        [_message(record) for record in page.records],
                        max((r.datestamp[:10] for r in page.records), default=""),
                    )
                if not expired:
                    break
            else:
                raise FeedError(f"arXiv: the resumption token of {window.name} expired {_MOST_BEGINNINGS} times")

    async def _pages(self, client: FeedClient, window: Window, name: str) -> AsyncIterator[OaiPage]:
        """Yield the pages of a list; the last one has an error where the token expired. Raises FeedError."""
        params = {"verb": "ListRecords", "metadataPrefix": _FORMAT, "from": window.since, "until": window.until}
        params |= {"set": name} if name else {}
        used: set[str] = set()
        while True:
            page = await client.get(self._url, params, read_page)
            if page.error is not None:
                if page.error.code == "noRecordsMatch":
                    return
                if page.error.code != "badResumptionToken":
                    raise RefusedRequestError(f"arXiv refuses {params}: {page.error.code} {page.error.text}", 200)
            yield page
            if page.error is not None or not page.token:
                return
            if page.token in used:
                raise GarbledError(f"arXiv sends one resumption token twice in {window.name}")
            used.add(page.token)
            params = {"verb": "ListRecords", "resumptionToken": page.token}


def _message(record: OaiRecord) -> Message:
    return Message(SOURCES["arxiv"].source_id(record.identifier).encode(), record.xml)
