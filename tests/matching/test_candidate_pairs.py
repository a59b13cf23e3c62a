"""Whether a feed compares two records, asked without a feed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.candidate_pairs import are_candidates, make_candidates, shared_key_kinds
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.matching.prefilter import WEAK_KINDS, signature
from streams.records.record import Record
from streams.sources import parse
from streams.synthetic import generate
from tests.matching.matching_factory import features

TITLE = "Seasonal mixing of shallow alpine lakes under thinning ice"
LONGER = "Seasonal mixing of shallow alpine lakes observed by satellites"
TURNED = "Under thinning ice, seasonal mixing of shallow alpine lakes"


def test_a_strong_key_brings_two_records_together_whoever_wrote_them() -> None:
    a, b = features(TITLE, "Ada Lind", date="1990"), features(TITLE, "Bo Quist", date="2020")
    assert not WEAK_KINDS.issuperset(shared_key_kinds(a, b))
    assert are_candidates(a, b)


def test_an_identifier_brings_records_of_any_titles_together() -> None:
    assert are_candidates(features(TITLE, doi="10.5555/a"), features("Frogs of the coast", doi="10.5555/a"))
    assert not are_candidates(features(TITLE, doi="10.5555/a"), features("Frogs of the coast", doi="10.5555/b"))


@pytest.mark.parametrize(
    ("author", "title", "together"),
    [
        ("Ada Lind", LONGER, True),
        ("Bo Quist", LONGER, False),
        ("Bo Quist", TURNED, True),
        ("", "Seasonal mixing of shallow rivers", False),
        ("", TURNED, True),
    ],
)
def test_weak_keys_alone_need_authors_in_common_or_nearly_one_title(author: str, title: str, together: bool) -> None:
    a = features(TITLE, "Eva Moor", "Ada Lind", date="1990")
    b = features(title, *([author] if author else []), date="1990")
    kinds = shared_key_kinds(a, b)
    assert kinds
    assert WEAK_KINDS.issuperset(kinds)
    assert are_candidates(a, b) is together


def test_records_without_a_key_in_common_never_meet() -> None:
    a, b = features("Glaciers", "Ada Lind", date="1990"), features("Moraines", "Ada Lind", date="1990")
    assert shared_key_kinds(a, b) == ()
    assert not are_candidates(a, b)


def test_shared_keys_speak_as_the_strongest_of_them() -> None:
    near, far = signature(features(TITLE, "Ada Lind")), signature(features("Frogs of the coast", "Ada Lind"))
    assert make_candidates([True, False], near, far)
    assert not make_candidates([True, True], near, far)
    assert make_candidates([True], near, near)
    assert not make_candidates([], near, near)


MADE: list[Features] = [
    extract(record)
    for item in generate(31, 60, noise=2.0)
    if isinstance(record := parse("document", item.value or None, item.key)[0], Record)
]


@given(st.sampled_from(MADE), st.sampled_from(MADE))
def test_it_does_not_matter_which_of_the_two_is_first(a: Features, b: Features) -> None:
    assert are_candidates(a, b) == are_candidates(b, a)
    assert sorted(shared_key_kinds(a, b)) == sorted(shared_key_kinds(b, a))
