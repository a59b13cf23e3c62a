"""Review rules: reasons why a pair that scores as a duplicate goes to clerical review, whatever its score."""

from __future__ import annotations

from streams.matching import title_words as words
from streams.matching.comparisons import NEAR
from streams.matching.doi_classes import is_of_book
from streams.matching.feature_values import Features
from streams.matching.pair import ALL_AGREED, PRINTED_ONCE, Pair, is_bare
from streams.matching.rule import REVIEW, Rule, Test, first
from streams.matching.words import shared_information
from streams.normalize.names import family_in_common

__all__ = ["REVIEW_RULES", "is_firm", "review_rule_of"]

_TWO_DOIS = ("different", "registrant")
_ONE_VOLUME_OR_UNKNOWN = (*PRINTED_ONCE, "one_issue", "one_volume", "unknown")
_OTHER_YEAR = ("one", "two", "four", "more")
# Levels of the authors that do not confirm a pair. Half of the records of a feed have no authors, and then a title that is
# only similar says little: "Fundamental theorem of asset pricing", "... with taxes".
_UNCONFIRMED = ("unknown", "group", "cut", "initials", "family")
_TYPO_ALONE = 96.0
_SAYS_MUCH = 50.0
_SAYS_SOMETHING = 25.0  # bits of a title of few common words


def is_firm(pair: Pair) -> bool:
    """Tell whether a pair has evidence stronger than any similarity of titles: one identifier, place in print, or abstract.

    Papers are retitled between preprint and publication; two published texts with one abstract and two titles
    are two talks. Catalogues give a publication its preprint's date, so a day in common counts there too.
    """
    levels = pair.levels
    if pair.shared:
        return True
    if levels.place in PRINTED_ONCE:
        return levels.place != "same" or levels.title not in ("different", "similar")
    if levels.abstract == "same":
        return levels.title.startswith(("exact", "variant")) or pair.preprints > 0
    return pair.preprints == 1 and levels.year == "day" and levels.authors in ("same_many", "same_two")


def _title_alone(pair: Pair) -> bool:
    """Tell whether an equal title, which other works may have too, has no author to confirm it."""
    levels = pair.levels
    if levels.authors not in _UNCONFIRMED or not levels.title.startswith(("exact", "variant", "typo")):
        return False
    if levels.title.startswith("typo") and pair.match.ratio < _TYPO_ALONE:
        return True
    if levels.place in ("conflict", "twice") and levels.journal != "same":
        return True
    bits = pair.match.bits
    if pair.preprints:
        return bits < 20.0 or levels.year == "more"
    if levels.year in _OTHER_YEAR:
        if levels.year == "more" or not (is_bare(pair.a) or is_bare(pair.b)):
            return bits < 50.0 or levels.year in ("four", "more")
        return bits < (35.0 if levels.year == "four" else 20.0)
    if bits >= 35.0 or levels.abstract == "similar":
        return False
    return bits < 20.0 or levels.year == "unknown"


def _chapter_and_book(pair: Pair) -> bool:
    """Tell whether the shorter title has a chapter's DOI and the longer, which may be the book's, has none."""
    if not pair.levels.title.startswith(("subtitle", "prefix")):
        return False
    return _is_chapter(pair.a) != _is_chapter(pair.b)


def _is_chapter(features: Features) -> bool:
    dois = [value[4:] for value in features.ids if value.startswith("doi:")]
    return any(is_of_book(doi) and not doi.partition("/")[2].replace("-", "").isdigit() for doi in dois)


def _title_differs_alone(pair: Pair) -> bool:
    return pair.levels.authors in _UNCONFIRMED and not pair.levels.title.startswith(("exact", "variant", "typo"))


def _one_rare_article(pair: Pair) -> bool:
    """Tell whether a rare title in one journal and year outweighs authors that differ, for one record has them wrong.

    Measured: 36 of 36 were one work; one had a publisher, a place or the next author's affiliation for an author.
    """
    levels = pair.levels
    return levels.title == "exact_rare" and levels.journal == "same" and levels.year in ("day", "same", "unknown")


def _one_team_and_year(pair: Pair) -> bool:
    """Tell whether two sources name the same authors and the same year: one work under two wordings.

    A source that lists both titles has two works, and so has a journal that prints them on different pages. A single author
    needs more words in common. Measured on titles with other words: 31 of 31 were one work.
    """
    levels = pair.levels
    if pair.a.source == pair.b.source or levels.authors not in ALL_AGREED:
        return False
    if levels.authors == "same_one" and shared_information(pair.a.title, pair.b.title) < _SAYS_MUCH:
        return False
    return levels.year in ("day", "same") and levels.place in _ONE_VOLUME_OR_UNKNOWN


def _title_begins_another(pair: Pair) -> bool:
    if pair.levels.title != "prefix_common":
        return False
    return pair.match.bits < _SAYS_SOMETHING or not _one_team_and_year(pair)


def _title_extra(pair: Pair) -> bool:
    levels = pair.levels
    if levels.title == "extra" and pair.a.source == pair.b.source:
        return True
    one_of_several = levels.authors == "contained_one" and levels.year not in ("day", "same", "lag")
    return one_of_several and levels.title in ("extra", "reordered")


