"""OpenAlex's API: works by the day they were added. What is free of charge, with a key.

Changes of works that are there already (`from_updated_date`) are for paying users; the snapshot has them
(`openalex_snapshot.py`). A response says how much remains of the day's budget, and the pace waits for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.harvest.client import GarbledError, Response
from streams.harvest.source import Options, Window
from streams.harvest.work_lists import WorkListSource, WorkPage

__all__ = ["PACE_SECONDS", "URL", "OpenAlexSource"]

URL = "https://api.openalex.org"
PACE_SECONDS = 0.2
_ROWS = 100


class _Meta(msgspec.Struct):
    count: int = 0
    next_cursor: str | None = None


class _Page(msgspec.Struct):
    meta: _Meta
    results: list[msgspec.Raw]


class OpenAlexSource(WorkListSource):
    """All works, or those that filters of the API select (`type:article`)."""

    adapter = "openalex"
    title = "OpenAlex"

    def __init__(self, options: Options, url: str = "", key: str = "") -> None:
        super().__init__(options, url or URL)
        self._key = {"api_key": key} if key else {}

    def _parameters(self, window: Window, filters: Sequence[str]) -> Mapping[str, str]:
        days = (f"from_created_date:{window.since}", f"to_created_date:{window.until}")
        return {"filter": ",".join((*days, *filters)), "per-page": str(_ROWS), **self._key}

    def _read(self, response: Response) -> WorkPage:
        try:
            found = msgspec.json.decode(response.body, type=_Page)
        except msgspec.MsgspecError as error:
            raise GarbledError(f"OpenAlex's answer is not understood: {error}") from None
        return WorkPage(list(map(bytes, found.results)), found.meta.count, found.meta.next_cursor or "")
