"""Identifiers of scholarly works in normal form: one work, one spelling.

Every function here is pure and tolerant: text that is not an identifier gives nothing, never an error. The rules
come from the schemes' own documentation: arXiv's page on identifiers for its two forms, the DOI handbook for shape
and case (only ASCII letters fold), and what large catalogues do with the spellings people write.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from streams.records import Identifier

__all__ = [
    "SCHEMES",
    "ArxivId",
    "dois_in",
    "find_arxiv",
    "from_url",
    "normalize",
    "normalize_doi",
    "parse_arxiv",
]

LONGEST = 2_000
"""Text beyond this many characters is no identifier and no URL worth reading."""


class ArxivId(NamedTuple):
    """An arXiv identifier: `base` without version or subject class, `version` 0 where none is written."""

    base: str
    version: int


# Archives that had identifiers of the form archive/YYMMNNN, closed ones included.
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_ID = (
    rf"(?:(?P<new>\d{{4}}\.\d{{4,5}})|(?P<archive>{_ARCHIVES})(?:\.[a-z]{{2}}|\.[a-z]{{3,4}}-[a-z]{{2,4}})?"
    r"(?P<sep>[/-]?)(?P<old>\d{7}))(?:v(?P<version>\d{1,3}))?(?!\w|\.\d)"
)
_FIELD = re.compile(rf"(?:arxiv:\s*|abs/)?{_ID}", re.IGNORECASE)
_ROUTE = r"(?:abs|pdf|html|src|e-print|eprint|ps|dvi|format|papers|paper|overview|audio|forum|resources|list|tb)"
_CUED = re.compile(
    rf"(?:(?:arxiv|ar5iv|alphaxiv|scirate)[\w.-]{{0,40}}?[\s:/.]{{0,3}}(?:(?:pre|e-?)?prints?[\s:]{{1,3}})?"
    rf"(?:(?:ftp|vc)/(?:arxiv|[a-z-]+)/papers/\d{{4}}/)?(?:arxiv[\s:]{{1,2}})?(?:{_ROUTE}/)?(?:arxiv[:.])?"
    rf"|\babs/|huggingface\.co/papers/){_ID}",
    re.IGNORECASE,
)
_AT_START = re.compile(_ID, re.IGNORECASE)
_ARXIV_FILE = re.compile(rf"ftp/({_ARCHIVES})/papers/\d{{4}}/(\d{{7}})(?!\d)", re.IGNORECASE)
_DBLP = re.compile(
    r"corr/(?:abs-)?(?:(?P<new>\d{4}-\d{4,5})|"
    rf"(?P<archive>{_ARCHIVES})(?:-[A-Z]{{2}})?-(?P<old>\d{{7}}))(?:v(?P<version>\d{{1,3}}))?(?!\w|-\d)",
    re.IGNORECASE,
)


def _checked(match: re.Match[str]) -> ArxivId | None:
    """The id of a match, None where the month does not exist or the form is not of its time."""
    new, written = match.group("new", "version")
    version = int(written) if written else 0
    if new:
        month, number = int(new[2:4]), new[5:]
        digits = 4 if new[:4] < "1500" else 5
        # Five digits since January 2015; the form began in April 2007 and the old one owns the years from '91.
        if 1 <= month <= 12 and "0704" <= new[:4] < "9100" and len(number) == digits and int(number):
            return ArxivId(f"{new[:4]}.{number}", version)
        return None
    old = match["old"]
    since_1991 = old[:4] >= "9101" or old[:4] <= "0703"
    if 1 <= int(old[2:4]) <= 12 and since_1991 and int(old[4:]):
        return ArxivId(f"{match['archive'].lower()}/{old}", version)
    return None


def parse_arxiv(text: str) -> ArxivId | None:
    """The arXiv identifier a field for arXiv identifiers holds.

    A bare `1706.03762` or `math.CA/0611800v2` is taken, for the field says what it is; in free text
    use `find_arxiv`. URLs, DOIs, `oai:` names and DBLP keys of arXiv papers are read too.
    """
    text = text.strip()
    match = _FIELD.match(text)
    if match and (match["new"] or match["sep"] != "-"):
        return _checked(match)
    return find_arxiv(text)


def find_arxiv(text: str) -> ArxivId | None:
    """The first arXiv identifier in free text or a URL, taken only behind a word that says it is one.

    Such words are `arXiv:`, an arXiv host or mirror, the DOI prefix `10.48550/arXiv.`, `abs/` as
    Semantic Scholar writes volumes, and DBLP's `corr/abs-`.
    """
    text = text[:LONGEST]
    if "%" in text:
        text = unquote(text)
    lowered = text.lower()
    if "corr/" in lowered:
        for match in _DBLP.finditer(text):
            new = match["new"]
            found = parse_arxiv(new.replace("-", ".") if new else f"{match['archive']}/{match['old']}")
            if found:
                return ArxivId(found.base, int(match["version"] or 0))
    if "xiv" in lowered or "abs/" in lowered or "co/papers/" in lowered or "scirate" in lowered:
        for match in _CUED.finditer(text):
            if found := _checked(match):
                return found
        if file := _ARXIV_FILE.search(text):
            return parse_arxiv(f"{file[1]}/{file[2]}")
    return None


_DOI_START = re.compile(r"10\.\d{3,9}(?:\.\d+)*/")
_DOI = re.compile(r"10\.\d{3,9}(?:\.\d+)*/[!-~]+")
# Most DOIs as they come: nothing to decode, nothing around them.
_CLEAN_DOI = re.compile(r"10\.[0-9]{3,9}/[A-Za-z0-9][A-Za-z0-9._;()/:-]{0,200}[A-Za-z0-9]")
_DOI_LEAD = re.compile(
    r"(?:https?://|//)?[\w.\-:@]+/(?:[^\s?#]*/)?|(?:[a-z]+:\S*)?(?:doi|DOI)[\s:=/]*|info:\S*/|urn:doi:|<|\(|\"|'|\[",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_OPENERS = {")": "(", "]": "[", "}": "{", ">": "<"}
_TRAILING = frozenset(".,;:'\"/")


def _without_tail(doi: str) -> str:
    """A DOI without the punctuation around it; brackets that close one opened inside belong to it."""
    while doi:
        last = doi[-1]
        opener = _OPENERS.get(last)
        if last in _TRAILING or (opener and doi.count(last) > doi.count(opener)):
            doi = doi[:-1]
        else:
            break
    return doi


def normalize_doi(text: str) -> str:
    """A DOI in normal form, `""` where the text holds none that can be used.

    Schemes, hosts, proxies and `doi:` go, escapes are decoded once, ASCII letters become lower
    case, trailing punctuation goes but balanced brackets stay (SICI). A DOI with a space, a dash
    that is not ASCII or any other such character is refused, not repaired.
    """
    text = text.strip()
    if _CLEAN_DOI.fullmatch(text):
        return text.lower()
    if not text.startswith("10.") or len(text) > LONGEST:
        start = _DOI_START.search(text[:LONGEST].replace("%2F", "/").replace("%2f", "/"))
        if start is None or not _DOI_LEAD.fullmatch(text, 0, start.start()):
            return ""
        lead, text = text[: start.start()], text[start.start() : LONGEST]
        if "//" in lead:
            text = text.partition("?")[0].partition("#")[0]
    if "%" in text:
        text = unquote(text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    doi = _without_tail(text.strip())
    if not _DOI.fullmatch(doi) or len(doi) > 300:
        return ""
    prefix, _, suffix = doi.partition("/")
    suffix = suffix.lstrip("/")
    return f"{prefix}/{suffix.lower()}" if suffix else ""


_DOI_BREAK = re.compile(r"(?<![\s,;])[\s,;]+(?=(?:doi:\s*|https?://\S*?)?10\.\d{3,9})", re.IGNORECASE)


def dois_in(text: str) -> tuple[str, ...]:
    """All DOIs of a field that may hold several, as arXiv's does, each in normal form."""
    found = (normalize_doi(part) for part in _DOI_BREAK.split(text[: 10 * LONGEST]))
    return tuple(dict.fromkeys(doi for doi in found if doi))


