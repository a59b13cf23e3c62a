"""Rules that settle a pair before any field is weighed: stated relations, announcements, kinds of work, identifiers."""

from __future__ import annotations

from streams.matching.announcements import are_two_notices
from streams.matching.feature_values import IS_BOOK, IS_PREPRINT
from streams.matching.identifier_comparisons import arxiv_conflict
from streams.matching.pair import AGREED, PRINTED_ONCE, SAME_WORK, Pair
from streams.matching.rule import DISTINCT, DUPLICATE, RELATED, REVIEW, VETO, Rule, Test, first

__all__ = [
    "ARXIV",
    "DERIVED",
    "IDENTIFIERS",
    "KINDS",
    "KINDS_OF_WORK",
    "STATED",
    "STATED_DOUBTED",
    "identified_as",
]

_ONE_VOLUME_OR_UNKNOWN = (*PRINTED_ONCE, "one_issue", "one_volume", "unknown")
_ALIKE = ("exact", "variant", "typo", "noisy", "subtitle", "prefix", "inner", "extra", "other", "reordered")


def _alike(pair: Pair) -> bool:
    return pair.levels.title.startswith(_ALIKE)


def _titles_differ(pair: Pair) -> bool:
    return pair.levels.title in ("different", "similar")


_SAME = "a source states that the two are one work in versions"
_BESIDE = "a source states how one is about or beside the other"
_FROM_SOURCE = "DataCite, Crossref"

STATED: dict[str, Rule] = {
    kind: Rule(f"stated_{kind}", DUPLICATE, 0.98, lambda pair: bool(pair.stated), _SAME, "", _FROM_SOURCE)
    for kind in sorted(SAME_WORK)
} | {
    kind: Rule(f"stated_{kind}", RELATED, 0.0, lambda pair: bool(pair.stated), _BESIDE, "", _FROM_SOURCE)
    for kind in ("corrects", "retracts", "comments_on", "reviews", "supplements", "part_of", "has_part", "translation_of")
}  # fmt: skip
STATED_DOUBTED = Rule(
    "stated_doubted",
    REVIEW,
    0.5,
    lambda pair: pair.levels.authors == "none" and _titles_differ(pair),
    "a source states that the two are one work, but neither titles nor authors agree",
    "",
    "measured",
)


def _derived(relation: str, meaning: str, example: str, source: str) -> Rule:
    return Rule(f"derived_{relation}", RELATED, 0.0, _alike, meaning, example, source)


DERIVED: dict[str, Rule] = {
    "corrects": _derived("corrects", "one corrects the other", "Erratum to: ...", "fuzzycat, cometadata"),
    "retracts": _derived("retracts", "one retracts the other", "Retraction notice to: ...", "cometadata"),
    "comments_on": _derived("comments_on", "one comments on the other", "Comment on ...", "cometadata"),
    "replies_to": _derived("replies_to", "one replies to what was said of the other", "...: Rejoinder", "cometadata"),
    "reviews": _derived("reviews", "one reviews the other", "10.3410/f.…; ...-rc1", "fuzzycat, softcite"),
    "supplements": _derived("supplements", "one is a part or supplement of the other", "10.1021/….s001", "fuzzycat"),
}


def _two_notices(pair: Pair) -> bool:
    """Tell whether the records are two notices of one kind about one paper, such as two errata.

    They are if they have two identifiers, two places in print, or two years.
    """
    a, b, levels = pair.a, pair.b, pair.levels
    if not a.derived or a.derived != b.derived or pair.shared:
        return False
    if levels.identifier in ("different", "registrant", "pmid"):
        return True
    return levels.place in ("twice", "volume", "conflict", "number") or levels.year in ("one", "two", "four", "more")


def _book_reviewed(pair: Pair) -> bool:
    """Tell whether one record is a book and the other an article with the book's title in a journal."""
    a, b = pair.a, pair.b
    if not (a.flags ^ b.flags) & IS_BOOK or not _alike(pair) or pair.shared:
        return False
    other = b if a.flags & IS_BOOK else a
    return bool(other.journal and (other.volume or other.page)) and not other.flags & IS_PREPRINT


def _kinds_differ(pair: Pair) -> bool:
    """Tell whether two records of one title are works of two kinds, such as a text and its data, software, poster or talk."""
    return pair.a.kind != pair.b.kind and _alike(pair) and not pair.shared


KINDS_OF_WORK: tuple[Rule, ...] = (
    Rule(
        "kind_supplements",
        RELATED,
        0.0,
        _kinds_differ,
        "data, software, a poster, a talk or an image under the title of a text",
        "a data set and its paper",
        "DataCite, joss#546",
    ),
    Rule(
        "kind_reviews",
        RELATED,
        0.0,
        _book_reviewed,
        "a book, and an article of its title in a journal: its review",
        "",
        "measured",
    ),
)

