"""Crossref's REST API: works by the day of their last deposit.

`from-update-date` follows deposits; `indexed` moves without any change. The pace follows the `x-rate-limit-…` headers. Crossref
says nothing of DOIs that vanish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.harvest.client import GarbledError, Response
from streams.harvest.source import Options, Window
from streams.harvest.work_lists import WorkListSource, WorkPage

__all__ = ["PACE_SECONDS", "URL", "CrossrefSource"]

URL = "https://api.crossref.org"
PACE_SECONDS = 0.34
"""Three lists a second for those who send a contact, since December 2025."""
_ROWS = 1000


class _Message(msgspec.Struct):
    items: list[msgspec.Raw]
    total: int = msgspec.field(name="total-results", default=0)
    cursor: str | None = msgspec.field(name="next-cursor", default=None)


class _Answer(msgspec.Struct):
    status: str
    message: _Message


class CrossrefSource(WorkListSource):
    """All works, or those that filters of the API select (`type:journal-article`, `member:311`)."""

    adapter = "crossref"
    title = "Crossref"

    def __init__(self, options: Options, url: str = "", _key: str = "") -> None:
        super().__init__(options, url or URL)

    def _parameters(self, window: Window, filters: Sequence[str]) -> Mapping[str, str]:
        days = (f"from-update-date:{window.since}", f"until-update-date:{window.until}")
        return {"filter": ",".join((*days, *filters)), "rows": str(_ROWS)}

    def _read(self, response: Response) -> WorkPage:
        try:
            found = msgspec.json.decode(response.body, type=_Answer).message
        except msgspec.MsgspecError as error:
            raise GarbledError(f"Crossref's answer is not understood: {error}") from None
        return WorkPage(list(map(bytes, found.items)), found.total, found.cursor or "")