def _pattern(pattern: str, form: Callable[[str], str] = str) -> Callable[[str], str]:
    """A reader that takes group 1 of a pattern that must match all of the text."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def read(text: str) -> str:
        match = compiled.fullmatch(text)
        return form(match[1]) if match else ""

    return read


# A record says its DOI in a field and again in its links, and other sources say it soon after. Text that is
# kept is bounded: `normalize` and `from_url` refuse what is longer than `LONGEST`.
_doi = lru_cache(maxsize=256)(normalize_doi)


def _arxiv(text: str) -> str:
    found = parse_arxiv(text)
    return found.base if found else ""


def _acl(text: str) -> str:
    return text.lower() if text[0].isdigit() else text.upper()


_URL = r"(?:https?://[^\s]+?[/=:])?"
_READERS: Mapping[str, Callable[[str], str]] = {
    "arxiv": _arxiv,
    "doi": _doi,
    "pmid": _pattern(rf"(?:{_URL}|pmid[:\s]*|med[:/])0*([1-9]\d{{0,8}})/?"),
    "pmcid": _pattern(rf"{_URL}(?:pmcid[:\s]*)?(?:pmc)?0*([1-9]\d{{0,8}})(?:\.\d+)?/?", lambda digits: f"PMC{digits}"),
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
which number apart; `s2` is Semantic Scholar's corpus id, which is stable, and `s2_paper` its sha, which is not."""


_ARXIV_DOI = "10.48550/arxiv."


def normalize(scheme: str, value: str) -> Identifier | None:
    """The identifier a field of a `scheme` holds, None where it is none.

    A DOI that arXiv registered (`10.48550/arXiv.…`) names an arXiv paper and comes back as such, and a
    handle that is a DOI as a DOI.
    """
    read = _READERS.get(scheme)
    value = value.strip()
    if read is None or not value or len(value) > LONGEST:
        return None
    normal = read(value)
    if not normal:
        return None
    if scheme == "doi" and normal.startswith(_ARXIV_DOI):
        found = parse_arxiv(normal[len(_ARXIV_DOI) :])
        return Identifier("arxiv", found.base) if found else None
    if scheme == "handle" and normal.startswith("10."):
        return normalize("doi", normal)
    return Identifier(scheme, normal)


