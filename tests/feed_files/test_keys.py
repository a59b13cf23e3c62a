"""The key of a message is the id of its record, however it is found."""

from __future__ import annotations

import pytest

from streams.feed_files.keys import message_key
from streams.records.record import Delete, Record
from streams.sources import parse


@pytest.mark.parametrize(
    ("source", "value", "key"),
    [
        ("document", b'{"source":"s","id":"1","title":"T"}', b"s:1"),
        ("document", b'{"id":"1"}', b"document:1"),
        ("document", b"broken", b""),
        ("document", b'{"title":"no id"}', b""),
        ("document", b'[{"id":"1"},{"id":"2"}]', b""),
        ("openalex", b'{"id":"https://openalex.org/W7","title":"T"}', b"W7"),
        ("arxiv", b"<broken", b""),
        ("arxiv", b'{"id":"hep-th/9901001","title":"T"}', b"hep-th/9901001"),
        ("arxiv", b'{"id":704.0001,"title":"T"}', b"0704.0001"),
        ("crossref", b'{"DOI":"10.5555/ABC","title":["T"]}', b"10.5555/abc"),
        ("crossref", b'{"doi":"10.5555/ABC","title":["T"]}', b"10.5555/abc"),
        ("crossref", b'{"items":[{"DOI":"10.5555/1"},{"DOI":"10.5555/2"}],"DOI":"10.5555/3"}', b""),
        ("crossref", b'{"status":"ok","message":{"DOI":"10.5555/1","title":["T"]}}', b"10.5555/1"),
        ("openalex", b'{"merge_date":"2026-09-02","id":"W2","merge_into_id":"W4"}', b"W2"),
        ("openalex", b'{"results":[{"id":"W1","title":"T"},{"id":"W2","title":"T"}]}', b""),
        ("semantic_scholar", b'{"corpusid":12,"title":"T"}', b"12"),
        ("semantic_scholar", b'{"corpusid":"12"}', b"12"),
        ("semantic_scholar", b'{"corpusid":true,"externalids":{"CorpusId":"7"},"title":"T"}', b"7"),
        ("semantic_scholar", b'{"paperId":"' + b"a" * 40 + b'","title":"T"}', b"a" * 40),
    ],
)
def test_messages_about_one_record_have_one_key(source: str, value: bytes, key: bytes) -> None:
    assert message_key(source, value) == key


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("arxiv", b'{"id":"2101.00001v3","title":"T"}'),
        ("arxiv", b'{"id":"http://arxiv.org/abs/2101.00001","title":"T"}'),
        ("crossref", b'{"DOI":"https://doi.org/10.5555/%41","title":["T"]}'),
        ("crossref", b'{"DOI":"10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2","title":["T"]}'),
        ("openalex", b'{"id":"w7","title":"T"}'),
        ("semantic_scholar", b'{"corpusid":"CorpusID:12","title":"T"}'),
        ("semantic_scholar", b'{"corpusid":0,"title":"T","paperId":"' + b"b" * 40 + b'"}'),
        ("semantic_scholar", b'{"corpusId":-4,"corpusid":12,"title":"T"}'),
    ],
)
def test_a_key_that_is_found_quickly_is_the_one_that_the_adapter_finds(source: str, value: bytes) -> None:
    (item,) = parse(source, value)
    assert isinstance(item, Record | Delete)
    assert message_key(source, value) == item.source_id.encode()
