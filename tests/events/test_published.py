"""The messages of dedup.events and dedup.clusters, read back."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from streams.events.published import decode_event, decode_state, is_truncated

EVENT = {
    "event_id": "c1:2",
    "type": "record_added",
    "cluster_id": "c1",
    "revision": 2,
    "before": ["s:a"],
    "after": ["s:a", "s:b"],
    "document": {"title": "T"},
    "a_field_of_later": 1,
}


def test_an_event_keeps_its_document_as_published_and_ignores_what_it_does_not_know() -> None:
    event = decode_event(orjson.dumps(EVENT))
    assert (event.cluster_id, event.revision, event.before, event.after) == ("c1", 2, ["s:a"], ["s:a", "s:b"])
    assert bytes(event.document) == b'{"title":"T"}'
    assert (event.merged_from, bytes(event.relations)) == ([], b"")


@pytest.mark.parametrize("missing", ["event_id", "type", "cluster_id", "revision", "before", "after"])
def test_a_message_without_a_required_field_is_no_event(missing: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_event(orjson.dumps({name: value for name, value in EVENT.items() if name != missing}))


def test_a_state_needs_its_document() -> None:
    state = {"cluster_id": "c1", "revision": 2, "records": ["s:a"], "document": {}}
    assert decode_state(orjson.dumps(state)).records == ["s:a"]
    with pytest.raises(msgspec.MsgspecError):
        decode_state(orjson.dumps({**state, "document": None} | {"records": "s:a"}))


def test_a_truncated_document_says_so() -> None:
    assert is_truncated(b'{"title":"T","truncated":["abstract"]}')
    assert not is_truncated(b'{"title":"T"}')