_DOI_IN_QUERY = re.compile(r"[?&](?:doi|id)=(10\.\d{4,9}(?:\.\d+)*(?:/|%2F)[^?#&]+)", re.IGNORECASE)
# What follows a DOI in a publisher's path and names a page or a file of the paper.
_PAGES_OF_DOI = frozenset(
    ("full", "pdf", "epdf", "pdfdirect", "fullpdf", "fulltext", "full-xml", "xml", "html", "epub", "abstract", "abs")
) | frozenset(("meta", "summary", "references", "download", "figures", "suppl", "tables", "metrics", "citations"))
_FILE_BELOW_DOI = re.compile(r"/(?:galley|download)/|/\d{6,9}/[^/]+\.pdf$")
_ENDINGS = frozenset(("pdf", "full", "abstract", "html", "htm", "xml", "epub", "ps", "short", "long"))
_BIORXIV_VERSION = re.compile(r"(10\.1101/[\d.]+)v\d")
_RESEARCH_SQUARE = re.compile(r"article/(rs-\d+/v\d+)")
_SHA = re.compile(r"(?:^|/)([0-9a-f]{40})(?=$|[/?#.])")
_PDF_SHA = re.compile(r"^([0-9a-f]{4})/([0-9a-f]{36})\.pdf")
_CORPUS = re.compile(r"corpus_?id(?::|%3A|=)(\d+)", re.IGNORECASE)
_PMC = re.compile(r"(?:^|/|=)(?:pmc/articles/|articles/|pmcid=)?pmc(\d{3,9})(?!\w)|pmc/articles/(\d+)", re.IGNORECASE)
_PMID = re.compile(r"^(?:pubmed/|article/med/|abstract/med/|entrez/.*uids=)?(\d{1,9})(?:[/?#]|$)", re.IGNORECASE)
_CORE_OUTPUT = re.compile(r"^(?:v3/)?(?:download|display|outputs|reader|download/pdf)/(?:pdf/)?(\d+)")
_CORE_WORK = re.compile(r"^(?:v3/)?works/(\d+)")
_FATCAT = re.compile(r"release/([a-z2-7]{26})")
_HAL = re.compile(r"([a-z]+[_-]\d{8})(?:v\d+)?(?:[/?#]|$)")
_ARCHIVE_ITEM = re.compile(rf"(?:download|details)/arxiv-(?:({_ARCHIVES})(\d{{7}})|(\d{{4}}\.\d{{4,5}}))(?![\d.])")
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
    doi = _doi(path)
    if doi.startswith("10.48550/"):
        return _read("doi", doi)
    return (Identifier("doi", doi),) if doi else ()


@lru_cache(maxsize=256)
def _arxiv_at_start(text: str) -> _Found | None:
    """What an arXiv id at the start of a text says, None where there is none; abstract and PDF say the same."""
    match = _AT_START.match(text)
    return _named(_checked(match)) if match else None


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
}


def _without_page(doi: str) -> str:
    """A DOI from a URL's path without the endings that name a page or a file of it."""
    if match := _FILE_BELOW_DOI.search(doi):
        doi = doi[: match.start()]
    for _ in range(4):
        head, _, last = doi.rpartition("/")
        stem, dot, ending = last.rpartition(".")
        if last.lower() in _PAGES_OF_DOI or not last:
            shorter = head
        elif dot and ending.lower() in _ENDINGS:
            shorter = f"{head}/{stem}"
        else:
            break
        if "/" not in shorter:
            break
        doi = shorter
    return doi


def _publisher_doi(path: str) -> _Found:
    """The DOI in the path of a publisher's page or file."""
    start = path.find("/10.") + 1
    if start:
        doi = path[start:].partition("?")[0].partition("#")[0]
    elif match := _DOI_IN_QUERY.search(path):
        doi = match[1]
    else:
        return ()
    doi = _without_page(unquote(doi) if "%" in doi else doi)
    if doi.startswith("10.1101/"):
        versioned = _BIORXIV_VERSION.match(doi)
        doi = versioned[1] if versioned else doi
    return _read("doi", doi)


def from_url(url: str, *, publishers: bool = True) -> _Found:
    """The identifiers a landing page's or a file's URL states about the work it shows, often none.

    Known hosts are read by their own rules, an archived copy (`web.archive.org/web/…`) by what it
    wraps; elsewhere a DOI in the path or an arXiv cue counts. `oai:` names are read too. Without
    `publishers` a DOI in the path of a page is left unread (the most costly thing here) unless it is arXiv's.
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
    """The identifier in an OAI name of a repository whose local names are one."""
    _, _, rest = name.partition(":")
    host, _, local = rest.partition(":")
    scheme = {"arxiv.org": "arxiv", "pubmedcentral.nih.gov": "pmcid", "europepmc.org": "pmcid"}.get(host.lower(), "")
    return _read(scheme, local) if scheme else ()
