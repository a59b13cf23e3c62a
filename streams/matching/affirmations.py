"""Rules that make two records with different titles one work, tried where no rule contradicts."""

from __future__ import annotations

from streams.matching import title_words as words
from streams.matching.feature_values import IS_PREPRINT
from streams.matching.pair import (
    AGREED,
    AGREED_OR_UNKNOWN,
    ALL_AGREED,
    PRINTED_ONCE,
    RETITLED,
    TEAM,
    Pair,
    is_translated,
)
from streams.matching.rule import DUPLICATE, Rule, first
from streams.matching.words import shared_information
from streams.normalize.text import word_set

__all__ = ["AFFIRMATIONS", "affirmed_by"]

_NOT_EQUAL = ("different", "similar", "main", "inner", "extra", "other", "reordered", "prefix", "subtitle")
_REWORDED = ("similar", "inner", "extra", "other", "reordered")
_SUBJECT = 30.0  # bits of shared words that say what a paper is about, beyond what all papers of a field share
_MISREAD = (
    76.0  # similarity of a title and what a machine read of its page, with a column's or an issue's name before it
)
_SOON = ("day", "same", "lag")
_SOON_OR_UNKNOWN = (*_SOON, "unknown")
_WITHIN_YEARS = (*_SOON_OR_UNKNOWN, "long_lag")


def _is_about_the_same(pair: Pair) -> bool:
    """Tell whether two titles name one subject, without which an abstract in common may be boilerplate."""
    return pair.match.ratio >= RETITLED and shared_information(pair.a.title, pair.b.title) >= _SUBJECT


def _same_abstract(pair: Pair) -> bool:
    levels = pair.levels
    if pair.preprints != 1 or levels.abstract != "same" or not levels.title.startswith(_NOT_EQUAL):
        return False
    if levels.authors in ALL_AGREED or levels.authors == "contained":
        return levels.year in _WITHIN_YEARS
    if levels.authors in AGREED or levels.authors == "unknown":
        return levels.year in _SOON_OR_UNKNOWN and _is_about_the_same(pair)
    return False


def _same_place(pair: Pair) -> bool:
    levels = pair.levels
    if levels.place not in PRINTED_ONCE or not levels.title.startswith(_NOT_EQUAL) or levels.abstract == "different":
        return False
    if levels.authors in TEAM or levels.authors == "same_one":
        return _has_arxiv(pair) or (levels.place != "same" and pair.match.ratio >= 55.0)
    return levels.authors in AGREED and levels.place != "same" and pair.match.ratio >= 70.0


def _has_arxiv(pair: Pair) -> bool:
    return any(value.startswith("arxiv:") for value in pair.a.ids + pair.b.ids)


def _translated(pair: Pair) -> bool:
    levels = pair.levels
    return (
        levels.place in PRINTED_ONCE
        and is_translated(pair)
        and levels.title.startswith(_NOT_EQUAL)
        and levels.authors in AGREED_OR_UNKNOWN
        and levels.year in ("day", "same", "one", "unknown")
    )


def _reworded(pair: Pair) -> bool:
    """Tell whether one team's preprint and article have nearly the same words in their titles.

    One word in place of one other may be another study, so such a pair does not count.
    """
    levels = pair.levels
    if pair.preprints != 1 or levels.title not in _REWORDED or levels.year not in _SOON or _printed_first(pair):
        return False
    if levels.abstract == "different" or words.one_other_word(pair):
        return False
    if levels.title == "similar" and shared_information(pair.a.title, pair.b.title) < _IN_COMMON.get(
        levels.authors, 25.0
    ):
        return False
    if levels.authors in ("same_two", "same_many") or (levels.authors == "contained" and levels.title != "similar"):
        return True
    if levels.authors == "most":
        return pair.agreement.matched >= 3
    if levels.authors == "unknown":
        return levels.abstract == "similar" and (levels.year in ("day", "same") or levels.title == "extra")
    return levels.authors in ("same_one", "contained_one") and pair.match.ratio >= 75.0


# Bits of words in common; with fewer, two papers of one team on one subject would pass: "... deep reinforcement learning".
_IN_COMMON = {"most": 40.0}


def _printed_first(pair: Pair) -> bool:
    """Tell whether the article is of an earlier year than the preprint."""
    a, b = pair.a, pair.b
    preprint, article = (a, b) if a.flags & IS_PREPRINT else (b, a)
    return bool(preprint.year and article.year) and article.year < preprint.year


