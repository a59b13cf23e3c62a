"""The messages of dedup.events and dedup.clusters, read back."""

from __future__ import annotations

import msgspec
import orjson
import pytest

from streams.clusters.canonical import render
from streams.events.published import decode_event, decode_relations, decode_state, document_digest, is_truncated

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


def test_relations_are_sorted_whatever_order_they_were_published_in() -> None:
    one, other = ({"relation": kind, "record": "s:a", "other": "s:b"} for kind in ("reply", "erratum"))
    assert decode_relations(orjson.dumps([one, other])) == (("erratum", "s:a", "s:b"), ("reply", "s:a", "s:b"))
    assert decode_relations(b"") == ()
    with pytest.raises(msgspec.MsgspecError):
        decode_relations(b'[{"relation":"reply"}]')


def test_the_digest_of_a_document_is_the_one_that_a_group_keeps() -> None:
    document = b'{"id":"c1","title":"T","versions":[]}'
    assert document_digest(document) == render(orjson.loads(document))[1]
    assert (
        document_digest(b"")
        == document_digest(b'{"id":"c1","title":"T","versions":[],"truncated":["abstract"]}')
        == b""
    )
