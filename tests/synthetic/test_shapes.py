"""Documents in the payload shape of their source: our own adapters read them back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.records.record import Record
from streams.sources import parse
from streams.synthetic.shapes import payload

IDS = {
    "arxiv": "1605.00001",
    "semantic_scholar": "9000000001",
    "crossref": "10.5555/lichen.1",
    "openalex": "W9000000001",
    "core": "8000000001",
    "unpaywall": "10.5555/lichen.1",
    "internet_archive": "hsmo6p4smrefjdzxgmbpqvgfbe",
    "papers_with_code": "lichens-on-basalt-1",
}


@pytest.mark.parametrize("source", sorted(IDS))
def test_the_adapter_of_a_source_reads_what_is_made_for_it(source: str) -> None:
    document: dict[str, Any] = {
        "source": source,
        "id": IDS[source],
        "title": "Lichens on basalt cliffs",
        "authors": ["Ines Halvorsen", "Tomas Reyk"],
        "publication_date": "2011-05-04",
        "year": 2011,
    }
    document |= {"doi": "10.5555/lichen.1"} if source not in ("arxiv", "papers_with_code") else {}
    document |= {"arxiv_id": "1605.00001", "version": 1} if source in ("arxiv", "papers_with_code") else {}
    (record,) = parse(source, orjson.dumps(payload(document)))
    assert isinstance(record, Record), record
    assert record.id == f"{source}:{IDS[source]}"
    assert record.title == document["title"]
    assert len(record.authors) == 2
