"""Cursors: there and back, of one list alone, and any text that is none is refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from litestar.testing import RequestFactory

from streams.curation.dead_letter_book import LetterPosition
from streams.curation.review_queue import Position
from streams.serve.paging import next_link, read_cursor, write_cursor
from streams.serve.problems import ProblemError

INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(INTEGERS, INTEGERS, INTEGERS)
def test_a_cursor_names_its_place(time: int, partition: int, offset: int) -> None:
    place = LetterPosition(time, partition, offset)
    cursor = write_cursor("list", place)
    assert cursor.replace("-", "").replace("_", "").isalnum(), "it needs no escape in a URL"
    assert read_cursor("list", cursor, LetterPosition) == place


@given(st.text(max_size=40))
@example("é")
@example("AAAA")
@example(write_cursor("other", Position(taken=False, by=1.0, id="x")))
@example(write_cursor("list", (True, 1.0)))
@example(write_cursor("list", (True, "high", "x")))
@example(urlsafe_b64encode(msgspec.msgpack.encode(["list", [b"\xff", 2**64 - 1, "x"]])).decode())
def test_what_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_cursor("list", text, Position)
    assert (refused.value.problem.status, refused.value.problem.code) == (422, "malformed")


def test_numbers_that_no_list_has_are_refused() -> None:
    with pytest.raises(ProblemError):
        read_cursor("list", write_cursor("list", (2**63, 0, 0)), LetterPosition)
    assert read_cursor("list", None, LetterPosition) is None


def test_the_link_has_the_parameters_of_the_request() -> None:
    request = RequestFactory().get("/api/v1/review", query_params={"source": "a&b", "cursor": "old", "limit": "2"})
    assert next_link(request, None) == {}
    assert next_link(request, "new") == {"Link": '</api/v1/review?source=a%26b&limit=2&cursor=new>; rel="next"'}
