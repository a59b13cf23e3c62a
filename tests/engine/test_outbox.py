"""States that are published again say of clusters that ended what their first tombstones said."""

from __future__ import annotations

import json

from streams import events
from streams.clusters.group import cluster_key
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing
from streams.settings import Settings
from streams.state.connection import connect
from tests.engine.worlds import handle

BASE = {"source": "x", "title": "Deep residual learning of sparse graphs", "authors": ["Ada Lovelace"], "year": 2015}


def test_tombstones_that_come_again_name_what_is_known(generation: Settings) -> None:
    engine = Engine(generation, connect(generation))
    published: list[Outgoing] = []

    def send(number: int, name: str, **change: str) -> None:
        value = json.dumps({**BASE, "id": name, **change}).encode() if change.get("title") != "" else None
        message = Incoming("document", f"x:{name}".encode(), value, 1000 + number, "records.document", 0, number)
        handle(engine, [message], published.extend)

    send(0, "1")
    send(1, "2", title="Quiet stars and loud planets")
    send(2, "2")  # now the same paper
    send(3, "3", title="Something else entirely, of another kind")
    send(4, "3", title="")  # deleted
    tombstones = [message for message in published if message.topic == events.CLUSTERS and message.value is None]
    merged, deleted = tombstones
    assert dict(merged.headers).keys() == {"revision", "merged-into"}
    assert dict(deleted.headers).keys() == {"revision"}
    keys = [cluster_key(each.key.decode()) for each in tombstones]
    known = {keys[0]: int(dict(merged.headers)["revision"])}
    assert {message.key: message for message in engine.outbox.restate(keys, known).outgoing} == {
        merged.key: merged,
        deleted.key: deleted,
    }
    # Long after, the revision of the merged cluster is not known; that of the other one is in its group.
    again = {message.key: dict(message.headers) for message in engine.outbox.restate(keys).outgoing}
    assert again[merged.key] == {"merged-into": dict(merged.headers)["merged-into"]}
    assert again[deleted.key] == dict(deleted.headers)
    engine.connection.close()
