"""The contract of what is published: every message is as its schema says, and every field is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams import events
from streams.engine.engine import Engine
from streams.engine.messages import Incoming
from streams.events import Outgoing, dead_letter_fields
from streams.events.schemas import schema
from streams.records.record import Record, to_document
from streams.settings import Settings
from streams.sources import parse
from streams.state.connection import connect
from streams.synthetic import generate
from tests.engine.worlds import handle

DOCS = Path(__file__).parents[2] / "docs" / "events.md"
Validate = Callable[[str, Any], None]


def publish(engine: Engine, messages: list[Incoming]) -> list[Outgoing]:
    published: list[Outgoing] = []
    handle(engine, messages, published.extend)
    return published


@pytest.fixture(scope="module")
def published(new_generation: Callable[[], Settings]) -> list[Outgoing]:
    """What a generated feed with updates and deletes brings about, and a few messages that cannot be read."""
    given = new_generation()
    engine = Engine(given, connect(given))
    messages = [
        Incoming("document", item.key, item.value or None, number, "records.document", 0, number)
        for number, item in enumerate(generate(17, 250, noise=2.0))
    ]
    messages += [
        Incoming("document", b"", value, 9000 + number, "records.document", 1, number)
        for number, value in enumerate([b"{", b"\xff\xfe", b"[1]"])
    ]
    # A bridge that comes, changes and goes: merges, splits and ends. An erratum that comes and goes.
    base = {
        "source": "x",
        "title": "Deep residual learning of sparse graphs",
        "authors": ["Ada Lovelace"],
        "year": 2015,
    }
    other = {"title": "Quiet stars and loud planets"}
    life: list[tuple[str, dict[str, Any] | None]] = [
        ("1", {}),
        ("2", other),
        ("2", {}),
        ("2", other),
        ("2", {"title": "Erratum: Deep residual learning of sparse graphs"}),
        ("2", None),
        ("1", None),
    ]
    found = [out for start in range(0, len(messages), 100) for out in publish(engine, messages[start : start + 100])]
    for number, (name, change) in enumerate(life):
        value = None if change is None else json.dumps({**base, "id": name, **change}).encode()
        found += publish(
            engine, [Incoming("document", f"x:{name}".encode(), value, 9999 + number, "r.document", 0, number)]
        )
    for number, (name, change) in enumerate([("1", {}), ("2", other)]):
        value = json.dumps({**base, "id": name, **change}).encode()
        found += publish(
            engine, [Incoming("document", f"x:{name}".encode(), value, 99999, "r.document", 0, 99 + number)]
        )
    told: list[dict[str, str]] = [
        {"id": "k1", "action": "same", "a": "x:1", "b": "x:2"},
        {"id": "k2", "action": "different", "a": "x:2", "b": "x:1"},
        {"id": "k3", "action": "undo", "undoes": "k1"},
    ]
    for number, correction in enumerate(told):
        value = json.dumps({**correction, "author": "ada", "time": "2026-11-24T10:00:00Z"}).encode()
        found += publish(engine, [Incoming("corrections", b"", value, 1, "d.corrections", 0, number)])
    engine.connection.close()
    return found


def test_every_published_message_is_as_its_schema_says(published: list[Outgoing], validate: Validate) -> None:
    seen: dict[str, int] = {}
    kinds = set()
    ends: dict[bytes, dict[str, Any]] = {}
    ended: set[bool] = set()
    for out in published:
        seen[out.topic] = seen.get(out.topic, 0) + 1
        if out.topic == events.DEAD_LETTER:
            fields = dead_letter_fields(out.value, out.headers)
            validate("dead-letter", fields)
            assert out.key.decode() == fields["origin"] + ("#" + fields["where"] if fields["where"] else "")
        elif out.value is not None:
            value = json.loads(out.value)
            name = {events.EVENTS: "event", events.CLUSTERS: "cluster"}.get(out.topic, "decision")
            validate(name, value)
            if name == "event":
                kinds.add(value["type"])
            key = value["cluster_id"] if name != "decision" else f"{value['a']}|{value['b']}"
            assert out.key.decode() == key
        else:
            assert out.topic == events.CLUSTERS
            last = ends[out.key]
            merged_into = [("merged-into", last["merged_into"][0].encode())] if "merged_into" in last else []
            assert list(out.headers) == [("revision", str(last["revision"]).encode()), *merged_into]
            ended.add(bool(merged_into))
        if out.topic == events.EVENTS:
            ends[out.key] = json.loads(out.value or b"")
    assert ended == {True, False}
    assert set(seen) == {events.DECISIONS, events.REVIEWS, events.EVENTS, events.CLUSTERS, events.DEAD_LETTER}
    assert kinds == set(schema("event")["properties"]["type"]["enum"])
    told = [json.loads(out.value) for out in published if out.topic == events.EVENTS and out.value]
    assert {one["action"] for event in told for one in event.get("corrections", ())} == {"same", "undo"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("event", {"surprise": 1}),
        ("event", {"type": "exploded"}),
        ("event", {"revision": 0}),
        ("event", {"event_id": "c1:1"}),
        ("event", {"after": []}),
        ("event", {"type": "merged"}),
        ("event", {"split_from": []}),
        ("event", {"document": None}),
        ("event", {"merged_into": ["caaaaaaaaaaaaa"]}),
        ("event", {"corrections": []}),
        ("event", {"corrections": [{"id": "k1", "action": "same", "a": "x:1", "b": "x:2"}]}),
        ("cluster", {"records": []}),
        ("cluster", {"records": ["no-source"]}),
        ("cluster", {"document": {}}),
        ("decision", {"decision": "distinct"}),
        ("decision", {"score": 1.5}),
        ("decision", {"decision": "related"}),
        ("dead-letter", {"payload_base64": "AA=="}),
        ("dead-letter", {"origin": "nowhere"}),
    ],
)
def test_a_schema_refuses_what_is_not_so(
    published: list[Outgoing], validate: Validate, name: str, change: dict[str, Any]
) -> None:
    topic = {"event": events.EVENTS, "cluster": events.CLUSTERS, "decision": events.DECISIONS}.get(name)
    if topic is None:
        letter = next(out for out in published if out.topic == events.DEAD_LETTER)
        value = dead_letter_fields(letter.value, letter.headers)
    else:
        value = json.loads(
            next(
                out.value
                for out in published
                if out.topic == topic
                and out.value
                and b'"related"' not in out.value
                and b'"record_added"' not in out.value
            )
        )
    validate(name, value)
    with pytest.raises(AssertionError):
        validate(name, value | change)


def test_the_docs_name_every_topic_type_and_code() -> None:
    text = DOCS.read_text(encoding="utf-8")
    topics = [events.DECISIONS, events.REVIEWS, events.EVENTS, events.CLUSTERS, events.DEAD_LETTER]
    codes = re.findall(r"`([a-z_]+)`", parse.__globals__["__doc__"])
    for word in [*topics, *schema("event")["properties"]["type"]["enum"], *(c for c in codes if "_" in c)]:
        if word not in ("same_as", "adapter", "source_id"):
            assert f"`{word}`" in text, word


def test_the_example_of_the_docs_is_python() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    compile(example, "docs/events.md", "exec")


def test_documents_as_we_write_them_are_as_the_schema_of_what_we_read_says(validate: Validate) -> None:
    for item in generate(23, 120, noise=2.0):
        validate("document", item.document)
        (record,) = parse("document", item.value or None, item.key)
        if isinstance(record, Record):
            validate("document", to_document(record))
