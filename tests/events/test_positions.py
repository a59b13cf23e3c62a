"""Positions as text: of programs that subscribe, and as ids of Server-Sent Events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.positions import encode, encode_time, format_offsets, parse_offsets, parse_position


@given(st.dictionaries(st.integers(0, 2000), st.integers(0, 2**63 - 1), min_size=1, max_size=70))
def test_a_position_is_read_as_it_was_written(offsets: dict[int, int]) -> None:
    assert parse_offsets(format_offsets(offsets)) == offsets


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=64))
def test_an_id_is_a_position_of_the_client(offsets: list[int]) -> None:
    text = encode(offsets).decode()
    assert parse_position(text, len(offsets)) == offsets
    assert parse_offsets(text) == dict(enumerate(offsets))
    assert format_offsets(dict(enumerate(offsets))) == text


@given(st.integers(0, 10**13))
def test_a_time_is_an_id_too(time: int) -> None:
    assert parse_position(encode_time(time).decode(), 65) == time


def test_a_partition_that_is_not_named_is_at_its_beginning() -> None:
    assert parse_position("2:7", 4) == [0, 0, 7, 0]
    assert parse_position(" 1:0,0:3\n", 2) == [3, 0]


@pytest.mark.parametrize(
    "text", ["", "x", "0:", ":1", "0:1,", "0:-1", "0:1;1:2", "0:1 ,1:2", "0:1,0:2", "٣:1", "1" * 16]
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        parse_position(text, 4)
    with pytest.raises(ValueError, match="no position"):
        parse_offsets(text)


def test_a_time_is_no_position_of_a_client_on_kafka_and_a_partition_too_many_none_of_the_topic() -> None:
    with pytest.raises(ValueError, match="no position"):
        parse_offsets("1764495600000")
    with pytest.raises(ValueError, match="another topic"):
        parse_position("4:1", 4)
