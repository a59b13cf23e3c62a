"""Class of a work by the shape of its DOI: preprint, component, report, review, data, archive copy, or the work itself.

A DOI's registrant decides what its suffix means: `/v2` is a version at Research Square, `.s001` a supplement
at ACS, `-rc1` a referee's comment at Copernicus. Versions are folded per registrant only, for a general "strip .N"
rule would merge bioRxiv preprints that are different papers. The source of each shape is in its row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "ARCHIVE",
    "COMPONENT",
    "DATA",
    "IN_ARCHIVE",
    "PREPRINT",
    "REPORT",
    "REPOSITORY",
    "REVIEW",
    "WORK",
    "DoiClass",
    "doi_class",
    "is_entry",
    "is_of_book",
]

WORK = ""
PREPRINT = "preprint"
COMPONENT = "component"
REPORT = "report"
REVIEW = "review"
# The DOI of a general repository: a preprint, but as likely data, software, a poster, slides or a supplement.
REPOSITORY = "repository"
# The DOI of a repository that holds data and nothing else.
DATA = "data"
# The DOI that a digital archive gives to an article beside the publisher's DOI.
ARCHIVE = "archive"

IN_ARCHIVE = (PREPRINT, REPOSITORY)
"""Kinds of DOIs that a work may have before and beside the DOI of its publication."""


class DoiClass(NamedTuple):
    """The class of a DOI.

    - `base`: the DOI without its version.
    - `kind`: one of the classes above.
    - `version`: the part that was removed.
    - `stem`: the base without the mark of an edition. A new edition of an encyclopedia's entry is no version of the old one
      (the text is written anew, often by other authors), but its DOI shows that it is an edition.
    """

    base: str
    kind: str
    version: str
    stem: str = ""


class _Version(NamedTuple):
    prefix: str
    pattern: re.Pattern[str]
    source: str


# Registrants whose version DOIs end in a version mark, and the mark.
VERSIONS: tuple[_Version, ...] = tuple(
    _Version(prefix, re.compile(pattern), source)
    for prefix, pattern, source in (
        ("10.1101/", r"(?<=\d)v\d+$", "bioRxiv, medRxiv: in URLs and citations; jupyter-book/mystmd#1173"),
        ("10.64898/", r"(?<=\d)v\d+$", "openRxiv, from December 2025 on; PREreview"),
        ("10.21203/rs.", r"/v\d+$", "Research Square, 817 gold rows"),
        ("10.20944/preprints", r"\.v\d+$", "preprints.org, 158 gold rows"),
        ("10.26434/chemrxiv", r"(?:\.v\d+|-v\d+)$", "ChemRxiv old and new, 67 gold rows"),
        ("10.36227/techrxiv", r"[./]v\d+$", "TechRxiv, 26 gold rows"),
        ("10.33774/", r"-v\d+$", "APSA preprints, Cambridge Open Engage"),
        ("10.33767/", r"(?:[.-]v|_v)\d+$", "OSF-like preprints of Cambridge"),
        ("10.31124/advance", r"[./]v\d+$", "SAGE Advance, on figshare and on Authorea"),
        ("10.31219/osf.io/", r"_v\d+$", "OSF preprints"),
        ("10.31234/osf.io/", r"_v\d+$", "PsyArXiv"),
        ("10.31235/osf.io/", r"_v\d+$", "SocArXiv"),
        ("10.1002/essoar.", r"\.\d+$", "ESSOAr, 23 gold rows"),
        ("10.22541/", r"/v\d+$", "Authorea, ESS Open Archive"),
        ("10.7287/peerj.preprints.", r"v\d+$", "PeerJ Preprints"),
        ("10.32388/", r"(?<=[a-z0-9]{6})\.\d+$", "Qeios"),
        ("10.14293/", r"\.v\d+$", "ScienceOpen Preprints"),
        ("10.14324/111.444/", r"\.v\d+$", "UCL Open Environment, on ScienceOpen"),
        ("10.1099/acmi.0.", r"\.v\d+$", "Access Microbiology; sciety#2929"),
        (
            "10.7554/elife.",
            r"(?<=\d{5})\.\d{1,2}$",
            "eLife reviewed preprints; three digits are components; elife-bot#1918",
        ),
        ("10.6084/m9.figshare", r"\.v\d+$", "figshare"),
        ("10.17632/", r"\.\d+$", "Mendeley Data"),
        ("10.17504/protocols.io.", r"/v\d+$", "protocols.io"),
        ("10.3886/", r"\.?v\d+$", "ICPSR, openICPSR"),
        ("10.1002/14651858.", r"\.pub\d+$", "Cochrane reviews"),
        (
            "10.12688/",
            r"(?<=\d)\.\d{1,2}$",
            "F1000Research, Wellcome, Gates, HRB, Open Research Europe and their kin; VeriXiv",
        ),
        ("10.7490/", r"(?<=\d)\.\d{1,2}$", "F1000's posters and slides"),
    )
)
# Versions where other registrants host with a platform whose mark they keep: figshare, the Open Science Framework.
_HOSTED = re.compile(r"^(10\.\d{4,9}/.*figshare\.[\w.]*\d)\.v\d+$|^(10\.\d{4,9}/osf\.io/[a-z0-9]+)_v\d+$")

# Suffixes of things that belong to a work and are not the work: of all registrants, and of one.
_COMPONENT = re.compile(
    r"(?:\.s\d{3}|\.[gt]\d{3}|/suppl(?:_file)?[\w.]*|\.suppl?\d*|\.mmc?\d+|/fig-\d+|/table-\d+|/supp-\d+|-supplement\d*|\.sup\d+|"
    r"sup\d+\.\w{2,4})$"
)
_COMPONENT_OF = {
    "10.7554/": re.compile(r"^10\.7554/elife\.\d{5,6}\.\d{3}$"),
    "10.5061/": re.compile(r"^10\.5061/dryad\.\w+/\d+$"),
    "10.7910/": re.compile(r"^10\.7910/dvn/\w{5,6}/\w{5,6}$"),
}
_REPORT = re.compile(r"(?:\.(?:rep|review)|/v\d+/(?:review|decision|response))\d+$")
_REPORT_OF = {
    "10.5194/": re.compile(r"-(?:rc|ac|sc|cc|ec)\d+$"),  # Copernicus
    "10.21956/": re.compile(r"\.r\d+$"),  # the open research platforms
    "10.5256/": re.compile(r"\.r\d+$"),  # F1000Research
    "10.7554/": re.compile(r"\.sa\d+$"),  # eLife: decision letters, assessments, responses
    "10.7287/": re.compile(r"/reviews/\d+$"),  # PeerJ
    "10.14293/": re.compile(r"\.v\d+\.r\w{5,}$"),  # ScienceOpen
    "10.14322/": re.compile(r"/publons\.r"),
    "10.24072/": re.compile(r"/pci\.[a-z]+\.\d+\.(?:rev|ar|d)\d+$"),
}
_REVIEW_PREFIXES = (
    "10.5860/choice", "10.3410/f.", "10.1163/2468-1733_shafr",  # Choice, F1000 Prime, SHAFR guide
    "10.24072/pci.",  # Peer Community In: recommendations of preprints
)  # fmt: skip
_PREPRINT_PREFIXES = (
    "10.48550/", "10.64898/", "10.21203/rs.", "10.20944/preprints", "10.26434/chemrxiv", "10.36227/techrxiv", "10.33774/",
    "10.31124/advance", "10.1002/essoar.", "10.22541/", "10.2139/ssrn", "10.2196/preprints", "10.1590/scielopreprints",
    "10.7287/peerj.preprints", "10.14293/", "10.32388/", "10.12688/",
    # Of the Open Science Framework and servers that were once there: OSF, PsyArXiv, SocArXiv, EarthArXiv, MetaArXiv, EdArXiv ...
    "10.31218/", "10.31219/", "10.31220/", "10.31221/", "10.31222/", "10.31223/", "10.31224/", "10.31225/", "10.31226/",
    "10.31227/", "10.31228/", "10.31229/", "10.31230/", "10.31231/", "10.31232/", "10.31233/", "10.31234/", "10.31235/",
    "10.31236/", "10.31730/", "10.35542/", "10.32942/", "10.33767/", "10.34055/osf.io", "10.37044/osf.io", "10.1149/osf.io",
    "10.51224/srxiv", "10.51094/jxiv", "10.60763/", "10.57844/arcadia",
    # Working papers: NBER, World Bank, Federal Reserve Board and Banks
    "10.3386/w", "10.3386/t", "10.1596/1813-9450-", "10.17016/feds.", "10.17016/ifdp.", "10.24149/wp", "10.20955/wp.",
    "10.21799/frbp.wp", "10.26509/frbc-wp", "10.21034/wp.", "10.29338/wp", "10.18651/rwp", "10.24148/wp", "10.21033/wp",
)  # fmt: skip
# bioRxiv and medRxiv share their prefix with journals of Cold Spring Harbor; Copernicus gives preprints a year and a number
# (or, until 2015, volume and page in a journal `... Discussions`), and papers volume, page and year.
_PREPRINT_SHAPES = re.compile(
    r"^10\.1101/(?:\d{6,8}(?![\d.])|20\d\d\.\d\d\.\d\d\.\d+)|^10\.5194/[a-z]+-(?:19|20)\d\d-\d+$|"
    r"^10\.5194/(?:acp|amt|angeo|bg|cp|dwes|esd|essd|esurf|gi|gmd|hess|nhess|npg|os|se|soil|tc|wes)d-\d+-\d+-(?:19|20)\d\d$"
)
_REPOSITORY_PREFIXES = (
    "10.5281/zenodo", "10.6084/m9.figshare", "10.17605/osf.io", "10.13140/rg.", "10.7490/",  # ResearchGate, F1000's posters
    # Of institutions, which register theses, reports, and copies of what their people publish elsewhere: TIB, KIT, OAPEN, OSTI,
    # Chapel Hill, ETH, Cambridge, Maastricht, WIAS, Aachen, Hannover, TU Berlin, Mainz, Stuttgart, Heidelberg, Fraunhofer, DESY,
    # Jülich, TU Wien, Darmstadt, Geneva, Bern, Zürich, FU Berlin, HU Berlin, Potsdam, ZHAW, PSI, CERN, Apollo, Göttingen
    "10.34657/", "10.5445/ir/", "10.26530/oapen", "10.2172/", "10.17615/", "10.3929/ethz", "10.17863/cam", "10.26481/",
    "10.20347/wias", "10.18154/", "10.15488/", "10.14279/depositonce", "10.25358/openscience", "10.18419/opus",
    "10.11588/heidok", "10.24406/", "10.3204/", "10.34734/", "10.34726/", "10.25534/tuprints", "10.26083/tuprints",
    "10.13097/archive-ouverte", "10.7892/boris", "10.48350/", "10.5167/uzh", "10.17169/refubium", "10.18452/", "10.25932/publishup",
    "10.21256/zhaw", "10.5170/cern", "10.17181/", "10.47952/gro-publ", "10.23668/psycharchives", "10.17877/",
)  # fmt: skip
_DATA_PREFIXES = ("10.17632/", "10.5061/dryad", "10.7910/dvn", "10.3886/")  # Mendeley Data, Dryad, Dataverse, ICPSR
_ARCHIVE_PREFIXES = ("10.2307/",)  # JSTOR
_GREY_COPY = re.compile(r"^10\.1037/e\d{9}-\d{3}$")  # PsycEXTRA: reports and talks under APA's own DOIs
# New editions of entries of Wiley's encyclopedias: by ISBN, by the older number of ten digits, or Ullmann's number.
_EDITION = re.compile(r"^(10\.1002/(?:97[89]\d{10}|\d{9}[\dx]|(?!14651858)\d{8})\..+?)\.pub\d+$")


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
    """Tell whether a DOI numbers one object of a collection, so that another DOI is another object whatever the titles say."""
    return doi.startswith(_ENTRY_PREFIXES)


_ISBN = re.compile(r"97[89][\d-]{10,14}")


def is_of_book(doi: str) -> bool:
    """Tell whether a DOI contains an ISBN: it is a book's, or that of a chapter of the book."""
    return _ISBN.search(doi) is not None


