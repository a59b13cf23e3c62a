"""Made-up people and the forms of their names."""

from __future__ import annotations

from random import Random

import pytest

from streams.synthetic.people import Person, initials, make_person, name_ascii, name_short, name_swapped


def test_the_same_seed_makes_the_same_people() -> None:
    one, same = ([make_person(Random(seed)) for seed in range(20)] for _ in range(2))  # noqa: S311 - a seed makes a test repeatable
    assert one == same
    assert len(set(one)) > 15
    assert all(person.full == f"{person.given} {person.family}" for person in one)


@pytest.mark.parametrize(("given", "short"), [("Ines", "I."), ("Jean-Luc", "J.-L."), ("Ines Marie", "I. M.")])
def test_initials(given: str, short: str) -> None:
    assert initials(given) == short


def test_forms_of_a_name() -> None:
    person = Person("Ines", "Sandström")
    assert name_short(person) == "I. Sandström"
    assert name_swapped(person) == "Sandström, Ines"
    assert name_ascii("Ines Sandström").isascii()
