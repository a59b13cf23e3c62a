"""docs/asyncapi.yaml is an AsyncAPI document, and describes the topics, headers and schemas that there are."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from streams import events
from streams.errors import PayloadError
from streams.events import CLUSTERS, EVENTS, Outgoing, dead_letter, state_message
from streams.events.cloudevents import STATE_TYPE, CloudEvents, event_type
from streams.events.schemas import schema
from streams.kafka.topics import topics
from streams.serve.app import create_app
from streams.serve.resources import Resources
from streams.settings import Settings
from streams.sources import SOURCES
from streams.subscriptions.frames import Gap, gap_frame, position_frame
from streams.subscriptions.ring import read_event
from streams.testing import FakeStreams
from streams.webhooks.delivery import event_delivery, headers, new_secret
from tests.subscriptions.client import Client

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs" / "asyncapi.yaml"
SCHEMA = json.loads(gzip.decompress((Path(__file__).parent / "asyncapi-3.0.0.schema.json.gz").read_bytes()))
DOCUMENT: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
STREAMED = ("streamedEvent", "streamedWholeEvent", "gap", "position")


def faults(document: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(SCHEMA).iter_errors(document)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def inlined(node: Any) -> Any:
    """Return a part of the document with what it refers to inside the document."""
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str) and target.startswith("#/"):
            found: Any = DOCUMENT
            for part in target[2:].split("/"):
                found = found[part]
            return inlined(found)
        return {key: inlined(value) for key, value in node.items()}
    return [inlined(each) for each in node] if isinstance(node, list) else node


def check_headers(name: str, message: Outgoing) -> None:
    """Check the headers of a message against those documented, and that no other one is there."""
    described = inlined(MESSAGES[name]["headers"])
    headers = {key: value.decode() for key, value in message.headers}
    errors = [error.message for error in Draft202012Validator(described).iter_errors(headers)]
    assert errors == []
    parts = [described, *described.get("allOf", ())]
    assert headers.keys() <= {key for part in parts for key in part.get("properties", {})}


def test_it_is_an_asyncapi_document_and_what_is_none_is_refused() -> None:
    assert faults(DOCUMENT) == []
    wrong = copy.deepcopy(DOCUMENT)
    wrong["operations"]["publishEvents"]["action"] = "publish"
    assert faults(wrong)


def test_what_it_refers_to_is_there() -> None:
    targets = set(references(DOCUMENT))
    assert inlined(DOCUMENT)
    files = {target for target in targets if not target.startswith("#/")}
    assert {name.rpartition("/")[2] for name in files} >= {"event.json", "cluster.json", "decision.json"}
    assert all((PATH.parent / name).exists() for name in files)


def test_it_has_every_topic() -> None:
    kafka = {"$ref": "#/servers/kafka"}
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values() if kafka in channel["servers"]}
    sources = DOCUMENT["channels"]["records"]["parameters"]["source"]["enum"]
    assert sources == list(SOURCES)
    named = (addresses - {"records.{source}"}) | {f"records.{source}" for source in sources}
    assert named == {spec.name for spec in topics(Settings())}
    operated = {operation["channel"]["$ref"].rpartition("/")[2] for operation in DOCUMENT["operations"].values()}
    assert operated == DOCUMENT["channels"].keys()


def test_headers_are_those_that_are_published() -> None:
    kinds = schema("event")["properties"]["type"]["enum"]
    assert MESSAGES["event"]["headers"]["properties"]["ce_type"]["enum"] == [event_type(kind) for kind in kinds]
    assert MESSAGES["state"]["headers"]["properties"]["ce_type"]["const"] == STATE_TYPE
    streams, key = CloudEvents("streams"), b"caaaaaaaaaaaaa"
    for kind in kinds:
        value = json.dumps(
            {"event_id": f"{key.decode()}:1", "type": kind, "corrections": [{"time": "2026-11-30T00:00:00Z"}]}
        )
        check_headers("event", streams.add_headers(Outgoing(EVENTS, key, value.encode())))
    state = json.dumps({"cluster_id": key.decode(), "revision": 3}).encode()
    check_headers("state", streams.add_headers(Outgoing(CLUSTERS, key, state)))
    check_headers("ended", state_message(b"12345678", None, 7, b"87654321"))
    letter = dead_letter(PayloadError("not_json", "no"), b"{", "t:0:1", "arxiv", b"k", retry_of="t:0:0")
    check_headers("deadLetter", letter)
    assert letter.topic == events.DEAD_LETTER


def test_the_stream_over_http_is_what_is_sent(validate: Callable[[str, Any], None]) -> None:
    sent_events = FakeStreams().send([{"id": "1", "title": "Coral growth in warm seas"}])
    value = next(each.value for each in sent_events if each.topic == EVENTS)
    assert value is not None
    entry = read_event((0, 0), 0, b"0:1", value)
    assert entry is not None
    reader = Client()
    reader.feed(entry.frame(with_document=False) + entry.frame(with_document=True))
    reader.feed(gap_frame(b"0:9", [Gap(0, 3, 9), Gap(1, 80, 0, "unknown_position")]) + position_frame(b"0:9"))
    channel = DOCUMENT["channels"]["stream"]
    paths = create_app(Resources(Settings(redis_url="redis://127.0.0.1:1"))).openapi_schema.paths
    assert channel["address"] in (paths or ())
    described = [inlined(channel["messages"][name]) for name in STREAMED]
    assert len(STREAMED) == len(channel["messages"])
    for (identity, name, data), message in zip(reader.received, described, strict=True):
        frame, payload = {"id": identity, "event": name}, message["payload"]["schema"]
        assert [error.message for error in Draft202012Validator(message["headers"]).iter_errors(frame)] == []
        if file := payload.get("$ref", ""):
            validate(Path(file).stem, json.loads(data))
        else:
            assert [error.message for error in Draft202012Validator(payload).iter_errors(json.loads(data))] == []
            validate("event", json.loads(data) | {"document": json.loads(value)["document"]})


def test_a_webhook_is_what_is_sent() -> None:
    sent_events = FakeStreams().send([{"id": "1", "title": "Coral growth in warm seas"}])
    message = next(each for each in sent_events if each.topic == EVENTS)
    event = json.loads(message.value or b"")
    delivery = event_delivery(event, 1_764_504_000_118)
    described = MESSAGES["webhook"]
    sent = headers(delivery, [new_secret(), new_secret()], 1_764_504_000)
    assert sent.keys() == described["headers"]["properties"].keys()
    body = json.loads(delivery.body)
    for schema_of, value in ((described["headers"], sent), (described["payload"]["schema"], body)):
        assert [error.message for error in Draft202012Validator(schema_of).iter_errors(value)] == []
    named = described["payload"]["schema"]["properties"]["data"]["properties"]
    assert named.keys() <= body["data"].keys()
