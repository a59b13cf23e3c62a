"""Titles that are read without the rules must be read as the rules read them."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.matching.announcements import FIRST_WORDS, LAST_WORDS
from streams.matching.notices import DERIVED, STEPPED_OVER
from streams.matching.ordinary_titles import fold_ordinary
from streams.matching.title_labels import LABEL_WORDS, LABELS
from streams.matching.title_notes import NOTES
from streams.matching.title_parts import CLOSED_CUES, CUES, NUMERALS_OF_PARTS, ORDINALS
from streams.matching.titles import forms_by_rules, title_forms
from streams.normalize.text import NUMERALS

WORDS_OF_RULES = sorted(
    FIRST_WORDS | LAST_WORDS | STEPPED_OVER | LABEL_WORDS | CUES | CLOSED_CUES | NUMERALS_OF_PARTS | ORDINALS | NUMERALS
)
PHRASES = [
    *(phrase.strip().replace("(s)", "s") for label in LABELS for phrase in label.phrases.split(",")),
    "erratum appears in", "comment in", "has been published in:", "RETRACTED:", "withdrawn article", "joinder of",
    "abteilung", "supplementary table", "arXiv: math", "bioRxiv", "to the paper", "the article", "et al", "untitled", "nan", "vs",
    "vol. 3", "pt.iv", "CD4-", "HER2- ", "1,573", "2d", "3", "2001", "0.5", "v2", "b", "A", "H", "C", "i-beam", "Reef-III", "x",
]  # fmt: skip
MARKS = [
    " ",
    " ",
    " ",
    " ",
    ": ",
    " - ",
    ", ",
    "? ",
    ". ",
    "; ",
    "-",
    "! ",
    " : ",
    ":",
    "  ",
    "",
    " -- ",
    "' ",
    " (",
    ") ",
]
CASES: tuple[Callable[[str], str], ...] = (str.lower, str.title, str.upper, str)
pieces = st.one_of(
    st.sampled_from(WORDS_OF_RULES),
    st.sampled_from(PHRASES),
    st.sampled_from(("coral", "growth", "reef", "of", "models", "lagoons")),
)
spelled = st.tuples(pieces, st.sampled_from(CASES))
titles = st.lists(st.tuples(spelled, st.sampled_from(MARKS)), max_size=9).map(
    lambda parts: "".join(change(text) + mark for (text, change), mark in parts)
)


@settings(max_examples=300, deadline=None)
@example("subnanosecond arithmetic second report")
@example("Coral growth 3 :")
@example("A case study C")
@example("Lagoons, part of reefs - 3")
@given(titles)
def test_a_title_is_read_as_by_all_rules(title: str) -> None:
    assert [title_forms(title)] == forms_by_rules([(title, "")])


@pytest.mark.parametrize("row", [*DERIVED, *LABELS, *NOTES], ids=lambda row: row.example)
def test_examples_of_rules_are_no_ordinary_titles(row: object) -> None:
    example = getattr(row, "example")  # noqa: B009 - rows of three types
    for title in (example, example.lower(), example.upper(), f"{example}."):
        assert [title_forms(title)] == forms_by_rules([(title, "")])


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Coral growth in warm lagoons", "coral growth in warm lagoons"),
        ("On the growth of corals: a study. ", "on the growth of corals: a study."),
        ("Two models of gamma-ray sources", "2 models of gamma-ray sources"),
        ("The 3rd workshop on 2001 models", "the 3rd workshop on 2001 models"),
    ],
)
def test_an_ordinary_title_is_only_folded(title: str, words: str) -> None:
    assert fold_ordinary(title).text == words


@pytest.mark.parametrize(
    "title",
    ["Coral growth II", "Erratum: Coral growth", "Córal growth", "Coral's growth", "Coral growth 2", "Growth (review)", "", "-"],
)  # fmt: skip
def test_titles_that_rules_may_be_about(title: str) -> None:
    assert fold_ordinary(title).text == ""
