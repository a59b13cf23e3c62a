"""What `parse` promises of the payloads of any source."""

from __future__ import annotations

from typing import Any

import orjson

from streams.errors import PayloadError
from streams.sources import parse

IDENTITY: dict[str, dict[str, Any]] = {
    "arxiv": {"id": "1706.03762"},
    "semantic_scholar": {"corpusid": 7, "title": "T"},
    "crossref": {"DOI": "10.1000/x"},
    "openalex": {"id": "W7", "title": "T"},
    "core": {"id": 7, "title": "T"},
    "unpaywall": {"doi": "10.1000/x"},
    "internet_archive": {"ident": "hsmo6p4smrganpb3fndaj2lon4", "title": "T"},
    "papers_with_code": {"paper_url": "t", "title": "T"},
    "datacite": {"attributes": {"doi": "10.1000/x"}},
    "document": {"id": "7", "title": "T"},
}


def test_unknown_sources_and_missing_keys() -> None:
    (item,) = parse("myspace", b"{}")
    assert isinstance(item, PayloadError)
    assert item.code == "unknown_source"
    for key in (None, b"", b" ", b"not an id"):
        (item,) = parse("openalex", None, key)
        assert isinstance(item, PayloadError)
        assert item.code == "no_identity"


def test_ids_and_records_do_not_depend_on_when_or_how_often() -> None:
    for source, identity in IDENTITY.items():
        payload = orjson.dumps(identity)
        assert parse(source, payload) == parse(source, payload)