def _retitled(pair: Pair) -> bool:
    levels = pair.levels
    return (
        pair.preprints == 1
        and levels.title == "different"
        and pair.match.ratio >= RETITLED
        and levels.authors in ("same_two", "same_many")
        and levels.year in _SOON
        and not _printed_first(pair)
        and levels.abstract != "different"
        and pair.a.authors[0].partition("|")[0] == pair.b.authors[0].partition("|")[0]
        and shared_information(pair.a.title, pair.b.title) >= _SUBJECT
    )


def _same_issue(pair: Pair) -> bool:
    """Tell whether two records of one volume and issue have nearly one title and the same authors.

    A column's title, and a title in other words, count only where all authors are the same.
    """
    levels = pair.levels
    if (
        levels.place != "one_issue"
        or levels.journal not in ("same", "unknown")
        or levels.authors not in AGREED
        or levels.abstract == "different"
    ):
        return False
    if levels.title == "exact_stop":
        return levels.authors in ALL_AGREED
    if levels.title == "similar":
        about_one_thing = shared_information(pair.a.title, pair.b.title) >= _SUBJECT
        return levels.authors in ALL_AGREED and pair.match.ratio >= _MISREAD and about_one_thing
    return levels.title != "exact_frequent" and levels.title.startswith(
        ("exact", "variant", "typo", "other", "extra", "inner", "prefix", "subtitle", "noisy")
    )


_MEETINGS = word_set("proceedings workshop conference symposium school institute meeting congress colloquium")
_DAY_DAY_YEAR = 3
_MEETING = 50.0  # bits of words that two titles of one meeting share


def _same_meeting(pair: Pair) -> bool:
    """Tell whether two titles name a meeting by the same days and year, and share most words."""
    if (
        not pair.levels.title.startswith(_NOT_EQUAL)
        or pair.levels.title == "different"
        or pair.levels.authors == "none"
    ):
        return False
    one, two = pair.a.title.split(" "), pair.b.title.split(" ")
    if _MEETINGS.isdisjoint(one) or _MEETINGS.isdisjoint(two):
        return False
    numbers = sorted(word for word in one if word.isdigit())
    if len(numbers) < _DAY_DAY_YEAR or numbers != sorted(word for word in two if word.isdigit()):
        return False
    return shared_information(pair.a.title, pair.b.title) >= _MEETING


AFFIRMATIONS: tuple[Rule, ...] = (
    Rule(
        "retitled_same_abstract",
        DUPLICATE,
        0.93,
        _same_abstract,
        "a preprint and an article with one abstract under two titles",
        "a paper retitled on publication",
        "bib-dedupe, measured",
    ),
    Rule(
        "retitled_same_place",
        DUPLICATE,
        0.93,
        _same_place,
        "one volume, one first page and the same authors under two titles",
        "an index that shortens titles",
        "measured",
    ),
    Rule(
        "translated",
        DUPLICATE,
        0.9,
        _translated,
        "one title is a translation, printed at one place",
        "[Title in English] / Titel",
        "PubMed",
    ),
    Rule(
        "reworded_preprint",
        DUPLICATE,
        0.9,
        _reworded,
        "a preprint and an article of one team in nearly the same words, within two years",
        "Damage by X / X-related damage",
        "measured",
    ),
    Rule(
        "retitled_preprint",
        DUPLICATE,
        0.85,
        _retitled,
        "a preprint and an article of one team, two names or more in one order, whose titles share most words",
        "",
        "measured",
    ),
    Rule(
        "same_meeting",
        DUPLICATE,
        0.9,
        _same_meeting,
        "the proceedings of one meeting, by the days and the year in both titles",
        "Reefs. Proceedings, 5th Workshop, Suva, May 3-5, 1993 / Proceedings of the Workshop on Reefs, 5th, Suva, 3-5 May 1993",
        "measured",
    ),
    Rule(
        "same_issue",
        DUPLICATE,
        0.9,
        _same_issue,
        "nearly one title, one volume and issue, and the authors agree",
        "a title with a misread word",
        "measured",
    ),
)


def affirmed_by(pair: Pair) -> Rule | None:
    """Return the first affirmation that holds for a pair, None where none does.

    Equal titles need no affirmation, unless volume and issue are all that is known of the place in print.
    """
    if pair.levels.title.startswith(("exact", "variant", "typo")) and pair.levels.place != "one_issue":
        return None
    return first(AFFIRMATIONS, pair)
