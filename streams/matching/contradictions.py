"""Rules that outweigh even equal titles and authors, for pairs without a shared identifier.

They test two identifiers, places in print, dates, and words that differ. Only a contradiction of identifiers, which are
seldom wrong, is a veto; one of places, dates or words is `distinct` and opposes the two sides (`clusters/partition.py`),
so one record with a slip in it does not keep clean copies apart.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streams.matching import title_words as words
from streams.matching.doi_classes import is_entry
from streams.matching.feature_values import IS_PREPRINT, IS_THESIS, SERIAL, STOP_TITLE, Features
from streams.matching.identifier_comparisons import identifier_level
from streams.matching.pair import AGREED, AGREED_OR_UNKNOWN, ALL_AGREED, PRINTED_ONCE, Pair, is_bare
from streams.matching.rule import BY_IDENTIFIER, BY_PLACE, BY_WORDS, DISTINCT, VETO, Rule, first

__all__ = ["CONTRADICTIONS", "WORDS", "contradicted_by", "is_proven", "two_works_of_one_source"]

_TWO_DOIS = ("different", "registrant")
_OTHER_YEAR = ("one", "two", "four", "more")
_ONE_ISSUE = (*PRINTED_ONCE, "one_issue")
_ALL_BUT_EQUAL = ("exact", "variant", "typo")


def is_proven(pair: Pair) -> bool:
    """Tell whether a pair has evidence stronger than any similarity of titles: one place in print, or a preprint's abstract."""
    levels = pair.levels
    if levels.place in PRINTED_ONCE:
        return True
    if pair.preprints != 1:
        return False
    if levels.abstract == "same":
        return levels.authors in AGREED_OR_UNKNOWN
    return levels.abstract == "similar" and levels.authors in AGREED and levels.year in ("same", "lag")


def is_of_one_day(pair: Pair) -> bool:
    """Tell whether a preprint and an article of one team have the same day as their date.

    Catalogues give a publication its preprint's date. A team posts part I and part II on one day, too.
    """
    levels = pair.levels
    return pair.preprints == 1 and levels.year == "day" and levels.authors in ("same_many", "same_two")


def _corroborated(pair: Pair) -> bool:
    """Tell whether two DOIs may still be one work registered twice: one place in print, or one team, title and date."""
    levels = pair.levels
    if levels.authors in ("none", "family", "initials", "some"):
        return False  # two notes on one page
    if levels.place in PRINTED_ONCE:
        return True
    if levels.place not in ("unknown", "one_volume", "one_issue", "issue") or levels.abstract == "different":
        return False
    if _one_book(pair.a, pair.b):
        return levels.year in ("day", "same", "unknown")
    agreed = ALL_AGREED if levels.identifier == "registrant" else AGREED
    if not levels.title.startswith(_ALL_BUT_EQUAL) or levels.authors not in agreed or levels.journal == "different":
        return False
    return levels.year == "day" or (levels.year == "same" and (pair.match.bits >= 35.0 or levels.journal == "same"))


_ISBN = re.compile(r"97[89][\d-]{10,14}")


@lru_cache(maxsize=4096)
def _isbn(ids: tuple[str, ...]) -> str:
    """Return the ISBN in the DOI of a book or a chapter; cached, for a record is compared with several others."""
    for value in ids:
        if value.startswith("doi:") and (found := _ISBN.search(value)):
            return found.group().replace("-", "")[:13]
    return ""


def _one_book(a: Features, b: Features) -> bool:
    isbn = _isbn(a.ids)
    return bool(isbn) and isbn == _isbn(b.ids)


def _two_books(pair: Pair) -> bool:
    if pair.levels.identifier not in _TWO_DOIS:
        return False
    one, other = _isbn(pair.a.ids), _isbn(pair.b.ids)
    return bool(one and other) and one != other


def _entries_differ(pair: Pair) -> bool:
    return pair.levels.identifier == "registrant" and any(
        is_entry(value[4:]) for value in pair.a.ids + pair.b.ids if value.startswith("doi:")
    )


