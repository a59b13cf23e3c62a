"""Comparison of the identifiers of two records.

Levels: `same` (one in common), `pmid` (two PubMed or PMC ids), `listed` (two records of a source that lists a work once), and
for two DOIs `edition`, `registrant`, `different` or `preprint`; `unknown` for all else. What is read from a record's
identifiers is cached, for a record is compared with several others.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from streams.matching.doi_classes import ARCHIVE, IN_ARCHIVE, PREPRINT, doi_class
from streams.matching.feature_values import Features

__all__ = ["arxiv_conflict", "identifier_level"]

# Sources that list a work once: two of their ids are two works, unless a version of one was registered anew.
_LIST_ONCE = frozenset(("arxiv", "crossref", "dblp", "pubmed", "medline", "biorxiv", "medrxiv", "europepmc", "inspire"))
_OF_SERVERS = frozenset((*IN_ARCHIVE, ARCHIVE))
_SSRN, _JSTOR = "10.2139", "10.2307"


class _Known(NamedTuple):
    """Facts that a record's identifiers give: DOI prefixes, those of publishers among them, stems, the first DOI's server."""

    pmid: bool
    pmcid: bool
    arxiv: frozenset[str]
    prefixes: tuple[str, ...]
    publishers: frozenset[str]
    stems: frozenset[str]
    server: str


@lru_cache(maxsize=8192)
def _known(ids: tuple[str, ...]) -> _Known:
    dois = [value[4:] for value in ids if value.startswith("doi:")]
    classes = [doi_class(doi) for doi in dois]
    prefixes = tuple(doi.partition("/")[0] for doi in dois)
    return _Known(
        pmid=any(value.startswith("pmid:") for value in ids),
        pmcid=any(value.startswith("pmcid:") for value in ids),
        arxiv=frozenset(value for value in ids if value.startswith("arxiv:")),
        prefixes=prefixes,
        publishers=frozenset(
            prefix for prefix, of in zip(prefixes, classes, strict=True) if of.kind not in _OF_SERVERS
        ),
        stems=frozenset(of.stem for of in classes),
        server=_server(prefixes[0], classes[0].kind) if dois else "",
    )


def _server(prefix: str, kind: str) -> str:
    """Return the prefix of a DOI if its server registers each work once, `""` if not.

    Preprint servers do, except SSRN, to which authors post a paper more than once; JSTOR does, too.
    """
    return prefix if prefix == _JSTOR or (kind == PREPRINT and prefix != _SSRN) else ""


def identifier_level(a: Features, b: Features) -> tuple[str, str]:
    """Return the level of the identifiers, and the identifier that both have, `""` where none is shared."""
    listed = a.source == b.source and a.source in _LIST_ONCE
    if not a.ids or not b.ids:
        return ("listed" if listed else "unknown"), ""
    for value in a.ids:
        if value in b.ids:
            return "same", value
    one, two = _known(a.ids), _known(b.ids)
    if (one.pmid and two.pmid) or (one.pmcid and two.pmcid):
        return "pmid", ""
    if one.prefixes and two.prefixes:
        return _of_two_dois(one, two), ""
    return ("listed" if listed else "unknown"), ""


def _of_two_dois(one: _Known, two: _Known) -> str:
    if not one.stems.isdisjoint(two.stems):
        return "edition"  # an encyclopedia's entry in two editions, by the registrant's own numbering
    if one.publishers and two.publishers:
        return "different" if one.publishers.isdisjoint(two.prefixes) else "registrant"
    if not one.publishers and not two.publishers and one.server and one.server == two.server:
        return "registrant"
    return "preprint"  # a preprint and its publication have a DOI each


def arxiv_conflict(a: Features, b: Features) -> bool:
    """Tell whether each record has an arXiv id and none is in common."""
    if not a.ids or not b.ids or a.ids[0][:6] != "arxiv:" or b.ids[0][:6] != "arxiv:":
        return False  # arXiv ids come first
    return _known(a.ids).arxiv.isdisjoint(_known(b.ids).arxiv)
