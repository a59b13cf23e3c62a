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
    "remembered_doi",
]

LONGEST = 2_000
"""Text beyond this many characters is no identifier and no URL worth reading."""


class ArxivId(NamedTuple):
    """An arXiv identifier: `base` without version or subject class, `version` 0 where none is written."""

    base: str
    version: int


# Archives that had identifiers of the form archive/YYMMNNN, closed ones included.
ARXIV_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_ID = (
    rf"(?:(?P<new>\d{{4}}\.\d{{4,5}})|(?P<archive>{ARXIV_ARCHIVES})(?:\.[a-z]{{2}}|\.[a-z]{{3,4}}-[a-z]{{2,4}})?"
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
ARXIV_AT_START = re.compile(_ID, re.IGNORECASE)
_ARXIV_FILE = re.compile(rf"ftp/({ARXIV_ARCHIVES})/papers/\d{{4}}/(\d{{7}})(?!\d)", re.IGNORECASE)
_DBLP = re.compile(
    r"corr/(?:abs-)?(?:(?P<new>\d{4}-\d{4,5})|"
    rf"(?P<archive>{ARXIV_ARCHIVES})(?:-[A-Z]{{2}})?-(?P<old>\d{{7}}))(?:v(?P<version>\d{{1,3}}))?(?!\w|-\d)",
    re.IGNORECASE,
)


def checked_arxiv(match: re.Match[str]) -> ArxivId | None:
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
        return checked_arxiv(match)
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
            if found := checked_arxiv(match):
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
# kept is bounded: `normalize` and `links.from_url` refuse what is longer than `LONGEST`.
remembered_doi = lru_cache(maxsize=256)(normalize_doi)


def _arxiv(text: str) -> str:
    found = parse_arxiv(text)
    return found.base if found else ""


def _acl(text: str) -> str:
    return text.lower() if text[0].isdigit() else text.upper()


_URL = r"(?:https?://[^\s]+?[/=:])?"
_READERS: Mapping[str, Callable[[str], str]] = {
    "arxiv": _arxiv,
    "doi": remembered_doi,
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
