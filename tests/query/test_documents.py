"""Documents that are matched: with an id or without."""

from __future__ import annotations

import pytest

from streams.errors import PayloadError
from streams.query.documents import read_document, read_payload
from streams.records.record import Record


def test_a_document_needs_no_id() -> None:
    assert read_document({"title": "Lichens on basalt"}).id == "unstored:unstored"
    assert read_document({"title": "Lichens on basalt", "source": "mine", "id": "7"}).id == "mine:7"


def test_a_payload_gives_its_records_and_errors_in_order() -> None:
    first, second = read_payload("document", b'[{"title": "Lichens on basalt"}, 3]')
    assert isinstance(first, Record)
    assert isinstance(second, PayloadError)
    assert second.where == "/1"
    (broken,) = read_payload("document", b"{")
    assert isinstance(broken, PayloadError)
    assert broken.code == "not_json"


def test_a_source_reads_its_own_payloads() -> None:
    (record,) = read_payload("crossref", b'{"DOI": "10.5555/aaa.1", "title": ["Lichens on basalt"]}')
    assert isinstance(record, Record)
    assert record.id == "crossref:10.5555/aaa.1"


def test_a_document_without_content_is_refused() -> None:
    with pytest.raises(PayloadError):
        read_document({"id": "7"})
