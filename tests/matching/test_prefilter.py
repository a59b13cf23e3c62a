"""Signatures: authors and words of a record in four bytes, and which records they let be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.prefilter import SIGNATURE_BYTES, passes, prefilter, signature
from tests.matching.matching_factory import features

TITLE = "Lichens on basalt cliffs of the northern fjords"
HALF = "Lichens on basalt walls"
OTHER = "Voting in small parliaments"
LONG = (
    "Twelve winters of quiet measurements beside frozen harbours reveal unexpected currents, drifting gravel, migrating seals, "
    "returning salmon and vanishing meadows across remote northern islands"
)


def of(*authors: str, title: str = TITLE, date: str = "") -> bytes:
    return signature(features(title, *authors, date=date))


def test_a_signature_is_four_bytes_and_zero_where_nothing_is_known() -> None:
    assert of(title="") == bytes(SIGNATURE_BYTES)
    assert len(of("Ines Halvorsen", date="2011")) == SIGNATURE_BYTES


def test_given_names_and_the_order_of_words_do_not_matter() -> None:
    one = of("Ines Halvorsen", "Tomas Reyk", date="2011")
    assert one == of("Halvorsen, I.", "Reyk, T.", title="On lichens of basalt cliffs: northern fjords", date="2015-05")


IH, TR, OK = "Ines Halvorsen", "Tomas Reyk", "Oda Kvist"


@pytest.mark.parametrize(
    ("a", "b", "compared"),
    [
        (of(IH, TR), of(TR, IH, title=HALF), True),  # in any order
        (of(IH, TR), of(IH, TR, title=OTHER), False),
        (of(IH, TR), of(IH, title=HALF), True),
        (of(IH, TR, OK), of(TR, OK), True),  # one lacks the first author
        (of(IH, TR), of(IH, OK, title=OTHER), False),
        (of(IH), of(OK), True),  # no author agrees, and all words do
        (of(IH), of(OK, title=HALF), False),
        (of(IH), of(), True),
        (of(IH), of(title=HALF), False),
        (of(date="2011"), of(title=HALF, date="2013"), True),
        (of(date="2011"), of(title=HALF, date="2018"), False),
        (of("LICHEN Collaboration"), of(IH, title=HALF), True),
        (of(IH, "LICHEN Collaboration"), of(IH, TR, title=HALF), True),
        (of(IH, TR), of(IH, TR, title=LONG), False),
        (of(IH, title=LONG), of(IH, TR, title=f"{LONG} since the flood"), True),
    ],
)
def test_the_fewer_authors_agree_the_more_of_the_titles_has_to(a: bytes, b: bytes, compared: bool) -> None:
    assert passes(a, b) is compared
    assert passes(b, a) is compared


def test_letters_of_scripts_without_blanks_count_as_words() -> None:
    assert passes(of(IH, title="海岸地衣研究"), of(IH, title="海岸地衣的研究"))
    assert not passes(of(IH, title="海岸地衣研究"), of(IH, title="冰川沉积物输送"))


def test_one_record_is_held_against_packed_entries() -> None:
    near, far = of(IH, title=HALF), of(IH, title=OTHER)
    may = prefilter(of(IH))
    packed = b"12345678" + far + b"12345678" + near
    assert not may(packed, 8)
    assert may(packed, 8 + SIGNATURE_BYTES + 8)


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
def test_any_two_signatures_allow_each_other_or_neither(a: bytes, b: bytes) -> None:
    assert passes(a, b) == passes(b, a)
