"""A payload as text."""

from __future__ import annotations

import pytest

from streams.query.payloads import Payload
from streams.serve.access import Caller
from streams.serve.page.templates import render
from streams.serve.page.views.payload import PayloadView, payload_view


def view(value: bytes) -> PayloadView:
    return payload_view(Payload(value, "records.mine", 1, 7, 1500, 1))


def test_json_is_indented_and_other_text_is_as_it_is() -> None:
    assert view(b'{"title":"On reefs"}').text == '{\n  "title": "On reefs"\n}'
    assert view(b"<record/>").text == "<record/>"
    assert (view(b"<record/>").time, view(b"<record/>").size, view(b"<record/>").left_out) == (1.5, 9, 0)


def test_bytes_that_are_no_text_are_replaced_and_a_long_payload_is_cut() -> None:
    broken = view(b"a\xff")
    assert (broken.text, broken.is_binary) == ("a\ufffd", True)
    long = view(b"x" * 500_000)
    assert (len(long.text), long.left_out, long.size) == (100_000, 400_000, 500_000)


@pytest.mark.parametrize(("character", "each"), [("<", 4), ("\u7901", 3), ("\U0001fab8", 4), ("\x00", 3), ("x", 1)])
def test_a_page_of_a_payload_is_small_whatever_its_characters(character: str, each: int) -> None:
    made = view((character * 300_000).encode())
    assert (len(made.text), made.left_out) == (100_000 // each, 300_000 - 100_000 // each)
    html = render("payload.html", here="/payload", viewer=Caller(), record="mine:1", view=made)
    assert len(html.encode()) < 110_000
    assert f"the last {made.left_out:,} characters are not shown" in html
