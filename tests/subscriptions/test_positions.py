from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.subscriptions.positions import decode, encode, encode_time

OFFSETS = st.lists(st.integers(0, 10**12), min_size=1, max_size=64)


@given(OFFSETS)
def test_an_id_leads_back_to_its_position(offsets: list[int]) -> None:
    assert decode(encode(offsets).decode(), len(offsets)) == offsets


@given(st.integers(0, 10**13))
def test_a_time_is_an_id_too(time: int) -> None:
    assert decode(encode_time(time).decode(), 65) == time


def test_a_partition_that_is_not_named_is_at_its_beginning() -> None:
    assert decode("2:7", 4) == [0, 0, 7, 0]
    assert decode(" 1:0,0:3\n", 2) == [3, 0]


@pytest.mark.parametrize("text", ["", "x", "0:", "0:1,", "0:-1", "0:1;1:2", "0:1,0:2", "4:1", "٣:1", "1" * 16])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        decode(text, 4)
