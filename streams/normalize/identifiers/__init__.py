"""Identifiers of scholarly works in normal form: one work, one spelling.

Every function here is pure and tolerant: text that is not an identifier gives nothing, never an error. The rules
come from the schemes' own documentation (arXiv's page on identifiers for its two forms, the DOI handbook for shape
and case: only ASCII letters fold) and from how large catalogues treat the spellings people write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from streams.normalize.identifiers.arxiv import (
    ARXIV_ARCHIVES,
    ARXIV_AT_START,
    ArxivId,
    checked_arxiv,
    find_arxiv,
    parse_arxiv,
)
from streams.normalize.identifiers.doi import (
    LONGEST,
    dois_in,
    normalize_doi,
    registered_doi,
    remembered_doi,
    without_page,
)
from streams.normalize.identifiers.pubmed import normalize_pmcid, normalize_pmid
from streams.normalize.placeholders import is_missing
from streams.records.record import Identifier

__all__ = [
    "ARXIV_ARCHIVES",
    "ARXIV_AT_START",
    "LONGEST",
    "SCHEMES",
    "ArxivId",
    "checked_arxiv",
    "dois_in",
    "find_arxiv",
    "normalize",
    "normalize_doi",
    "parse_arxiv",
    "registered_doi",
    "remembered_doi",
    "without_page",
]


def _pattern(pattern: str, form: Callable[[str], str] = str) -> Callable[[str], str]:
    """Make a reader that returns group 1 of a pattern, which must match the whole text."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def read(text: str) -> str:
        match = compiled.fullmatch(text)
        return form(match[1]) if match else ""

    return read


def _arxiv(text: str) -> str:
    found = parse_arxiv(text)
    return found.base if found else ""


def _acl(text: str) -> str:
    return text.lower() if text[0].isdigit() else text.upper()


_URL = r"(?:https?://[^\s]+?[/=:])?"
_READERS: Mapping[str, Callable[[str], str]] = {
    "arxiv": _arxiv,
    "doi": remembered_doi,
    "pmid": normalize_pmid,
    "pmcid": normalize_pmcid,
    "s2": _pattern(rf"{_URL}(?:corpusid[:\s]*)?0*([1-9]\d{{0,11}})"),
    "s2_paper": _pattern(rf"{_URL}([0-9a-f]{{40}})", str.lower),
    "openalex": _pattern(rf"{_URL}(?:openalex:)?(w[1-9]\d{{0,11}})", str.upper),
    "mag": _pattern(r"(?:mag[:\s]*)?0*([1-9]\d{0,11})"),
    "dblp": _pattern(rf"(?:{_URL}rec/(?:html/|bibtex/|xml/)?|dblp:)?([a-z]+/[!-~]{{1,200}}?)(?:\.(?:html?|xml|bib))?"),
    "core": _pattern(rf"{_URL}0*([1-9]\d{{0,11}})(?:\.pdf)?/?"),
    "core_work": _pattern(rf"{_URL}0*([1-9]\d{{0,11}})/?"),
    "fatcat": _pattern(rf"{_URL}(?:release_)?([a-z2-7]{{26}})", str.lower),
    "fatcat_work": _pattern(rf"{_URL}(?:work_)?([a-z2-7]{{26}})", str.lower),
    "jstor": _pattern(rf"{_URL}([a-z]?[\d.]{{1,20}})"),
    "acl": _pattern(rf"{_URL}([a-z]\d\d-\d{{4,5}}|\d{{4}}\.[a-z\d_.-]+?\.\d+)(?:v\d+)?(?:\.pdf|\.bib)?/?", _acl),
    "hal": _pattern(rf"{_URL}([a-z]+[_-]\d{{6,9}})(?:v\d+)?", str.lower),
    "handle": _pattern(rf"(?:{_URL}|hdl:)(\d+(?:\.[\w.]+)?/[!-~]{{1,200}})", str.lower),
    "wikidata": _pattern(rf"{_URL}(q[1-9]\d{{0,11}})", str.upper),
    "doaj": _pattern(rf"{_URL}([0-9a-f]{{32}})", str.lower),
    "openreview": _pattern(rf"{_URL}([\w-]{{8,14}})"),
    "pwc": _pattern(rf"{_URL}([\w.-]{{1,250}})/?", str.lower),
}

SCHEMES = tuple(_READERS)
"""The schemes an identifier may have. `core` is an output (one repository's copy) and `core_work` a work of CORE,
which are numbered separately; `s2` is Semantic Scholar's corpus id, which is stable, and `s2_paper` its sha, which is not."""


# Schemes whose identifiers may look like a word: n/a is a DBLP key by its shape.
_ANY_LETTERS = frozenset(("dblp", "openreview", "pwc", "handle"))
_ARXIV_DOI = "10.48550/arxiv."


def normalize(scheme: str, value: str) -> Identifier | None:
    """Return the identifier in a field of a `scheme`, None where the field has none.

    A DOI that arXiv registered (`10.48550/arXiv.…`) is returned as the arXiv id it names, and a
    handle that is a DOI as a DOI. So is an identifier in a field of another scheme, where a label or URL names its scheme.
    """
    read = _READERS.get(scheme)
    value = value.strip()
    if read is None or not value or len(value) > LONGEST:
        return None
    normal = read(value)
    if not normal:
        return _in_wrong_field(scheme, value)
    if scheme == "doi" and normal.startswith(_ARXIV_DOI):
        found = parse_arxiv(normal[len(_ARXIV_DOI) :])
        return Identifier("arxiv", found.base) if found else None
    if scheme == "handle" and normal.startswith("10."):
        return normalize("doi", normal)
    if scheme in _ANY_LETTERS and is_missing(value):
        return None
    return Identifier(scheme, normal)


def _in_wrong_field(scheme: str, value: str) -> Identifier | None:
    """Return an identifier in a field of another scheme, where its label or its URL names its scheme."""
    lower = value.lower()
    if scheme == "doi" and ("arxiv" in lower or "pmid" in lower or "pubmed" in lower) and "10." not in lower:
        other = "arxiv" if "arxiv" in lower else "pmid"
        normal = _READERS[other](value)
        return Identifier(other, normal) if normal else None
    if scheme == "pmid" and "pmc" in lower:
        normal = normalize_pmcid(value)
        return Identifier("pmcid", normal) if normal else None
    if scheme in ("pmid", "pmcid") and "10." in lower:
        return normalize("doi", value)
    return None
