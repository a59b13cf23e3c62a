"""The level two records reach in each field."""

from __future__ import annotations

import pytest

from streams.matching.comparisons import (
    abstract_level,
    authors_level,
    journal_level,
    place_level,
    title_level,
    year_level,
)
from streams.matching.feature_values import Features
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT, features

TITLE = "Hearing of burrowing owls under snow cover in boreal winters"
OWLS = features(TITLE)


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (TITLE, "exact_rare"),
        (TITLE.replace("burrowing owls", "burrowingowls"), "exact_rare"),
        (TITLE + ": a field study", "subtitle_rare"),
        (TITLE + " and of ravens", "prefix_rare"),
        (TITLE.replace("owls", "owl"), "variant_rare"),
        (TITLE.replace("winters", "wintres"), "typo_rare"),
        (TITLE.replace("snow", "leaf"), "other"),
        ("Under snow cover in boreal winters: hearing of burrowing owls", "reordered"),
        ("Magma chambers beneath slow continental rifts", "different"),
        ("", "unknown"),
    ],
)
def test_titles(other: str, level: str) -> None:
    found = title_level(OWLS, features(other))
    assert found.level == level
    assert title_level(features(other), OWLS).level == level


def test_a_title_in_another_language_counts_where_it_is_equal() -> None:
    found = title_level(OWLS, features("Das Gehör der Kaninchenkäuze", other_titles=(TITLE,)))
    assert (found.level, found.ratio) == ("exact_rare", 100.0)


def test_a_title_that_many_works_share_is_a_stop_title() -> None:
    assert title_level(features("Editorial"), features("Editorial")).level == "exact_stop"


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        (["Ines Halvorsen"], ["Halvorsen, I."], "same_one"),
        (["Ines Halvorsen", "Tomas Reyk"], ["T. Reyk", "I. Halvorsen"], "same_two"),
        (["Ines Halvorsen", "Tomas Reyk", "Ylva Sand"], ["I. Halvorsen", "T. Reyk", "Y. Sand"], "same_many"),
        (["Ines Halvorsen", "Tomas Reyk", "Ylva Sand"], ["I. Halvorsen", "T. Reyk"], "contained"),
        (["Ines Halvorsen", "Tomas Reyk"], ["I. Halvorsen"], "contained_one"),
        (["Ines Halvorsen", "Tomas Reyk"], ["I. Halvorsen", "Oksana Levytska"], "most"),
        (["Ines Halvorsen"], ["Oksana Levytska"], "none"),
        (["Ines Halvorsen"], ["Anders Halvorsen"], "family"),
        (["Ines Halvorsen"], ["OWL Collaboration"], "group"),
        (["Ines Halvorsen"], [], "unknown"),
        (["山田 太郎"], ["Taro Yamada"], "unknown"),
    ],
)
def test_author_lists(a: list[str], b: list[str], level: str) -> None:
    one, two = features(TITLE, *a), features(TITLE, *b)
    assert authors_level(one, two)[0] == authors_level(two, one)[0] == level


def test_whom_a_cut_list_leaves_out_cannot_be_missed() -> None:
    cut = features(TITLE, "Ines Halvorsen", authors_complete=False)
    assert authors_level(cut, features(TITLE, "Oksana Levytska"))[0] == "cut"


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("2011-05-04", "2011-05-04", "day"),
        ("2011-01-01", "2011-01-01", "same"),
        ("2011", "2011-05-04", "same"),
        ("2011", "2012", "one"),
        ("2011", "2009", "two"),
        ("2011", "2015", "four"),
        ("2011", "2016", "more"),
        ("2011", "", "unknown"),
    ],
)
def test_years(a: str, b: str, level: str) -> None:
    assert year_level(features(TITLE, date=a), features(TITLE, date=b)) == level


def test_a_preprint_may_lag() -> None:
    preprint = features(TITLE, date="2011", source="arxiv", arxiv="1105.00001")
    assert year_level(preprint, features(TITLE, date="2013")) == "lag"
    assert year_level(preprint, features(TITLE, date="2015")) == "long_lag"


def test_abstracts() -> None:
    given = features(TITLE, abstract=ABSTRACT)
    assert abstract_level(given, features(TITLE, abstract="Abstract: " + ABSTRACT)) == "same"
    assert abstract_level(given, features(TITLE, abstract=OTHER_ABSTRACT)) == "different"
    assert abstract_level(given, OWLS) == "unknown"


def printed(volume: str = "", number: str = "", pages: str = "") -> Features:
    return features(TITLE, volume=volume, number=number, pages=pages)


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        (printed("4", "1", "11-19"), printed("4", "1", "11-19"), "same_range"),
        (printed("4", "1", "11-19"), printed("4", "", "11"), "same"),
        (printed("", "", "11-19"), printed("4", "", "11-19"), "range"),
        (printed("", "", "11"), printed("4", "", "11"), "page"),
        (printed("4", "1", "11"), printed("4", "1", "25"), "issue"),
        (printed("4", "", "11"), printed("5", "", "25"), "twice"),
        (printed("", "", "11"), printed("", "", "25"), "conflict"),
        (printed("4", "", "1"), printed("4", "", "25"), "unknown"),
        (printed("4"), printed("5"), "volume"),
        (printed("4", "1"), printed("4", "1"), "one_issue"),
        (printed("4", "1"), printed("4", "2"), "number"),
        (printed("4"), printed("4", "2"), "one_volume"),
        (printed(), printed("4"), "unknown"),
    ],
)
def test_places_in_print(a: Features, b: Features, level: str) -> None:
    assert place_level(a, b) == place_level(b, a) == level


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("Journal of Owl Science", "J. Owl Sci.", "same"),
        ("Owls", "Owl Science", "different"),
        ("Owl Science", "Rift Geology", "different"),
        ("Owl Science", "", "unknown"),
    ],
)
def test_journals(a: str, b: str, level: str) -> None:
    assert journal_level(features(TITLE, journal=a), features(TITLE, journal=b)) == level
