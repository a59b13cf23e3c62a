"""Degrees, titles and marks of footnotes around a name."""

from __future__ import annotations

import pytest

from streams.normalize.names.degrees import is_degree, may_be_initials, without_degrees, without_marks


@pytest.mark.parametrize("text", ["PhD", "Ph.D.", "M.D., Ph.D.", "MSc", "Jr.", "FRCP", "MD PhD"])
def test_degrees(text: str) -> None:
    assert is_degree(text)


@pytest.mark.parametrize("text", ["Ines", "Halvorsen", "I. M.", "PhD student", ""])
def test_what_is_no_degree(text: str) -> None:
    assert not is_degree(text)


@pytest.mark.parametrize(
    ("family", "part", "initials"),
    [
        ("Halvorsen", "MPH", True),
        ("Halvorsen", "M. A.", True),
        ("Leite Lopes", "M. A.", True),
        ("Ines Halvorsen", "MD", False),
        ("Ines Halvorsen", "MPH", False),
        ("Halvorsen", "PhD", False),
        ("van der Berg", "MPH", True),
    ],
)
def test_letters_behind_a_comma_are_initials_of_a_family_name_and_a_degree_of_a_whole_one(
    family: str, part: str, initials: bool
) -> None:
    assert may_be_initials(family, part) is initials


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Ines Halvorsen, M.D., Ph.D.", "Ines Halvorsen"),
        ("Halvorsen, Ines, PhD", "Halvorsen, Ines"),
        ("Halvorsen, M.D.", "Halvorsen, M.D."),
        ("Prof. Dr. Ines Halvorsen", "Ines Halvorsen"),
        ("DR Halvorsen", "DR Halvorsen"),
        ("Ines Halvorsen", "Ines Halvorsen"),
    ],
)
def test_titles_and_degrees_go(name: str, bare: str) -> None:
    assert without_degrees(name) == bare


@pytest.mark.parametrize("name", ["Ines Halvorsen1,2", "Ines Halvorsen*", "†Ines Halvorsen", "Ines Halvorsen 1 ‡"])
def test_marks_of_footnotes_go(name: str) -> None:
    assert without_marks(name) == "Ines Halvorsen"