_BY_REGISTRANT = {
    registrant: tuple(rule for rule in VERSIONS if rule.prefix.startswith(registrant))
    for registrant in {rule.prefix.partition("/")[0] + "/" for rule in VERSIONS}
}


@lru_cache(maxsize=8192)
def doi_class(doi: str) -> DoiClass:
    """Return the class of a normalized DOI, and the DOI that its versions share."""
    registrant = doi[: doi.find("/") + 1]
    if (("re" in doi or "decision" in doi) and _REPORT.search(doi)) or (
        registrant in _REPORT_OF and _REPORT_OF[registrant].search(doi)
    ):
        return DoiClass(doi, REPORT, "", doi)
    if _COMPONENT.search(doi) or (registrant in _COMPONENT_OF and _COMPONENT_OF[registrant].search(doi)):
        return DoiClass(doi, COMPONENT, "", doi)
    if doi.startswith(_REVIEW_PREFIXES):
        return DoiClass(doi, REVIEW, "", doi)
    base = _without_version(doi, registrant)
    edition = _EDITION.match(base) if registrant == "10.1002/" else None
    return DoiClass(
        base, _kind(base), doi[len(base) :] if doi.startswith(base) else "", edition[1] if edition else base
    )


def _without_version(doi: str, registrant: str) -> str:
    for rule in _BY_REGISTRANT.get(registrant, ()):
        if doi.startswith(rule.prefix):
            return rule.pattern.sub("", doi)
    for prefix, pattern, form, _ in TWINS:
        if doi.startswith(prefix):
            return pattern.sub(form, doi)
    hosted = _HOSTED.match(doi) if "figshare" in doi or "osf.io" in doi else None
    return (hosted[1] or hosted[2]) if hosted else doi


def _kind(doi: str) -> str:
    if doi.startswith(_PREPRINT_PREFIXES):
        return PREPRINT
    if doi.startswith(_REPOSITORY_PREFIXES) or "figshare" in doi:
        return REPOSITORY
    if doi.startswith(_DATA_PREFIXES):
        return DATA
    if doi.startswith(_ARCHIVE_PREFIXES) or _GREY_COPY.match(doi):
        return ARCHIVE
    return PREPRINT if doi.startswith(("10.1101/", "10.5194/")) and _PREPRINT_SHAPES.match(doi) else WORK
