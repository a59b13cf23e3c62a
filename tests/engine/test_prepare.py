"""What crosses from the process that reads payloads to the one that decides."""

from __future__ import annotations

import orjson

from streams.engine.messages import Incoming
from streams.engine.prepare import Intake, Prepared, Raw, pack, pack_messages, unpack, unpack_messages
from streams.records import version
from streams.settings import Settings

PAPER = {"source": "lakes", "id": "1", "title": "Tides of small lakes", "doi": "10.5555/tides", "year": 1998}


def prepared(document: dict[str, object] | None) -> Prepared:
    """The one item of a message, as the other process reads it."""
    value = None if document is None else orjson.dumps(document)
    items = unpack(pack(Intake(Settings(buckets=16)).prepare([Raw("document", b"lakes:1", value, 1)])))[0]
    (item,) = items
    assert isinstance(item, Prepared)
    return item


def test_the_fields_that_could_not_be_read_go_with_a_record_each_once() -> None:
    broken = PAPER | {"doi": "see the journal", "relations": [{"kind": "near"}, 3]}
    assert prepared(broken).unread == ("doi", "relations")


def test_a_record_read_whole_and_a_delete_carry_nothing_but_an_empty_list() -> None:
    whole = prepared(PAPER)
    assert whole.unread == prepared(None).unread == ()
    assert pack([[whole]])[-1:] == b"\x90", "one byte"


def test_messages_cross_as_they_are_even_with_timestamps_that_are_none() -> None:
    times = (-1, 0, 1_700_000_000_000, (1 << 63) - 1)
    given = [Incoming("document", b"\xff", value, time, "t", 0, 3).raw for time in times for value in (b"{", b"", None)]
    assert unpack_messages(pack_messages(given)) == given
    assert given[-1].taken == version.MAX_ARRIVAL
