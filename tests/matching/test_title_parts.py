"""Which part of a work a title says it is."""

import pytest

from streams.matching.title_parts import part_number
from streams.matching.titles import title_forms


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Coral growth: Part II", "2"), ("Coral growth, Pt. 2", "2"), ("Coral growth, Pt.2", "2"),
        ("Coral growth, part two", "2"), ("Heat transfer in reefs: Part A", "a"), ("Coral growth, II", "2"),
        ("Coral growth II: Theory", "2"), ("Coral growth. IV. Theory", "4"), ("Coral growth. I. Theory", "1"),
        ("II. Coral growth", "2"), ("Coral growth — II", "2"), ("Reef Science-II", "2"),
        ("Coral growth (II)", "2"), ("Coral growth (8)", "8"), ("Coral growth. No. 4", "4"),
        ("Reefs, Vol. 3, Part 2", "3 2"), ("Korallen. Zweiter Teil", "2"), ("Korallen. 2. Teil", "2"),
        ("Notes sur les récifs (Deuxième article)", "2"), ("Reefs of the south. Series II", "2"),
        ("Reef surveys: Paper III", "3"), ("Reefs, Fascicle 3", "3"), ("珊瑚の研究 その2", "2"), ("珊瑚研究(下)", "3"),
        ("coral growth , ii : theory", "2"),
    ],
)  # fmt: skip
def test_a_part_is_numbered_by_a_word_or_a_roman_numeral(title: str, part: str) -> None:
    assert part_number(title) == (part, "")
    assert title_forms(title).part == part


@pytest.mark.parametrize(
    "title",
    [
        "Coral growth", "Reefs in World War II", "Type II diabetes", "A phase II trial of shade",
        "Complexes of copper(II)", "Assay of Pd (II)", "COVID-19", "SARS-CoV-2", "Coral growth in 2003",
        "No 2 corals are alike", "Windows 3.0", "HIV on the reef", "Effects of angiotensin II",
        "In the second part of life on a reef", "Time series 5 years long", "The part of the coral",
        "In part a result of heat",
    ],
)  # fmt: skip
def test_other_numbers_number_no_part(title: str) -> None:
    assert part_number(title) == ("", "")


def test_a_number_at_the_end_without_a_word_is_bare() -> None:
    assert part_number("Studies of reefs 2") == ("", "2")
    assert part_number("K3 surfaces of genus 8") == ("", "8")
    assert title_forms("Coral growth 1").bare == "1"


def test_the_number_of_a_series_is_no_part() -> None:
    assert title_forms("Coral growth in lagoons (Studien zur Riffkunde ; Bd. 6)").part == ""
    assert title_forms("Coral growth in lagoons [Lecture Notes in Reefs 123]").part == ""
    assert title_forms("Coral growth in lagoons: Vol. 3 of Studies in reefs").part == ""
    assert title_forms("Letters from a reef: Vol. 3 of 4").part == "3"
    assert title_forms("Volume 3 of the History of Reefs").part == "3"