def _printed_twice(pair: Pair) -> bool:
    """Tell whether two places in print are no misprint of each other: other volume or page, and other journal or year."""
    place, journal, year = pair.levels.place, pair.levels.journal, pair.levels.year
    if place in ("twice", "volume"):
        return journal != "same" or year not in ("same", "day")
    if place == "conflict":
        return journal == "different" or (year in _OTHER_YEAR and journal != "same")
    return False


def _two_journals(pair: Pair) -> bool:
    """Tell whether two records have two journals and two years, and at least one a volume or page."""
    if pair.preprints or pair.levels.journal != "different" or pair.levels.place != "unknown":
        return False
    a, b = pair.a, pair.b
    return pair.levels.year in _OTHER_YEAR and bool(a.volume or a.page or b.volume or b.page)


def _thesis(pair: Pair) -> bool:
    a, b = pair.a, pair.b
    if not (a.flags ^ b.flags) & IS_THESIS:
        return False
    paper = b if a.flags & IS_THESIS else a
    # Without a journal or a DOI it may be the thesis as a catalogue has it, with the supervisors as authors.
    return not paper.flags & IS_PREPRINT and not is_bare(paper)


def _recurring(pair: Pair) -> bool:
    """Tell whether a title that works of a series share is at another place in print or in another year."""
    levels = pair.levels
    recurs = (
        bool((pair.a.flags | pair.b.flags) & STOP_TITLE)
        or levels.title == "exact_frequent"
        or bool(pair.a.flags & pair.b.flags & SERIAL)
    )
    if not recurs or levels.place in PRINTED_ONCE:
        return False
    return levels.place in ("number", "volume", "twice", "conflict", "issue") or (
        not pair.preprints and levels.year in _OTHER_YEAR
    )


def _listed_again(pair: Pair) -> bool:
    """Tell whether one source lists a title under two years or places: a series, a yearly report, a second note."""
    a, b, levels = pair.a, pair.b, pair.levels
    if (
        a.source != b.source
        or pair.preprints
        or levels.title not in ("exact_uncommon", "exact_common", "exact_frequent")
    ):
        return False
    if levels.place in _ONE_ISSUE or is_bare(a) or is_bare(b):
        return False
    return levels.year in _OTHER_YEAR or levels.place in ("number", "volume", "twice")


def two_works_of_one_source(a: Features, b: Features) -> bool:
    """Tell whether one source gives records of different titles two DOIs, neither a preprint's, and so knows two works."""
    if a.source != b.source or (a.flags | b.flags) & IS_PREPRINT:
        return False
    return identifier_level(a, b)[0] in _TWO_DOIS


CONTRADICTIONS: tuple[Rule, ...] = (
    Rule(
        "title_missing",
        DISTINCT,
        0.1,
        lambda pair: pair.levels.title == "unknown" and pair.levels.place not in PRINTED_ONCE,
        "a record without a title, and neither an identifier nor a place in print in common",
        "nan / nan",
        "dedupe reports",
    ),
    Rule(
        "pmids_differ",
        VETO,
        0.0,
        lambda pair: pair.levels.identifier == "pmid",
        "two PubMed or PMC ids and none in common: PubMed lists an article once",
        "25123455 / 25123456",
        "own probe",
    ),
    Rule(
        "entries_differ",
        VETO,
        0.05,
        _entries_differ,
        "two DOIs of a registrant that numbers objects",
        "10.13145/bacdive…",
        "fuzzycat",
    ),
    Rule(
        "books_differ",
        DISTINCT,
        0.05,
        _two_books,
        "two DOIs with an ISBN each: two books, or chapters of two",
        "10.1007/978-…_3",
        "fuzzycat BOOK_CHAPTER",
        BY_IDENTIFIER,
    ),
    Rule(
        "dois_differ",
        DISTINCT,
        0.05,
        lambda pair: pair.levels.identifier in _TWO_DOIS and not _corroborated(pair),
        "two publishers' DOIs, and neither place nor team and date say that one work was registered twice",
        "one title in two years of one journal",
        "measured",
        BY_IDENTIFIER,
    ),
    Rule(
        "listed_twice",
        DISTINCT,
        0.05,
        lambda pair: pair.levels.identifier == "listed" and pair.levels.place not in _ONE_ISSUE,
        "two records of a source that lists a work once",
        "dblp:… / dblp:…",
        "measured",
        BY_IDENTIFIER,
    ),
    Rule(
        "printed_twice",
        DISTINCT,
        0.05,
        _printed_twice,
        "two places in print, in two journals or years",
        "a talk and its paper",
        "bib-dedupe",
        BY_PLACE,
    ),
    Rule(
        "journals_differ",
        DISTINCT,
        0.1,
        _two_journals,
        "two journals and two years, one of them with a place in print",
        "a meeting abstract and the article",
        "bib-dedupe",
        BY_PLACE,
    ),
    Rule(
        "thesis_and_paper",
        DISTINCT,
        0.05,
        _thesis,
        "a thesis, and a paper in print",
        "",
        "measured",
        BY_PLACE,
    ),
    Rule(
        "recurring_title",
        DISTINCT,
        0.05,
        _recurring,
        "a title that many works share, in another issue, at another page or in another year",
        "Editor's comments, 27(1) / 27(3)",
        "bib-dedupe, measured",
        BY_PLACE,
    ),
    Rule(
        "listed_again",
        DISTINCT,
        0.1,
        _listed_again,
        "a title that one source lists under two years or issues",
        "a yearly report",
        "measured",
        BY_PLACE,
    ),
)

