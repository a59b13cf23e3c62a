"""Made-up titles and what happens to them on their way."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random

import pytest

from streams.synthetic.titles import ascii_title, capitalised, latex, title, typo
from streams.synthetic.vocabulary import FIELDS, Field


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_titles_of_a_field_are_repeatable_and_seldom_the_same(field: Field) -> None:
    one, same = ([title(Random(seed), field) for seed in range(30)] for _ in range(2))
    assert one == same
    assert len(set(one)) > 25
    assert all(main and "{" not in main + rest for main, rest in one)


def test_a_slip_changes_letters_and_never_digits() -> None:
    for seed in range(50):
        slipped = typo(Random(seed), "lichens of 1998")
        assert slipped.endswith("1998")
        assert abs(len(slipped) - len("lichens of 1998")) <= 1


def test_forms_of_a_title() -> None:
    assert capitalised("lichens of the northern isles") == "Lichens of the Northern Isles"
    assert ascii_title("Flechten – Ökologie “heute”") == 'Flechten - Okologie "heute"'
    assert latex("lichens") == "lichens"
