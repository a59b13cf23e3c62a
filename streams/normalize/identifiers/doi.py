"""DOIs in normal form: one DOI, one spelling, whatever surrounds it in a field or a URL.

People, reference managers and table tools write a DOI with a label, a resolver, a proxy, LaTeX escapes, the page or the
file of the article behind it, a query, a second identifier. All of that is removed; what belongs to the DOI stays (SICI keeps its
brackets, semicolon and `#`). A text that may be a broken DOI is refused, not repaired.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

__all__ = ["LONGEST", "dois_in", "normalize_doi", "registered_doi", "remembered_doi", "without_page"]

_LONGEST_DOI = 300
_MOST = 50  # places of a text that are looked at
_RUN = re.compile(r"[!-~]*")

LONGEST = 2_000
"""The most characters of an identifier or URL; longer text is not read."""

# Most DOIs as they come: nothing to decode, nothing around them.
_ORDINARY = re.compile(
    r"10\.(?!(?:1101|64898)/[0-9.]{6,20}v|1145/1|475/)[1-9][0-9]{3,8}/[A-Za-z0-9][A-Za-z0-9._;():-]{0,200}[0-9]"
)
_CLEAN = re.compile(r"10\.[1-9][0-9]{2,8}/[A-Za-z0-9][A-Za-z0-9._;()/:-]{0,200}[A-Za-z0-9]")
_START = re.compile(r"10\.\s?([1-9]\d{2,8}(?:\.\d+)*)\s*/\s*(?=[!-~])")
_DOI = re.compile(r"10\.[1-9]\d{2,8}(?:\.\d+)*/[!-~]+")
# What may come directly before a DOI: no character that could be a part of it, or a label glued to it.
_GLUED_BEFORE = re.compile(r"(?:doi|dx|org)[._=-]*$|(?<![\w.-])$|(?<!\w)[-_]$", re.IGNORECASE)
# Before the DOI of another work: the erratum of this one, the article this one replies to.
_OF_ANOTHER_WORK = re.compile(
    r"\b(?:errat(?:um|a)|corrigend|addend|retraction|rejoinder|corrects|correction (?:to|of)|comment(?:s|ary)? (?:on|in|to)|"
    r"(?:reply|response|replies) to|review of|supplement(?:s|al|ary)? (?:to|of|for|material|data)|part of|cite[sd]\b|"
    r"references?\b)",
    re.IGNORECASE,
)
# What may follow a blank behind a DOI. Anything with a digit may be the DOI's own rest, broken by the blank; a word may be
# behind a DOI that has a digit already.
_BEHIND = re.compile(
    r"$|[\[({<]\s*[a-z]|\((?:19|20)\d\d\b|[-|,;/&*\u00b7\u2022]\s|(?:and|or)\s(?:doi:?\s*|https?:\S*/)?10\.|https?:|www\.|doi\b|"
    r"10\.\d{4}|pm(?:c?id|c\d)|pii\b|s\d{4}-|p{1,2}\.|pages?\b|vol(?:ume)?\b",
    re.IGNORECASE,
)
_WORD_BEHIND = re.compile(r"[a-z]{2,}(?=[\s.,;:)-]|$)", re.IGNORECASE)

_TYPOGRAPHY = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
        **dict.fromkeys("\u2044\u2215", "/"),
        **dict.fromkeys("\u2039\u27e8\u3008", "<"),
        **dict.fromkeys("\u203a\u27e9\u3009", ">"),
        **dict.fromkeys("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2026\u3002\u3001\uff61", " "),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", None),
    }
)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", re.IGNORECASE)
# LaTeX of BibTeX files: \_ and {\_}, $<$, \textless{}, \href{...}{...}, \url{...}.
_LATEX_NAME = re.compile(
    r"\\text(underscore|less|greater|backslash)\b\s*|\\(?:href|url|doi|path|nolinkurl|ensuremath)\b"
)
_LATEX_NAMES = {"underscore": "_", "less": "<", "greater": ">"}
_LATEX_MARKS = str.maketrans("", "", "\\{}$")

# What follows a DOI in a publisher's path and names a page or a file of the paper.
_PAGE_WORDS = (
    "full pdf epdf pdfdirect fullpdf fulltext full-text full-xml full-text.html xml html epub abstract abs meta summary "
    "references download figures suppl tables metrics citations reader standard short long issuetoc pdf+html"
)
_ENDING_WORDS = (
    "pdf full abstract html htm xhtml xml epub ps short long full-text pdf+html full+html article-info article-metrics "
    "supplementary-material figures-only"
)
_PAGES, _ENDINGS = frozenset(_PAGE_WORDS.split()), frozenset(_ENDING_WORDS.split())
_FILE_BELOW = re.compile(r"/(?:galley|download)/|/\d{6,9}/[^/]+\.pdf$")
# Where a DOI ends though no blank follows: another DOI or URL, a query, a session, a tag, another identifier.
_CUT = re.compile(
    r"(?<=.)https?:/|[;,|]+(?:doi:|10\.\d{4,9}/)|(?<=[\w)])(?:doi:\s*)?10\.\d{4,9}/|(?<=\w)[,;|]?doi:|[;&?][a-z_][\w.]*=|\?$|"
    r"(?<!;2-)#[a-z]|\"|\[(?:doi|pii|pubmed)\b|</?[a-z]+\d?(?:\s[^<>:]*)?/?>|[.,;]*(?<=[\d.,;])pmc?id:?\s*(?:pmc)?\d",
    re.IGNORECASE,
)
_TWICE = re.compile(r"(10\.\d{4,9}/.+?)[.,;|/]*(?:(?:https?://)?(?:dx\.)?doi(?:\.org/|:))?\1", re.IGNORECASE)
# The server puts the version into its URLs and never into the DOI.
_SERVERS = ("10.1101/", "10.64898/")
_SERVER_VERSION = re.compile(r"(10\.(?:1101|64898)/(?:\d{6,8}|\d{4}\.\d\d\.\d\d\.\d{6,8}))v\d{1,2}$")
_OPENERS = {")": "(", "]": "[", "}": "{", ">": "<"}
_TRAILING = frozenset(".,;:'\"/?!&*|\\`=([{<")

# Templates for authors contain a DOI to be replaced; some papers are published with it.
_PLACEHOLDER = re.compile(r"(?:^|[^a-z])(?:x{4,}|n{4,})(?:$|[^a-z])|^(?:xxx\.)?0+(?:[./]0+)*$")
_TEMPLATES = frozenset(("10.1145/1122445.1122456", "10.1145/1235", "10.475/123_4", "10.1109/access.2017.doi"))


def normalize_doi(text: str) -> str:
    """Return the first DOI of a field in normal form, `""` where it has none that can be used.

    >>> normalize_doi("DOI: https://doi.org/10.1000/Abc.12/full?x=y [doi]")
    '10.1000/abc.12'
    """
    text = text.strip()
    # One slash and a digit at the end: nothing is behind the DOI that could be cut off.
    if _ORDINARY.fullmatch(text) or (_CLEAN.fullmatch(text) and not _has_page(text.lower())):
        doi = text.lower()
        if "xxxx" not in doi and "000000" not in doi:
            return doi
    elif text.startswith(_SERVERS) and (version := _SERVER_VERSION.match(text)):
        return version[1]
    return next(_scan(text), "")


def _has_page(doi: str) -> bool:
    """Tell whether a DOI in the usual form may still need to be cleaned.

    It may be followed by a page, a version or a second DOI, or be a template that was never filled in (`10.1145/nnnnnnn`).
    """
    return (
        "10." in doi[8:]
        or "nnnn" in doi
        or "pmid" in doi
        or doi[doi.rfind(".") + 1 :] in _ENDINGS
        or doi[doi.rfind("/") + 1 :] in _PAGES
        or doi.startswith((*_SERVERS, "10.1145/1", "10.475/"))
    )


def dois_in(text: str) -> tuple[str, ...]:
    """Return all DOIs of a field that may hold several, as arXiv's does, each in normal form."""
    return tuple(dict.fromkeys(_scan(text[: 10 * LONGEST])))


