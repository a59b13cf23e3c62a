"""Signatures: year and authors of a record in four bytes, and whom they let two records meet by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.prefilter import SIGNATURE_BYTES, passes, prefilter, signature
from tests.matching.matching_factory import features

TITLE = "Lichens on basalt cliffs"


def of(*authors: str, date: str = "") -> bytes:
    return signature(features(TITLE, *authors, date=date))


def test_a_signature_is_four_bytes_and_zero_where_nothing_is_known() -> None:
    assert of() == bytes(SIGNATURE_BYTES)
    assert len(of("Ines Halvorsen", date="2011")) == SIGNATURE_BYTES


def test_the_order_of_authors_and_their_given_names_do_not_matter() -> None:
    one = of("Ines Halvorsen", "Tomas Reyk", date="2011")
    assert one == of("Reyk, T.", "Halvorsen, I.", date="2011-05")


@pytest.mark.parametrize(
    ("a", "b", "allowed"),
    [
        (of("Ines Halvorsen", date="1980"), of("Ines Halvorsen", "Tomas Reyk", date="2011"), True),
        (of("Ines Halvorsen", date="2011"), of("Tomas Reyk", date="2011"), False),
        (of(date="2011"), of("Tomas Reyk", date="2014"), True),
        (of(date="2011"), of("Tomas Reyk", date="2015"), False),
        (of(), of("Tomas Reyk", date="2015"), False),
        (of("LICHEN Collaboration", date="2011"), of("Tomas Reyk", date="1950"), True),
    ],
)
def test_someone_in_common_or_close_years_where_a_side_names_nobody(a: bytes, b: bytes, allowed: bool) -> None:
    assert passes(a, b) is allowed
    assert passes(b, a) is allowed


def test_one_record_is_held_against_packed_entries() -> None:
    near, far = of(date="2012"), of(date="1950")
    may = prefilter(of("Ines Halvorsen", date="2011"))
    packed = b"12345678" + far + b"12345678" + near
    assert not may(packed, 8)
    assert may(packed, 8 + SIGNATURE_BYTES + 8)


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
def test_any_two_signatures_allow_each_other_or_neither(a: bytes, b: bytes) -> None:
    # Names fill the bytes from the first on, the smallest first, as `signature` writes them.
    a, b = (each[:1] + bytes(sorted({*each[1:]} - {0, 255})).ljust(3, b"\0") for each in (a, b))
    assert passes(a, b) == passes(b, a)
