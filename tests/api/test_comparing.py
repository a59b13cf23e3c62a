"""`compare`, `explain`, `meets` and `parse`: the decisions of the rules, for dictionaries and records."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

import streams
from streams.matching.candidate_pairs import are_candidates
from streams.matching.decide import decide
from streams.matching.features import extract
from streams.testing import generated_feed

PAPER = {"title": "Coral growth in warm seas", "authors": ["Ada Reef"], "year": 2021, "doi": "10.5555/reef.1"}


def test_decisions_are_those_of_the_rules() -> None:
    records = [item.record for item in generated_feed(40) if isinstance(item.record, streams.Record)]
    by_title = sorted(records, key=lambda record: record.title)
    pairs = list(pairwise(by_title))
    found = list(streams.compare((a for a, _ in pairs), (b for _, b in pairs)))
    assert found == [decide(extract(a), extract(b)) for a, b in pairs]
    assert {decision.verdict for decision in found} >= {"duplicate", "distinct"}
    for (a, b), decision in zip(pairs, found, strict=True):
        assert streams.explain(a, b).decision == decision == streams.compare(a, b)
        assert streams.meets(a, b) == are_candidates(extract(a), extract(b))


def test_documents_need_no_id_and_no_source() -> None:
    assert streams.compare(PAPER, {**PAPER, "title": "Coral Growth in Warm Seas."}).verdict == "duplicate"
    two = streams.compare({**PAPER, "doi": float("nan")}, {**PAPER, "doi": None, "year": 2021.0})
    assert two.verdict == "duplicate"


def test_a_document_and_a_record_are_compared_alike() -> None:
    (record,) = streams.parse("document", {**PAPER, "id": "1", "source": "a"})
    assert isinstance(record, streams.Record)
    assert streams.compare(record, PAPER) == streams.compare({**PAPER, "source": "a"}, PAPER)


def test_two_iterables_are_equally_long_and_not_mixed_with_a_record() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(streams.compare([PAPER], []))
    with pytest.raises(TypeError, match="one of each"):
        streams.compare(PAPER, [PAPER])  # type: ignore[arg-type]


def test_what_cannot_be_compared_says_which_side() -> None:
    with pytest.raises(streams.PayloadError) as raised:
        streams.compare(PAPER, {"authors": ["Nobody"]})
    assert raised.value.where == "/b"
    with pytest.raises(streams.PayloadError, match="a delete cannot be compared"):
        streams.compare({"deleted": True, "id": "1"}, PAPER)
    with pytest.raises(TypeError, match="found int"):
        streams.explain(PAPER, 7)  # type: ignore[arg-type]


def test_a_policy_on_preprints_changes_the_verdict() -> None:
    preprint, printed = {**PAPER, "source": "arxiv", "doi": "", "arxiv_id": "2101.00001"}, {**PAPER, "journal": "Reefs"}
    assert streams.compare(preprint, printed).verdict == "duplicate"
    assert streams.compare(preprint, printed, preprints="relate").relation == "preprint_of"
    assert streams.explain(preprint, printed, preprints="separate").decision.verdict == "distinct"


def test_payloads_are_bytes_text_or_decoded() -> None:
    document = {**PAPER, "id": "1"}
    expected = streams.parse("document", document)
    assert streams.parse("document", json.dumps(document)) == expected
    assert streams.parse("document", json.dumps(document).encode()) == expected
    assert len(streams.parse("document", [document, {**document, "id": "2"}])) == 2
    assert expected[0].id == "document:1" if isinstance(expected[0], streams.Record) else False


def test_what_cannot_be_parsed_is_among_the_items() -> None:
    bad = [*streams.parse("document", "{"), *streams.parse("nowhere", {"id": "1"}), *streams.parse("document", {})]
    assert [item.code for item in bad if isinstance(item, streams.PayloadError)] == [
        "not_json",
        "unknown_source",
        "empty_page",
    ]
    (gone,) = streams.parse("arxiv", None, "2101.00001")
    assert isinstance(gone, streams.Delete)
    assert gone.id == "arxiv:2101.00001"
