"""arXiv identifiers in normal form, by arXiv's own page on its two forms, and by other spellings in use."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from streams.normalize.identifiers.doi import LONGEST

__all__ = ["ARXIV_ARCHIVES", "ARXIV_AT_START", "ArxivId", "checked_arxiv", "find_arxiv", "parse_arxiv"]


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
_CLASS = r"(?:\.[a-z]{2}|\.[a-z]{2,6}-[a-z]{2,4}|\.optics|\.other|\.soft)"
# Some write the primary class before an identifier of the new form, too: cs.LG/1706.03762.
_ID = (
    rf"(?:(?:(?=[a-z])(?:{ARXIV_ARCHIVES}|econ|eess|stat|q-fin){_CLASS}?/)?(?P<new>\d{{4}}\.\d{{4,5}})|"
    rf"(?P<archive>{ARXIV_ARCHIVES}){_CLASS}?[/-]?(?P<old>\d{{7}}))(?:v(?P<version>\d{{1,3}}))?(?!\w|\.\d)"
)
_FIELD = re.compile(rf"(?:arxiv:\s*|abs/|\[[\w.-]{{2,20}}\]\s*)?{_ID}", re.IGNORECASE)
_ROUTE = r"(?:abs|pdf|html|src|e-print|eprint|ps|dvi|format|papers|paper|overview|audio|forum|resources|list|tb)"
_CUED = re.compile(
    rf"(?:(?:arxiv|ar5iv|alphaxiv|scirate)[\w.-]{{0,40}}?[\s:/.]{{0,3}}(?:(?:(?:pre|e-?)?prints?|id|no|number)[\s:.]{{1,3}})?"
    rf"(?:(?:ftp|vc)/(?:arxiv|[a-z-]+)/papers/\d{{4}}/)?(?:arxiv[\s:]{{1,2}})?(?:{_ROUTE}/)?(?:arxiv[:.])?"
    rf"|\babs/|huggingface\.co/papers/|front\.math\.ucdavis\.edu/|(?:lanl\.gov|sissa\.it)/{_ROUTE}/){_ID}",
    re.IGNORECASE,
)
ARXIV_AT_START = re.compile(_ID, re.IGNORECASE)
# Files below a folder that names the archive: /ftp/cs/papers/0301/0301001.pdf, /PS_cache/hep-th/pdf/9711/9711200v3.pdf.
_FILE = re.compile(
    rf"(?:ftp/({ARXIV_ARCHIVES})/papers|ps_cache/(arxiv|{ARXIV_ARCHIVES})/(?:pdf|ps))/\d{{4}}/"
    r"(\d{7}|\d{4}\.\d{4,5})(v\d{1,3})?(?!\d)",
    re.IGNORECASE,
)
_DBLP = re.compile(
    r"corr/(?:abs-)?(?:(?P<new>\d{4}-\d{4,5})|"
    rf"(?P<archive>{ARXIV_ARCHIVES})(?:-[A-Z]{{2}})?-(?P<old>\d{{7}}))(?:v(?P<version>\d{{1,3}}))?(?!\w|-\d)",
    re.IGNORECASE,
)
_BIBCODE = re.compile(r"\b(?:19|20)\d\darXiv(\d{4})\.?(\d{4,5})[A-Z.]\b")  # ADS: 2017arXiv170603762V
_SHORT_YEAR = re.compile(r"(?:arxiv:\s*)?([4-9]\d\d\.\d{4})(v\d{1,3})?", re.IGNORECASE)


def checked_arxiv(match: re.Match[str]) -> ArxivId | None:
    """Return the identifier of a match, None where the month does not exist or the form was not in use then."""
    new, written = match.group("new", "version")
    version = int(written) if written else 0
    if new:
        month, number = int(new[2:4]), new[5:]
        digits = 4 if new[:4] < "1500" else 5
        # Five digits since January 2015; the form began in April 2007, and years from 91 on are those of the old form.
        if 1 <= month <= 12 and "0704" <= new[:4] < "9100" and len(number) == digits and int(number):
            return ArxivId(f"{new[:4]}.{number}", version)
        return None
    old = match["old"]
    since_1991 = old[:4] >= "9101" or old[:4] <= "0703"
    if 1 <= int(old[2:4]) <= 12 and since_1991 and int(old[4:]):
        return ArxivId(f"{match['archive'].lower()}/{old}", version)
    return None


def parse_arxiv(text: str) -> ArxivId | None:
    """Return the arXiv identifier of a field for arXiv identifiers.

    A bare `1706.03762` or `math.CA/0611800v2` counts, for the field is made for such identifiers; in free text
    use `find_arxiv`. URLs, DOIs, `oai:` names and DBLP keys of arXiv papers are read too.
    """
    text = text.strip()
    if match := _FIELD.match(text):
        return checked_arxiv(match)
    if text.startswith("abs-"):  # a DBLP key without its stream
        return find_arxiv(f"corr/{text}")
    if short := _SHORT_YEAR.fullmatch(text):  # a table tool took 0704.0001 for a number
        return parse_arxiv(f"0{short[1]}{short[2] or ''}")
    return find_arxiv(text)


def find_arxiv(text: str) -> ArxivId | None:
    """Return the first arXiv identifier in free text or a URL; it counts only behind a cue.

    Cues are `arXiv:`, an arXiv host or mirror, the DOI prefix `10.48550/arXiv.`, `abs/` as
    Semantic Scholar writes volumes, ADS's bibcodes and DBLP's `corr/abs-`.
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
    if "xiv" in lowered or "abs/" in lowered or _has_other_cue(lowered):
        for match in _CUED.finditer(text):
            if found := checked_arxiv(match):
                return found
        if ("ftp/" in lowered or "ps_cache/" in lowered) and (file := _FILE.search(text)):
            return _of_file(file)
        if "arXiv" in text and (code := _BIBCODE.search(text)):
            return parse_arxiv(f"{code[1]}.{code[2]}")
    return None


def _has_other_cue(lowered: str) -> bool:
    return any(cue in lowered for cue in ("co/papers/", "scirate", "ucdavis", "lanl.gov", "sissa.it"))


def _of_file(file: re.Match[str]) -> ArxivId | None:
    archive, name = file[1] or file[2], file[3]
    return parse_arxiv(f"{name if '.' in name else f'{archive}/{name}'}{file[4] or ''}")
