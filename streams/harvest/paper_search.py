"""Semantic Scholar's bulk search: all papers that a query finds, a thousand a page, for a feed of one topic.

The search does not say what changed, so each pass asks for everything, at most once a day. A token of the search dies when the
index is replaced; then the search begins again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import msgspec

from streams.errors import FeedError, UsageError
from streams.feed_files.keys import message_key
from streams.harvest.checkpoints import Checkpoint
from streams.harvest.client import FeedClient, GarbledError, RefusedRequestError, Response
from streams.harvest.semantic_scholar import URL
from streams.harvest.source import Batch, Message, Options, Window

__all__ = ["PaperSearchSource"]

_FIELDS = (
    "corpusId,externalIds,url,title,abstract,venue,year,publicationDate,publicationTypes,journal,authors,openAccessPdf"
)
_MOST_BEGINNINGS = 3


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] = []
    token: str | None = None


class PaperSearchSource:
    """The papers that a query finds, of those published from `--from` to `--until`."""

    adapter = "semantic_scholar"
    in_order = True

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        if options.sets:
            raise UsageError("a search has no sets: leave out --set")
        self._options = options
        self._url = (url or URL).rstrip("/") + "/graph/v1/paper/search/bulk"
        self.feed = f"semantic_scholar:{options.query}"

    async def windows(self, client: FeedClient, checkpoint: Checkpoint, today: date) -> AsyncIterator[Window]:
        """Yield today, where today was not harvested yet."""
        if self._options.again or checkpoint.done != f"{today}":
            yield Window(f"{today}", f"{today}", f"{today}", last=True)

    async def batches(self, client: FeedClient, window: Window) -> AsyncIterator[Batch]:
        """Yield the pages of the search. Raises FeedError."""
        for _ in range(_MOST_BEGINNINGS):
            token = ""
            try:
                async for page in self._pages(client):
                    token = page.token or ""
                    papers = map(bytes, page.data)
                    yield Batch([Message(message_key(self.adapter, paper), paper) for paper in papers], window.until)
            except RefusedRequestError:
                if not token:
                    raise
                continue  # the token is not valid any more
            return
        raise FeedError(f"Semantic Scholar: the token of the search was refused {_MOST_BEGINNINGS} times")

    async def _pages(self, client: FeedClient) -> AsyncIterator[_Page]:
        params = {"query": self._options.query, "fields": _FIELDS}
        if self._options.since or self._options.until:
            params["publicationDateOrYear"] = f"{self._options.since or ''}:{self._options.until or ''}"
        while True:
            page = await client.get(self._url, params, _read_page)
            yield page
            if not page.token or not page.data:
                return
            params["token"] = page.token

    def finished(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint after a search."""
        return Checkpoint(self.feed, since=checkpoint.since or window.since, done=window.until)

    def failed(self, checkpoint: Checkpoint, window: Window) -> Checkpoint:
        """Return the checkpoint as it is."""
        return checkpoint

    def split(self, window: Window) -> list[Window]:
        """Return nothing: a search is asked for as a whole."""
        return []


def _read_page(response: Response) -> _Page:
    try:
        return msgspec.json.decode(response.body, type=_Page)
    except msgspec.MsgspecError as error:
        raise GarbledError(f"Semantic Scholar's answer is not understood: {error}") from None
