"""Messages too large for the broker: cut to size, saying so, and never in what folding needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from streams import events
from streams.clusters.canonical import canonical, render
from streams.errors import PayloadError
from streams.events import Outgoing, dead_letter, dead_letter_fields
from streams.kafka.truncation import LARGE_BYTES, RELATIONS_BYTES, bounded, fit, size
from streams.records.record import Author, Record
from streams.sources.authors import MAX_NAME
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_ID, MAX_TEXT, MAX_TITLE, MAX_URLS

CLUSTER = "caaaaaaaaaaaaa"
LIMIT = 16 * 2**20
WIDE = "\U0001d518"  # four bytes in UTF-8


def largest(number: int) -> Record:
    """A record with everything as large as a source may make it."""
    return Record(
        source="largest",
        source_id=f"{number:05}" + WIDE * (MAX_ID - 5),
        title=WIDE * MAX_TITLE,
        authors=tuple(Author(WIDE * MAX_NAME) for _ in range(MAX_AUTHORS)),
        abstract=WIDE * MAX_ABSTRACT,
        journal=WIDE * MAX_TEXT,
        publisher=WIDE * MAX_TEXT,
        date="2020-01-01",
        urls=tuple(f"https://example.org/{n}/" + "x" * (MAX_TEXT - 30) for n in range(MAX_URLS)),
    )


@pytest.fixture(scope="module")
def messages() -> tuple[Outgoing, Outgoing]:
    """An event and the state it leads to, of a cluster as large as a group may be, of records as large as they may be."""
    records = [largest(number) for number in range(1000)]
    document = render(canonical(CLUSTER, records))[0]
    names = [record.id for record in records]
    relations = [{"relation": "corrects", "record": name, "other": other} for name in names for other in names[:5]]
    shared: dict[str, Any] = {"cluster_id": CLUSTER, "revision": 7, "document": orjson.Fragment(document)}
    shared["relations"] = relations
    evidence = [{"a": names[0], "b": name, "reasons": ["title_exact"] * 40} for name in names for _ in range(10)]
    event = {"event_id": CLUSTER + ":7", "type": "record_updated", "before": names, "after": names, "causes": []}
    state = {"records": names}
    key = CLUSTER.encode()
    return (
        Outgoing(events.EVENTS, key, orjson.dumps(event | shared | {"evidence": evidence})),
        Outgoing(events.CLUSTERS, key, orjson.dumps(state | shared)),
    )


def test_the_largest_cluster_is_published_whole_in_what_folding_needs(
    messages: tuple[Outgoing, Outgoing], validate: Callable[[str, Any], None]
) -> None:
    assert min(len(message.value or b"") for message in messages) > 2 * LIMIT
    event, state = (fit(bounded(message), LIMIT) for message in messages)
    assert event is not None
    assert state is not None
    assert size(event) <= LIMIT
    assert size(state) <= LIMIT
    told, stands = orjson.loads(event.value or b""), orjson.loads(state.value or b"")
    given = orjson.loads(messages[0].value or b"")
    assert {name: told[name] for name in ("before", "after", "revision", "event_id")} == {
        name: given[name] for name in ("before", "after", "revision", "event_id")
    }
    assert told["evidence"] == []
    assert told["document"] == stands["document"], "folding the events gives the states"
    assert told["document"]["truncated"] == ["relations", "versions"]
    assert told["relations"] == stands["relations"] == given["relations"][: len(told["relations"])]
    assert RELATIONS_BYTES // 3 < len(orjson.dumps(told["relations"])) <= RELATIONS_BYTES
    assert [version["record"] for version in told["document"]["versions"]] == given["after"]
    assert len(orjson.dumps(told["document"])) <= LARGE_BYTES
    validate("cluster", stands)


def test_what_is_not_large_stays_as_it_is(messages: tuple[Outgoing, Outgoing]) -> None:
    small = Outgoing(events.EVENTS, b"c", orjson.dumps({"document": {"id": "c"}, "evidence": [1]}))
    assert bounded(small) is small
    assert bounded(messages[0]._replace(topic="records.document")) == messages[0]._replace(topic="records.document")


def test_a_tombstone_and_a_payload_are_never_cut() -> None:
    payload = Outgoing("records.arxiv", b"k", b"x" * 2000)
    assert fit(payload, 1000) is None
    assert fit(Outgoing(events.CLUSTERS, b"c", None), 1000) == Outgoing(events.CLUSTERS, b"c", None)


def test_smaller_brokers_get_smaller_documents(validate: Callable[[str, Any], None]) -> None:
    records = [largest(number) for number in range(5)]
    fields = {"cluster_id": CLUSTER, "revision": 1, "records": [record.id for record in records]}
    document = render(canonical(CLUSTER, records))[0]
    message = Outgoing(events.CLUSTERS, b"c", orjson.dumps(fields | {"document": orjson.Fragment(document)}))
    for most in (1_000_000, 100_000, 20_000):
        cut = fit(message, most)
        assert cut is not None
        assert size(cut) <= most
        validate("cluster", orjson.loads(cut.value or b""))
    assert fit(message, 2_000) is None, "its records do not fit"


@pytest.mark.parametrize("key", [b"k", b"k" * 500_000])
def test_a_letter_loses_the_end_of_its_payload_and_says_how_large_it_was(
    key: bytes, validate: Callable[[str, Any], None]
) -> None:
    payload = bytes(range(32, 127)) * 20_000
    letter = dead_letter(PayloadError("not_json", "x" * 5000), payload, "t:0:1", "arxiv", key, arrival=5)
    cut = fit(letter, 100_000)
    assert cut is not None
    assert 90_000 < size(cut) <= 100_000
    assert payload.startswith(cut.value or b"-")
    fields = dead_letter_fields(cut.value, cut.headers)
    validate("dead-letter", fields)
    assert fields["size"] == str(len(payload))
    again = fit(cut, 50_000)
    assert again is not None
    assert dead_letter_fields(again.value, again.headers)["size"] == str(len(payload))
