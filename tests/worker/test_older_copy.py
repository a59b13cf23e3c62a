"""Which positions of a restored copy cannot be worked on from, by what the group has committed and what the topics still have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.worker.older_copy import lost_messages

PLACE = ("records.document", 0)


@pytest.mark.parametrize(
    ("position", "committed", "first", "lost"),
    [
        pytest.param(5, 5, 0, None, id="all is as usual"),
        pytest.param(5, 3, 0, None, id="the commit is a second late"),
        pytest.param(5, 5, 9, None, id="a slow worker: retention deleted what nobody has handled"),
        pytest.param(5, 3, 9, None, id="the same, and the commit is late"),
        pytest.param(5, 9, 0, None, id="an older copy, and all that follows can be read"),
        pytest.param(5, 9, 5, None, id="the same, to the last message"),
        pytest.param(5, 9, 6, (5, 6), id="one message is gone"),
        pytest.param(5, 9, 9, (5, 9), id="all that was handled since is gone"),
        pytest.param(5, 9, 20, (5, 9), id="and more, that nobody has handled"),
        pytest.param(5, None, 9, None, id="the topic or the group is new"),
        pytest.param(5, 9, None, None, id="the topic does not exist"),
        pytest.param(None, 9, 0, None, id="the copy is older than the first message, and all can be read"),
        pytest.param(None, 9, 6, (0, 6), id="the copy is older than the first message"),
        pytest.param(None, None, 6, None, id="a partition that nothing was handled of"),
    ],
)
def test_messages_are_lost_where_the_group_and_the_topic_are_ahead_of_redis(
    position: int | None, committed: int | None, first: int | None, lost: tuple[int, int] | None
) -> None:
    def of(offset: int | None) -> dict[tuple[str, int], int]:
        return {} if offset is None else {PLACE: offset}

    assert lost_messages(of(position), of(committed), of(first)).get(PLACE) == lost


@given(st.sets(st.integers(0, 12)), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_it_is_just_what_was_handled_is_not_in_redis_and_cannot_be_read(
    offsets: set[int], position: int, committed: int, first: int
) -> None:
    begins, ends = lost_messages({PLACE: position}, {PLACE: committed}, {PLACE: first}).get(PLACE, (0, 0))
    for offset in offsets:
        is_lost = offset >= position and offset < committed and offset < first
        assert (begins <= offset < ends) == is_lost