def _added_first(pair: Pair) -> bool:
    """Tell whether one record has one more author, at the head of the list.

    The reviewer of a book is listed before the authors of the book.
    """
    short, long = (pair.a, pair.b) if pair.a.n_authors < pair.b.n_authors else (pair.b, pair.a)
    return long.n_authors == short.n_authors + 1 and not family_in_common(long.authors[:1], short.authors)


def _years_apart(pair: Pair) -> bool:
    """Tell whether two publications are more than four years apart, so that the second may reuse the title.

    A work of three or more authors that is reprinted whole does not count.
    """
    levels = pair.levels
    if levels.year != "more" or pair.preprints or (levels.authors == "same_many" and levels.title.startswith("exact")):
        return False
    if levels.title.startswith("noisy"):  # the words around it name where it was published
        return True
    return bool(pair.a.journal or pair.a.page) and bool(pair.b.journal or pair.b.page)


def _doubt(code: str, test: Test, meaning: str, example: str, source: str, *, opposes: int = 0) -> Rule:
    return Rule(code, REVIEW, 0.0, test, meaning, example, source, opposes)


def _title(level: str) -> Test:
    return lambda pair: pair.levels.title == level


REVIEW_RULES: tuple[Rule, ...] = (
    _doubt("title_similar", _title("similar"), "titles share most letters", "", "measured"),
    _doubt("other_title", _title("different"), "other titles, and nothing that explains why", "", "measured"),
    _doubt("title_main", _title("main"), "main titles equal, subtitles differ", "SYSTEM: task A / SYSTEM: task B",
           "fuzzycat SUBTITLE", opposes=1),
    _doubt("title_other", lambda pair: pair.levels.title == "other" and not _one_team_and_year(pair),
           "other words in nearly equal titles", "iron oxide / zinc oxide",
           "awesome-ai-for-math#142", opposes=1),
    _doubt("title_inner",
           lambda pair: pair.levels.title == "inner" and (pair.match.ratio < NEAR or not _one_team_and_year(pair)),
           "one title stands within the other", "reefs / the growth of reefs", "measured"),
    _doubt("title_prefix_common", _title_begins_another, "a common title begins a longer one", "", "measured"),
    _doubt("stop_title", _title("exact_stop"), "a title many works share", "Editorial", "fuzzycat, dissemin, OpenAIRE",
           opposes=1),
    _doubt("authors_none", lambda pair: pair.levels.authors == "none" and not _one_rare_article(pair),
           "no author in common, where both name persons", "", "fuzzycat CONTRIB_INTERSECTION_EMPTY", opposes=1),
    _doubt("title_differs_authors_unknown", _title_differs_alone, "titles only alike, and no author to confirm", "",
           "measured"),
    _doubt("title_alone", _title_alone, "an equal title that other works may bear, and no author to confirm it", "",
           "dissemin, measured"),
    _doubt("title_and_identifier_differ",
           lambda pair: not pair.levels.title.startswith("exact") and pair.levels.identifier in _TWO_DOIS,
           "titles only alike, and each has a DOI", "", "measured", opposes=1),
    _doubt("title_extra", _title_extra,
           "one title with words more, both of one source or with one author of several in common",
           "periodic / locally periodic", "measured"),
    _doubt("chapter_and_book", _chapter_and_book, "a chapter's DOI on one side, and a longer title on the other",
           "Trees / Trees: growth and form", "measured"),
    _doubt("abstracts_differ",
           lambda pair: pair.levels.abstract == "different" and not pair.preprints
           and pair.levels.title in ("exact_common", "exact_frequent", "variant_common"),
           "a common title and two abstracts", "", "measured", opposes=1),
    _doubt("one_author_of_several",
           lambda pair: pair.levels.abstract == "different" and pair.levels.authors in ("contained_one", "some"),
           "an author in common and another abstract", "a thesis and its paper", "measured"),
    _doubt("few_authors_other_year",
           lambda pair: not pair.preprints and (
               (pair.levels.authors in ("some", "family", "initials") and pair.levels.year in _OTHER_YEAR)
               or (pair.levels.authors == "contained_one" and pair.levels.year in ("two", "four", "more")
                   and (_added_first(pair) or (bool(pair.a.journal) and bool(pair.b.journal))))),
           "few authors in common, and other years", "a series of articles under one title", "measured", opposes=1),
    _doubt("years_apart",
           _years_apart,
           "both published, more than four years apart", "", "fuzzycat YEAR"),
    _doubt("number_on_one_side",
           lambda pair: not pair.levels.title.startswith(("noisy", "subtitle")) and words.number_on_one_side(pair),
           "a number on one side only", "K3 surfaces / 5 surfaces", "bib-dedupe"),
)  # fmt: skip


def review_rule_of(pair: Pair) -> Rule | None:
    """Return the first review rule that holds for a pair, None where none does or firm evidence answers them all."""
    return None if is_firm(pair) else first(REVIEW_RULES, pair)