def registered_doi(text: str) -> str:
    """Return the DOI that a registry gives as its record's own: case and escapes are folded, and nothing is cut off its end."""
    text = text.strip()
    if _CLEAN.fullmatch(text):
        return text.lower()
    text = _plain(text)
    start = _START.search(text)
    return (
        _shaped(f"10.{start[1]}/{text[start.end() :]}") if start and _GLUED_BEFORE.search(text[: start.start()]) else ""
    )


# A record states its DOI in a field and again in its links, and other sources state it soon after. Text that is
# kept is bounded: `normalize` and `links.from_url` refuse what is longer than `LONGEST`.
remembered_doi = lru_cache(maxsize=256)(normalize_doi)


def without_page(doi: str) -> str:
    """Return a DOI without the endings that name a page or a file of the work."""
    if match := _FILE_BELOW.search(doi):
        doi = doi[: match.start()]
    for _ in range(4):
        head, _, last = doi.rpartition("/")
        stem, dot, ending = last.rpartition(".")
        if last.lower() in _PAGES or not last:
            shorter = head
        elif dot and stem and ending.lower() in _ENDINGS:
            shorter = f"{head}/{stem}"
        else:
            break
        if "/" not in shorter:
            break
        doi = shorter
    return doi


def _plain(text: str) -> str:
    """Return text with typographic characters as ASCII, and with escapes of URLs, HTML and LaTeX decoded once."""
    text = text[: 10 * LONGEST]
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)
    if "\\" in text or "$" in text or "{" in text:
        text = _LATEX_NAME.sub(lambda match: _LATEX_NAMES.get(match[1] or "", " "), text)
        text = text.replace("}{", " ").translate(_LATEX_MARKS)
    if "%" in text:
        text = unquote(text)
    for _ in range(2):  # `&amp;lt;` is what a feed makes of `&lt;`
        if "&" in text:
            text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def _scan(text: str) -> Iterator[str]:
    """Yield the DOIs of a text in order; the first `_MOST` places where a DOI may begin are tried."""
    text = _plain(text)
    at = 0
    for _ in range(_MOST):
        start = _START.search(text, at)
        if start is None:
            return
        lead, begin = text[at : start.start()], start.end()
        run = _RUN.match(text, begin, begin + 2 * _LONGEST_DOI)
        end = run.end() if run else begin
        whole = f"10.{start[1]}/{text[begin:end]}"
        doi = _within(whole, is_url="//" in lead.rpartition(" ")[2])
        at = end - len(whole) + len(doi)  # what was cut off may hold the next DOI
        if (
            _is_whole_alone(text, start, end, is_cut=doi != whole)
            and _is_of_this_work(lead)
            and (normal := _finish(doi))
        ):
            yield normal


