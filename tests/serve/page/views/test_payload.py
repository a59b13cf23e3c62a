"""A payload as text."""

from __future__ import annotations

from streams.query.payloads import Payload
from streams.serve.page.views.payload import PayloadView, payload_view


def view(value: bytes) -> PayloadView:
    return payload_view(Payload(value, "records.mine", 1, 7, 1500, 1))


def test_json_is_indented_and_other_text_is_as_it_is() -> None:
    assert view(b'{"title":"On reefs"}').text == '{\n  "title": "On reefs"\n}'
    assert view(b"<record/>").text == "<record/>"
    assert (view(b"<record/>").time, view(b"<record/>").size, view(b"<record/>").shown) == (1.5, 9, 9)


def test_bytes_that_are_no_text_are_replaced_and_a_long_payload_is_cut() -> None:
    broken = view(b"a\xff")
    assert (broken.text, broken.is_binary) == ("a\ufffd", True)
    long = view(b"x" * 500_000)
    assert (len(long.text), long.shown, long.size) == (120_000, 120_000, 500_000)
