"""Positions as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.client.position import format_position, parse_position


@given(st.dictionaries(st.integers(0, 2000), st.integers(0, 2**63 - 1), min_size=1, max_size=70))
def test_a_position_is_read_as_it_was_written(offsets: dict[int, int]) -> None:
    assert parse_position(format_position(offsets)) == offsets


@pytest.mark.parametrize(
    "text", ["", "0", "0:", ":1", "0:1,", "0:1 ,1:2", "a:1", "0:-1", "0:1\n", "٣:1", "1764495600000"]
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        parse_position(text)
