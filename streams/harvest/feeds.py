"""The feeds that can be harvested, with the pace and the key that each source asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from streams.harvest import arxiv
from streams.harvest.source import Options, Source

__all__ = ["FEEDS", "Feed"]


class Feed(NamedTuple):
    """A feed by its name on the command line.

    `make` takes what the user asks for, an address in place of that of the source, and the API key; both may be empty. `pace` is
    the least number of seconds between two requests, `key` the setting with the API key, empty without one, `header` the header in
    which it is sent.
    """

    title: str
    make: Callable[[Options, str, str], Source]
    pace: float
    key: str = ""
    header: str = ""
    needs_key: bool = False

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers of every request to the source itself."""
        return {self.header: key} if self.header and key else {}


FEEDS: Mapping[str, Feed] = MappingProxyType(
    {
        "arxiv": Feed("arXiv", arxiv.ArxivSource, arxiv.PACE_SECONDS),
    }
)