def _is_of_this_work(lead: str) -> bool:
    """Tell whether the text before a DOI is no part of it and does not name another work."""
    if not _GLUED_BEFORE.search(lead):
        return False
    url = lead.rpartition(" ")[2]
    return not _OF_ANOTHER_WORK.search(lead.removesuffix(url) if "//" in url else lead)


def _is_whole_alone(text: str, start: re.Match[str], end: int, *, is_cut: bool) -> bool:
    """Tell whether a DOI that ends at `end` is whole: no blank broke it."""
    if " " in start[0].strip() and not any(letter.isdigit() for letter in text[start.end() : end]):
        return False
    if end == len(text) or is_cut or text[end - 1] in ",;|":
        return True
    if not text[end].isspace():
        return False
    behind = text[end:].lstrip()
    if _BEHIND.match(behind):
        return True
    has_digit = any(letter.isdigit() for letter in text[start.end() : end])
    return has_digit and text[end - 1] not in "/:_-" and _WORD_BEHIND.match(behind) is not None


def _within(doi: str, *, is_url: bool) -> str:
    """Return a run of characters that begins with a DOI, cut where the DOI ends."""
    if "10." in doi[8:] and (twice := _TWICE.fullmatch(doi)):
        doi = twice[1]
    if is_url:
        doi = doi.partition("?")[0]
        if not doi.lower().endswith(";2-#"):
            doi = doi.partition("#")[0]
    cut = _CUT.search(doi, doi.find("/") + 1)
    return doi[: cut.start()] if cut and cut.start() > doi.find("/") + 1 else doi


def _finish(doi: str) -> str:
    """Return a DOI without page, file and version of the server, `""` for a template or a text that is no DOI."""
    for _ in range(8):
        shorter = without_page(_without_tail(doi))
        if shorter == doi:
            break
        doi = shorter
    doi = _shaped(doi)
    if version := _SERVER_VERSION.match(doi):
        doi = version[1]
    if doi in _TEMPLATES or _PLACEHOLDER.search(doi.partition("/")[2]):
        return ""
    return doi


def _shaped(doi: str) -> str:
    """Return a DOI in lower case without the punctuation around it, `""` where the text does not have the shape of a DOI."""
    doi = _without_tail(doi.strip())
    if not _DOI.fullmatch(doi) or len(doi) > _LONGEST_DOI:
        return ""
    prefix, _, suffix = doi.partition("/")
    suffix = suffix.lstrip("/")
    return f"{prefix}/{suffix.lower()}" if suffix else ""


def _without_tail(doi: str) -> str:
    """Return a DOI without the punctuation around it; a bracket that closes one opened inside belongs to it."""
    while doi:
        last = doi[-1]
        opener = _OPENERS.get(last)
        if last in _TRAILING or (opener and doi.count(last) > doi.count(opener)):
            doi = doi[:-1]
        else:
            break
    return doi
