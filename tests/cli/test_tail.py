"""The lines of `streams tail`."""

from __future__ import annotations

import orjson
import pytest

from streams.cli.tail import TOPICS, _line
from streams.errors import PayloadError
from streams.events import dead_letter


def test_a_message_is_its_own_line() -> None:
    assert _line("events", b"c1", b'{"id":"c1:1"}', ()) == '{"id":"c1:1"}'


@pytest.mark.parametrize(
    ("what", "name"), [("clusters", "cluster_id"), ("dead-letter", "letter"), ("review", "cluster_id")]
)
def test_a_tombstone_is_named(what: str, name: str) -> None:
    assert orjson.loads(_line(what, b"c1", None, ())) == {name: "c1", "tombstone": True}
    assert what in TOPICS


def test_a_dead_letter_is_shown_with_what_is_wrong() -> None:
    letter = dead_letter(PayloadError("not_json", "cut off"), b"{", "t:0:1", "arxiv", b"k")
    fields = orjson.loads(_line("dead-letter", letter.key, letter.value, letter.headers))
    assert (fields["code"], fields["origin"], fields["payload"]) == ("not_json", "t:0:1", "{")
