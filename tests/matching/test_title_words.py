"""Words by which two titles contradict each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.matching import title_words as words
from streams.matching.pair import Pair, compare_fully
from tests.matching.matching_factory import features

Test = Callable[[Pair], bool]


@pytest.mark.parametrize(
    ("test", "one", "other"),
    [
        (words.numbers_differ, "Ice cores of station 5", "Ice cores of station 7"),
        (words.numbers_differ, "Ice cores: Part II", "Ice cores: Part III"),
        (words.signs_differ, "Glacier models in C", "Glacier models in C++"),
        (words.letters_differ, "Vitamin C of mosses", "Vitamin E of mosses"),
        (words.part_on_one_side, "Notes on ice cores", "Notes on ice cores II"),
        (words.part_on_one_side, "Studien zum Eis", "Studien zum Eis. Zweiter Teil"),
        (words.number_on_one_side, "Ice in bay 12 of the shelf", "Ice in a bay of the shelf"),
        (words.negated, "Growth of moss with shade", "Growth of moss without shade"),
        (words.opposed, "Moss under acute stress", "Moss under chronic stress"),
        (words.designs_differ, "Shade for moss: a trial", "Shade for moss: a trial protocol"),
        (words.prefixed, "On periodic growth of ice", "On aperiodic growth of ice"),
        (words.prefixed, "Moss of hyperthermia", "Moss of hypothermia"),
        (words.one_other_word, "Sorption of iron oxide on sand", "Sorption of zinc oxide on sand"),
    ],
)
def test_what_contradicts(test: Test, one: str, other: str) -> None:
    assert test(compare_fully(features(one), features(other)))
    assert test(compare_fully(features(other), features(one)))


@pytest.mark.parametrize(
    ("test", "one", "other"),
    [
        (words.numbers_differ, "Ice cores of station 5", "Ice cores of station V"),
        (words.signs_differ, "Sharp bounds for ice", "Bounds for ice"),
        (words.letters_differ, "Vitamin C of mosses", "Vitamins of mosses"),
        (words.part_on_one_side, "Notes on ice cores", "Notes on ice cores 1"),
        (words.part_on_one_side, "Notes on ice cores", "Notes on ice cores, volume 5"),
        (words.number_on_one_side, "Ice of 1998", "Ice"),
        (words.number_on_one_side, "The 5th ice workshop", "The ice workshop"),
        (words.negated, "No growth without shade", "Without shade no growth"),
        (words.opposed, "Moss under acute stress", "Moss under stress"),
        (words.designs_differ, "A trial protocol for shade", "Shade: protocol of a trial"),
        (words.prefixed, "On growth of ice", "On growing ice"),
        (words.one_other_word, "Sorption of iron oxide on sand", "Sorption of irn oxide on sand"),
        (words.one_other_word, "Sorption of iron on sand", "Sorption of iron and zinc on sand"),
    ],
)
def test_what_does_not(test: Test, one: str, other: str) -> None:
    assert not test(compare_fully(features(one), features(other)))
    assert not test(compare_fully(features(other), features(one)))


def test_a_title_that_was_cut_after_a_space_can_be_compared() -> None:
    """Titles are kept up to 400 characters; the 400th of this one is a space."""
    title = "Very long title of a paper on corals " * 12
    long, short = features(title), features(title[:200])
    assert long.title.endswith(" ")
    for pair in (compare_fully(long, short), compare_fully(short, long)):
        assert not words.numbers_differ(pair)
        assert not words.part_on_one_side(pair)
