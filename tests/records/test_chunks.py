from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from streams.records.chunks import chunks


@given(st.lists(st.integers()), st.integers(1, 10))
def test_all_values_come_in_order_in_full_chunks_but_for_the_last(values: list[int], size: int) -> None:
    found = list(chunks(iter(values), size))
    assert [value for chunk in found for value in chunk] == values
    assert all(len(chunk) == size for chunk in found[:-1])
    assert all(found), "no chunk is empty"


def test_no_value_is_taken_early() -> None:
    taken: list[int] = []

    def values() -> Iterator[int]:
        for number in range(6):
            taken.append(number)
            yield number

    assert next(chunks(values(), 2)) == [0, 1]
    assert taken == [0, 1]