KINDS: tuple[Rule, ...] = (
    Rule(
        "ordinal_differs",
        VETO,
        0.0,
        lambda pair: are_two_notices(pair.a.ordinal, pair.b.ordinal),
        "two supplements or notices of one work",
        "Additional file 1 / file 2",
        "fuzzycat",
    ),
    Rule(
        "notices_differ",
        VETO,
        0.0,
        _two_notices,
        "two notices about one work: other DOIs, places or years",
        "Erratum of 1999 / Erratum of 2001",
        "own probe",
    ),
)

_WORK_SCHEMES = ("arxiv", "pmid", "pmcid")  # each names one paper and never a whole of which it is a part


def _scheme(pair: Pair) -> str:
    return pair.shared.partition(":")[0]


def _one_work_retitled(scheme: str) -> Test:
    def test(pair: Pair) -> bool:
        return _titles_differ(pair) and _scheme(pair) == scheme and pair.levels.authors in AGREED

    return test


def _same_doi(pair: Pair) -> bool:
    """Tell whether two records with different titles share a DOI and no other field speaks against one work.

    Chapters are listed under their book's DOI, and abstracts under their supplement's (OpenAIRE, bib-dedupe), so pages that
    differ, or other authors, leave the pair in doubt.
    """
    levels = pair.levels
    if _scheme(pair) != "doi" or not _titles_differ(pair):
        return False
    if levels.place not in _ONE_VOLUME_OR_UNKNOWN or levels.abstract == "different":
        return False
    if levels.year not in ("unknown", "day", "same", "lag", "one"):
        return False
    return levels.authors in AGREED or (levels.authors == "unknown" and levels.place == "unknown")


def _is_of_whole(pair: Pair) -> bool:
    levels = pair.levels
    return (
        levels.place in ("conflict", "twice", "issue", "number", "volume")
        or levels.abstract == "different"
        or levels.authors in ("none", "family", "some")
    )


IDENTIFIERS: tuple[Rule, ...] = (
    *(
        Rule(f"same_{scheme}", DUPLICATE, 0.97, _one_work_retitled(scheme), meaning, example, source)
        for scheme, meaning, example, source in (
            ("arxiv", "one arXiv id under two titles, and the authors agree", "a paper retitled in v2", "S2APLER"),
            ("pmid", "one PubMed id under two titles, and the authors agree", "", "bib-dedupe"),
            ("pmcid", "one PMC id under two titles, and the authors agree", "", "bib-dedupe"),
        )
    ),
    Rule(
        "same_doi",
        DUPLICATE,
        0.95,
        _same_doi,
        "one DOI under two titles, and nothing else differs",
        "a placeholder of the publisher stands for the title",
        "measured",
    ),
    Rule(
        "identifier_of_whole",
        DISTINCT,
        0.1,
        lambda pair: bool(pair.shared) and _titles_differ(pair) and _is_of_whole(pair),
        "one identifier under two titles, and authors, pages or abstracts differ too: it names a whole of which both are part",
        "a supplement's DOI on its abstracts",
        "measured",
    ),
    Rule(
        "titles_differ",
        REVIEW,
        0.5,
        lambda pair: bool(pair.shared) and _titles_differ(pair),
        "one identifier under two titles is no proof",
        "a book's DOI on a chapter",
        "OpenAIRE, bib-dedupe",
    ),
)


ARXIV = Rule(
    "arxiv_differ",
    VETO,
    0.0,
    lambda pair: arxiv_conflict(pair.a, pair.b),
    "two arXiv ids and none in common",
    "2101.00001 / 2101.00002",
    "INSPIRE",
)


def identified_as(pair: Pair) -> Rule | None:
    """Return the rule by which stated relations, identifiers or kinds of work settle a pair, None where no rule does."""
    if pair.stated:
        return STATED_DOUBTED if pair.stated in SAME_WORK and STATED_DOUBTED.test(pair) else STATED[pair.stated]
    if ARXIV.test(pair):
        return ARXIV
    a, b = pair.a, pair.b
    if a.derived != b.derived:
        rule = DERIVED[max(a.derived, b.derived)]
        if rule.test(pair):
            return rule
    if (a.kind or b.kind or (a.flags | b.flags) & IS_BOOK) and (found := first(KINDS_OF_WORK, pair)):
        return found
    if (a.derived or b.derived or a.ordinal or b.ordinal) and (found := first(KINDS, pair)):
        return found
    return first(IDENTIFIERS, pair) if pair.shared else None
