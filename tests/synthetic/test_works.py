"""Families of made-up works: traps, and plain works."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random

import pytest

from streams.synthetic.works import FAMILIES, make_family


def test_works_of_a_family_are_numbered_on() -> None:
    for seed in range(100):
        family = make_family(Random(seed), 7)
        assert [work.number for work in family] == list(range(7, 7 + len(family)))
        assert len({work.id for work in family}) == len(family)


def test_the_same_seed_makes_the_same_family() -> None:
    assert make_family(Random(3), 0) == make_family(Random(3), 0)


def test_every_trap_is_set_and_plain_works_are_made() -> None:
    assert sum(share for share, _ in FAMILIES) == pytest.approx(1)
    kinds = {work.kind for seed in range(300) for work in make_family(Random(seed), 0)}
    assert "plain" in kinds
    assert len(kinds) > 3
