"""Identifiers in links: those that the URL of a landing page or PDF, or an OAI name, contains.

Which hosts are read, and how, is the table `_HOSTS`; a publisher's page counts by the DOI in its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import unquote

from streams.normalize.identifiers import (
    ARXIV_ARCHIVES,
    ARXIV_AT_START,
    LONGEST,
    ArxivId,
    checked_arxiv,
    find_arxiv,
    normalize,
    remembered_doi,
    without_page,
)
from streams.records.record import Identifier

__all__ = ["from_url"]

_DOI_IN_QUERY = re.compile(r"[?&](?:doi|id)=(10\.\d{4,9}(?:\.\d+)*(?:/|%2F)[^?#&]+)", re.IGNORECASE)
_RESEARCH_SQUARE = re.compile(r"article/(rs-\d+/v\d+)")
_SHA = re.compile(r"(?:^|/)([0-9a-f]{40})(?=$|[/?#.])")
_PDF_SHA = re.compile(r"^([0-9a-f]{4})/([0-9a-f]{36})\.pdf")
_CORPUS = re.compile(r"corpus_?id(?::|%3A|=)(\d+)", re.IGNORECASE)
_PMC = re.compile(r"(?:^|/|=)(?:pmc/articles/|articles/|pmcid=)?pmc(\d{3,9})(?!\w)|pmc/articles/(\d+)", re.IGNORECASE)
_PMID = re.compile(
    r"^(?:(?:m/)?pubmed/(?:\?term=)?|article/med/|abstract/med/|entrez/.*uids=)?(\d{1,9})(?:[/?#&]|$)", re.IGNORECASE
)
_NAMED = re.compile(r"^(pubmed|pmc|doi|arxiv)[:/](.+)", re.IGNORECASE)
_SCHEMES = {"pubmed": "pmid", "pmc": "pmcid", "doi": "doi", "arxiv": "arxiv"}
_CORE_OUTPUT = re.compile(r"^(?:v3/)?(?:download|display|outputs|reader|download/pdf)/(?:pdf/)?(\d+)")
_CORE_WORK = re.compile(r"^(?:v3/)?works/(\d+)")
_FATCAT = re.compile(r"release/([a-z2-7]{26})")
_HAL = re.compile(r"([a-z]+[_-]\d{8})(?:v\d+)?(?:[/?#]|$)")
_ARCHIVE_ITEM = re.compile(rf"(?:download|details)/arxiv-(?:({ARXIV_ARCHIVES})(\d{{7}})|(\d{{4}}\.\d{{4,5}}))(?![\d.])")
_OPENREVIEW = re.compile(r"[?&]id=([\w-]{8,14})(?:&|$|#)")
_Found = tuple[Identifier, ...]


def _read(scheme: str, value: str | None) -> _Found:
    identifier = normalize(scheme, value) if value else None
    return (identifier,) if identifier else ()


def _group(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def _named(arxiv: ArxivId | None) -> _Found:
    return (Identifier("arxiv", arxiv.base),) if arxiv else ()


def _on_doi(path: str) -> _Found:
    if not path.startswith("10."):
        return _read("doi", "https://doi.org/" + path)
    if "?" in path or "#" in path:
        path = path.partition("?")[0].partition("#")[0]
    doi = remembered_doi(path)
    if doi.startswith("10.48550/"):
        return _read("doi", doi)
    return (Identifier("doi", doi),) if doi else ()


@lru_cache(maxsize=256)
def _arxiv_at_start(text: str) -> _Found | None:
    """Return the identifiers of an arXiv id that begins a text, None where none does.

    Cached, for a record links the abstract page and the PDF of a paper, which have the same id.
    """
    match = ARXIV_AT_START.match(text)
    return _named(checked_arxiv(match)) if match else None


def _on_arxiv(path: str) -> _Found:
    page, _, rest = path.partition("/")
    found = _arxiv_at_start(rest) if page.lower() in ("abs", "pdf", "html") else None
    return _named(find_arxiv("arxiv.org/" + path)) if found is None else found


def _on_ncbi(path: str) -> _Found:
    if pmc := _group(_PMC, path):
        return _read("pmcid", pmc)
    return _read("pmid", _group(_PMID, path))


def _on_semantic_scholar(path: str) -> _Found:
    if match := _SHA.search(path):
        return (Identifier("s2_paper", match[1]),)
    if corpus := _group(_CORPUS, path):
        return _read("s2", corpus)
    if split := _PDF_SHA.match(path):
        return _read("s2_paper", split[1] + split[2])
    if path[:6].lower() == "arxiv/" or "arxiv:" in path[:40].lower():
        return _on_arxiv(path)
    return ()


def _on_openalex(path: str) -> _Found:
    return _read("openalex", path.rpartition("/")[2].partition("?")[0])


def _on_core(path: str) -> _Found:
    return _read("core", _group(_CORE_OUTPUT, path)) + _read("core_work", _group(_CORE_WORK, path))


def _on_dblp(path: str) -> _Found:
    if not path.startswith("rec/"):
        return ()
    return _read("dblp", "https://dblp.org/" + path.partition("?")[0]) + _named(find_arxiv(path))


def _on_acl(path: str) -> _Found:
    return _read("acl", path.removeprefix("anthology/").partition("?")[0])


def _on_archive_item(path: str) -> _Found:
    if match := _ARCHIVE_ITEM.match(path):
        return _read("arxiv", match[3] or f"{match[1]}/{match[2]}")
    return _read("fatcat", _group(_FATCAT, path)) if path.startswith("fatcat/") else ()


def _on_research_square(path: str) -> _Found:
    article = _group(_RESEARCH_SQUARE, path)
    return _read("doi", f"10.21203/rs.3.{article}") if article else ()


def _on_identifiers(path: str) -> _Found:
    named = _NAMED.match(path)
    return _read(_SCHEMES[named[1].lower()], named[2].partition("?")[0]) if named else ()


def _by(scheme: str, pattern: re.Pattern[str]) -> Callable[[str], _Found]:
    return lambda path: _read(scheme, _group(pattern, path))


_HOSTS: Mapping[str, Callable[[str], _Found]] = {
    **dict.fromkeys(("doi.org", "dx.doi.org", "doi.acm.org"), _on_doi),
    **dict.fromkeys(("arxiv.org", "export.arxiv.org", "ar5iv.org", "alphaxiv.org", "xxx.lanl.gov"), _on_arxiv),
    **dict.fromkeys(("ncbi.nlm.nih.gov", "pubmed.ncbi.nlm.nih.gov", "pmc.ncbi.nlm.nih.gov"), _on_ncbi),
    **dict.fromkeys(("europepmc.org", "pubmedcentral.nih.gov"), _on_ncbi),
    **dict.fromkeys(
        ("semanticscholar.org", "api.semanticscholar.org", "pdfs.semanticscholar.org"), _on_semantic_scholar
    ),
    **dict.fromkeys(("openalex.org", "api.openalex.org"), _on_openalex),
    **dict.fromkeys(("core.ac.uk", "api.core.ac.uk"), _on_core),
    **dict.fromkeys(("dblp.org", "dblp.uni-trier.de", "dblp.dagstuhl.de"), _on_dblp),
    **dict.fromkeys(("aclanthology.org", "aclweb.org", "aclanthology.info"), _on_acl),
    **dict.fromkeys(("hal.science", "hal.archives-ouvertes.fr", "hal.inria.fr"), _by("hal", _HAL)),
    **dict.fromkeys(("fatcat.wiki", "api.fatcat.wiki"), _by("fatcat", _FATCAT)),
    "archive.org": _on_archive_item,
    "hdl.handle.net": lambda path: _read("handle", path.partition("?")[0]),
    "openreview.net": _by("openreview", _OPENREVIEW),
    "paperswithcode.com": _by("pwc", re.compile(r"^paper/([\w.-]+)")),
    "jstor.org": _by("jstor", re.compile(r"^(?:stable/)(?:pdf/)?(\d+)(?:\.pdf)?(?:[/?#]|$)")),
    "researchsquare.com": _on_research_square,
    "identifiers.org": _on_identifiers,
    "front.math.ucdavis.edu": lambda path: _named(find_arxiv("arxiv.org/" + path)),
    **dict.fromkeys(("ui.adsabs.harvard.edu", "adsabs.harvard.edu"), lambda path: _named(find_arxiv(path))),
}


def _publisher_doi(path: str) -> _Found:
    """Return the DOI in the path of a publisher's page or file."""
    start = path.find("/10.") + 1
    if start:
        doi = path[start:].partition("?")[0].partition("#")[0]
    elif match := _DOI_IN_QUERY.search(path):
        doi = match[1]
    else:
        return ()
    return _read("doi", without_page(unquote(doi) if "%" in doi else doi))


