"""The feeds that can be harvested, with the pace and the key that each source asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from streams.harvest import arxiv, crossref, openalex, openalex_snapshot, paper_search, semantic_scholar
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
    needs_key: Callable[[Options], bool] = lambda _options: False

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers of every request to the source itself."""
        return {self.header: key} if self.header and key else {}


def _semantic_scholar(options: Options, url: str, key: str) -> Source:
    if options.query:
        return paper_search.PaperSearchSource(options, url, key)
    return semantic_scholar.SemanticScholarSource(options, url, key)


def _openalex(options: Options, url: str, key: str) -> Source:
    if options.snapshot:
        return openalex_snapshot.OpenAlexSnapshotSource(options, url, key)
    return openalex.OpenAlexSource(options, url, key)


FEEDS: Mapping[str, Feed] = MappingProxyType(
    {
        "arxiv": Feed("arXiv", arxiv.ArxivSource, arxiv.PACE_SECONDS),
        "semantic-scholar": Feed(
            "Semantic Scholar",
            _semantic_scholar,
            semantic_scholar.PACE_SECONDS,
            key="semantic_scholar_key",
            header="x-api-key",
            needs_key=lambda options: not options.query,
        ),
        "crossref": Feed("Crossref", crossref.CrossrefSource, crossref.PACE_SECONDS),
        "openalex": Feed(
            "OpenAlex",
            _openalex,
            openalex.PACE_SECONDS,
            key="openalex_key",
            needs_key=lambda options: not options.snapshot,
        ),
    }
)
