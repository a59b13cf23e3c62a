"""What the shape of a DOI says about the work behind it.

A DOI's registrant decides what its suffix means: `/v2` is a version at Research Square, `.s001` a supplement
at ACS, `-rc1` a referee's comment at Copernicus. Folding is done per registrant only, for a general "strip .N"
rule would merge bioRxiv preprints that are different papers. Shapes measured by matching.md 3.4.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["COMPONENT", "PREPRINT", "REPORT", "REVIEW", "WORK", "DoiClass", "doi_class", "is_entry", "is_of_book"]

WORK = ""
PREPRINT = "preprint"
COMPONENT = "component"
REPORT = "report"
REVIEW = "review"


class DoiClass(NamedTuple):
    """`base` is the DOI without its version, `kind` one of the classes above, `version` the part folded away."""

    base: str
    kind: str
    version: str


class _Version(NamedTuple):
    prefix: str
    pattern: re.Pattern[str]
    source: str


# Registrants whose version DOIs end in a version mark, and the mark.
VERSIONS: tuple[_Version, ...] = tuple(
    _Version(prefix, re.compile(pattern), source)
    for prefix, pattern, source in (
        ("10.21203/rs.", r"/v\d+$", "Research Square, 817 gold rows"),
        ("10.20944/preprints", r"\.v\d+$", "preprints.org, 158 gold rows"),
        ("10.26434/chemrxiv", r"(?:\.v\d+|-v\d+)$", "ChemRxiv old and new, 67 gold rows"),
        ("10.36227/techrxiv", r"[./]v\d+$", "TechRxiv, 26 gold rows"),
        ("10.33774/", r"-v\d+$", "APSA preprints"),
        ("10.33767/", r"[.-]v\d+$", "OSF-like preprints of Cambridge"),
        ("10.31124/advance", r"\.v\d+$", "SAGE Advance"),
        ("10.31219/osf.io/", r"_v\d+$", "OSF preprints"),
        ("10.31234/osf.io/", r"_v\d+$", "PsyArXiv"),
        ("10.31235/osf.io/", r"_v\d+$", "SocArXiv"),
        ("10.1002/essoar.", r"\.\d+$", "ESSOAr, 23 gold rows"),
        ("10.22541/", r"/v\d+$", "Authorea"),
        ("10.6084/m9.figshare", r"\.v\d+$", "figshare"),
        ("10.1002/14651858.", r"\.pub\d+$", "Cochrane reviews"),
        ("10.12688/f1000research.", r"\.\d+$", "F1000Research"),
        ("10.12688/wellcomeopenres.", r"\.\d+$", "Wellcome Open Research"),
        ("10.12688/gatesopenres.", r"\.\d+$", "Gates Open Research"),
    )
)
_FIGSHARE_HOSTED = re.compile(r"^(10\.\d{4,9}/.*figshare\.[\w.]*\d)\.v\d+$")

# Suffixes of things that belong to a work and are not the work.
_COMPONENT = re.compile(
    r"(?:\.s\d{3}|\.[gt]\d{3}|/suppl(?:_file)?[\w.]*|\.suppl?\d*|\.mm\d+|/fig-\d+|/table-\d+|/supp-\d+|-supplement\d*|\.sup\d+)$"
)
_REPORT = re.compile(
    r"(?:^10\.5194/.+-(?:rc|ac|sc|cc|ec)\d+$|^10\.(?:21956|5256)/.+\.r\d+$|\.(?:rep|review)\d+$|/v\d+/(?:review|decision|response)\d+$|^10\.1111/.+/v\d+/(?:review|decision)\d+$)"
)
_REVIEW_PREFIXES = ("10.5860/choice", "10.3410/f.", "10.1163/2468-1733_shafr")  # Choice, F1000 Prime, SHAFR guide
_PREPRINT_PREFIXES = (
    "10.48550/", "10.1101/20", "10.1101/0", "10.1101/1", "10.1101/2", "10.1101/3", "10.1101/4", "10.1101/5", "10.1101/6",
    "10.1101/7", "10.1101/8", "10.64898/", "10.21203/rs.", "10.20944/preprints", "10.26434/chemrxiv", "10.36227/techrxiv",
    "10.33774/", "10.31124/advance", "10.31219/osf.io", "10.31234/osf.io", "10.31235/osf.io", "10.1002/essoar.",
    "10.22541/", "10.2139/ssrn", "10.2196/preprints", "10.1590/scielopreprints", "10.5281/zenodo", "10.6084/m9.figshare",
    "10.3386/w", "10.31222/", "10.31223/", "10.31220/", "10.7287/peerj.preprints", "10.14293/", "10.32388/", "10.12688/",
)  # fmt: skip


# Two DOIs of one article by the registrant's own way of numbering: the pattern, and the form both share.
TWINS: tuple[tuple[str, re.Pattern[str], str, str], ...] = (
    (
        "10.1145/",
        re.compile(r"^10\.1145/\d{5,}\.(\d{5,})$"),
        r"10.1145/\1",
        "ACM: issue.article; SIGPLAN Notices reprints the article",
    ),
    (
        "10.1002/ange.",
        re.compile(r"^10\.1002/ange\.(\d+)$"),
        r"10.1002/anie.\1",
        "Wiley: the German edition of Angewandte Chemie",
    ),
)

# Registrants that number the objects of a collection (strains, structures, photographs): equal titles are the rule there.
_ENTRY_PREFIXES = ("10.13145/", "10.14288/", "10.15468/", "10.5517/", "10.2210/pdb", "10.25505/", "10.17614/", "10.13139/",
                   "10.18434/", "10.14469/", "10.1594/pangaea.")  # fmt: skip


def is_entry(doi: str) -> bool:
    """Whether a DOI numbers one object of a collection, so that another DOI is another object whatever the titles say."""
    return doi.startswith(_ENTRY_PREFIXES)


_ISBN = re.compile(r"97[89][\d-]{10,14}")


def is_of_book(doi: str) -> bool:
    """Whether a DOI contains an ISBN: it is a book's, or a chapter's of that book."""
    return _ISBN.search(doi) is not None


@lru_cache(maxsize=8192)
def doi_class(doi: str) -> DoiClass:
    """The class of a normalized DOI, and the DOI its versions share."""
    if _REPORT.search(doi):
        return DoiClass(doi, REPORT, "")
    if _COMPONENT.search(doi):
        return DoiClass(doi, COMPONENT, "")
    if doi.startswith(_REVIEW_PREFIXES):
        return DoiClass(doi, REVIEW, "")
    kind = PREPRINT if doi.startswith(_PREPRINT_PREFIXES) else WORK
    for rule in VERSIONS:
        if doi.startswith(rule.prefix):
            base = rule.pattern.sub("", doi)
            return DoiClass(base, kind, doi[len(base) :])
    for prefix, pattern, form, _ in TWINS:
        if doi.startswith(prefix):
            return DoiClass(pattern.sub(form, doi), kind, "")
    hosted = _FIGSHARE_HOSTED.match(doi)
    return DoiClass(hosted.group(1), kind, doi[len(hosted.group(1)) :]) if hosted else DoiClass(doi, kind, "")