def from_url(url: str, *, publishers: bool = True) -> _Found:
    """Return the identifiers that the URL of a landing page or file states about its work, often none.

    Known hosts are read by their own rules, an archived copy (`web.archive.org/web/…`) by the URL
    inside; elsewhere a DOI in the path or an arXiv cue counts. `oai:` names are read too. Without
    `publishers` a DOI in the path of a page is left unread (the most costly step here) unless it is arXiv's.
    """
    if len(url) > LONGEST:
        return ()
    head, _, rest = url.partition("://")
    if not rest:
        rest = head.strip()
        if rest[:4].lower() == "oai:":
            return _from_oai(rest)
    host, _, path = rest.partition("/")
    host = host.lower().removeprefix("www.")
    if host == "web.archive.org":
        wrapped = path.partition("/")[2].partition("/")[2] if path.startswith("web/") else ""
        return from_url(wrapped, publishers=publishers) if wrapped and "web.archive.org" not in wrapped else ()
    found: _Found = ()
    on_host = _HOSTS.get(host)
    if on_host:
        found = on_host(path)
    elif "xiv" in host or "huggingface" in host or "scirate" in host:
        found = _named(find_arxiv(rest))
    if not found and "10." in path and on_host is not _on_doi and (publishers or "48550" in path):
        return _publisher_doi("/" + path)
    return found


def _from_oai(name: str) -> tuple[Identifier, ...]:
    """Return the identifier in an OAI name of a repository whose local names are identifiers."""
    _, _, rest = name.partition(":")
    host, _, local = rest.partition(":")
    scheme = {"arxiv.org": "arxiv", "pubmedcentral.nih.gov": "pmcid", "europepmc.org": "pmcid"}.get(host.lower(), "")
    return _read(scheme, local) if scheme else ()