WORDS: tuple[Rule, ...] = (
    Rule(
        "numbers_differ",
        DISTINCT,
        0.0,
        words.numbers_differ,
        "numbers in the titles differ",
        "part I / part II",
        "bib-dedupe, fuzzycat",
        BY_WORDS,
    ),
    Rule(
        "signs_differ",
        DISTINCT,
        0.05,
        words.signs_differ,
        "a sign in one title alone, or another in its place",
        "C / C++",
        "own probe",
        BY_WORDS,
    ),
    Rule(
        "letters_differ",
        DISTINCT,
        0.0,
        words.letters_differ,
        "one letter in place of another",
        "vitamin C / vitamin E",
        "own probe",
        BY_WORDS,
    ),
    Rule(
        "part_on_one_side",
        DISTINCT,
        0.05,
        lambda pair: pair.levels.place != "one_issue" and words.part_on_one_side(pair),
        "one title ends in a part number",
        "Examples / Examples II",
        "S2APLER",
        BY_WORDS,
    ),
    Rule(
        "negation",
        DISTINCT,
        0.05,
        words.negated,
        "one title denies what the other says",
        "smoking / non smoking",
        "bib-dedupe",
        BY_WORDS,
    ),
    Rule(
        "alternative",
        DISTINCT,
        0.05,
        words.opposed,
        "two words of which one excludes the other",
        "in rats / in mice",
        "bib-dedupe",
        BY_WORDS,
    ),
    Rule(
        "prefixed",
        DISTINCT,
        0.05,
        words.prefixed,
        "a prefix changes a word",
        "periodic / aperiodic",
        "bib-dedupe (non-)",
        BY_WORDS,
    ),
    Rule(
        "other_word",
        DISTINCT,
        0.2,
        lambda pair: words.one_other_word(pair) and pair.levels.place != "one_issue",
        "one word in place of another, and both are words",
        "iron oxide / zinc oxide",
        "awesome-ai-for-math#142",
        BY_WORDS,
    ),
    Rule(
        "design",
        DISTINCT,
        0.05,
        words.designs_differ,
        "a study's design or a kind of work on one side only",
        "... / ...: protocol",
        "bib-dedupe, cometadata",
        BY_WORDS,
    ),
)


_WHATEVER_THE_DAY = tuple(
    rule for rule in WORDS if rule.code in ("numbers_differ", "letters_differ", "part_on_one_side", "negation")
)


def contradicted_by(pair: Pair) -> Rule | None:
    """Return the first contradiction that holds for a pair without a shared identifier, None where none does.

    Words do not contradict a pair with firm evidence (`is_proven`).
    """
    found = first(CONTRADICTIONS, pair)
    if found:
        return found
    left = pair.match.wording
    if not (left.left_a or left.left_b) or is_proven(pair):
        return None
    return first(_WHATEVER_THE_DAY if is_of_one_day(pair) else WORDS, pair)
