"""Events and states of singleton clusters as bytes; that they are those of any plan: tests/events/test_describe.py."""

from __future__ import annotations

import orjson
import pytest

from streams.events import CLUSTERS, EVENTS, Singleton
from streams.events.singletons import singleton_event


@pytest.mark.parametrize("record", ["s:a", 's:"quoted","document":{', "s:Prüfung 紙", "s:%b", 's:\\"document":'])
def test_the_document_is_in_the_event_and_in_the_state(record: str) -> None:
    document = {"title": 'Of "quotes","document":{"'}
    singleton = Singleton(b"", *singleton_event(b"cabc", orjson.dumps(record), orjson.dumps(document)))
    event, state = singleton.messages(singleton.event_id)
    assert singleton.event_id == b"cabc:1"
    assert (event.topic, event.key, state.topic, state.key) == (EVENTS, b"cabc", CLUSTERS, b"cabc")
    read = orjson.loads(event.value or b"")
    assert (read["event_id"], read["after"], read["causes"], read["document"]) == (
        "cabc:1",
        [record],
        [record],
        document,
    )
    assert orjson.loads(state.value or b"") == {
        "cluster_id": "cabc",
        "revision": 1,
        "records": [record],
        "document": document,
    }
