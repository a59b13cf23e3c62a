"""Uses of the Python API that mypy checks, as a user's program is checked; `test_examples.py` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import streams
from streams.testing import FakeStreams, Message, event_messages, generated_feed

PAPER: dict[str, Any] = {"id": "1", "title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021}


def parsing() -> None:
    for item in streams.parse("document", PAPER):
        if isinstance(item, streams.Record):
            assert_type(item.authors, tuple[streams.Author, ...])
            assert_type(item.identifiers, tuple[streams.Identifier, ...])
            assert_type(item.relations, tuple[streams.Relation, ...])
        elif isinstance(item, streams.PayloadError):
            assert_type(item.code, str)
        else:
            assert_type(item, streams.Delete)
    streams.parse("arxiv", None, key="2101.00001")
    streams.parse("crossref", b"{}")
    streams.parse("crossref", "{}")
    streams.parse("document", [PAPER])


def comparing() -> None:
    record = streams.Record(source="s", source_id="1", title="Coral growth in warm seas")
    assert_type(streams.compare(PAPER, record), streams.Decision)
    assert_type(streams.compare([PAPER], [record]), Iterator[streams.Decision])
    assert_type(streams.compare(PAPER, PAPER, preprints="relate").score, float)
    assert_type(streams.meets(record, PAPER), bool)
    explanation = streams.explain(PAPER, record)
    assert_type(explanation, streams.Explanation)
    assert_type(explanation.comparisons, tuple[streams.Comparison, ...])


def deduplicating() -> None:
    seen: list[streams.Progress] = []
    errors: list[streams.PayloadError] = []
    clusters = streams.deduplicate(
        [PAPER, streams.Record(source="s", source_id="1", title="Another paper")],
        batch_size=10,
        progress=seen.append,
        on_error=errors.append,
    )
    assert_type(clusters, Iterator[streams.Cluster])
    for cluster in clusters:
        assert_type(cluster.records, tuple[streams.Record, ...])
        assert_type(cluster.record_ids, tuple[str, ...])
        assert_type(cluster.relations, tuple[streams.ClusterRelation, ...])
    parsed = (item for payload in (b"[]", "[]") for item in streams.parse("document", payload))
    list(streams.deduplicate(parsed, on_error=errors.append))


def following() -> None:
    view = streams.ClusterView()
    for message in event_messages([PAPER]):
        assert_type(message, Message)
        assert_type(view.apply(message.value), bool)
    assert_type(view.resolve("ca"), str | None)
    assert_type(view.get("ca"), streams.ClusterState | None)
    assert_type(view.cluster_of("document:1"), streams.ClusterState | None)
    assert_type(list(view), list[streams.ClusterState])


def standing_in() -> None:
    fake = FakeStreams(preprints="separate")
    for item in generated_feed(2, seed=1):
        assert_type(item.record, streams.Record | streams.Delete)
        assert_type(fake.send([item.record]), list[Message])


def failing() -> None:
    try:
        streams.compare(PAPER, {})
    except streams.StreamsError as error:
        assert_type(error, streams.StreamsError)
    assert_type(streams.__version__, str)
    streams.deduplicat  # type: ignore[attr-defined]  # noqa: B018 - mypy refuses what is not exported


EXAMPLES = (parsing, comparing, deduplicating, following, standing_in)
