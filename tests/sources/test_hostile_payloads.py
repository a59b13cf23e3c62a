"""Whatever the bytes, `parse` gives records, deletes and payload errors, and soon."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources import SOURCES, parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["10.1000/x", "1706.03762", "2021-01-01", "W1", "https://doi.org/10.1000/x", "et al.", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = {
    "arxiv": "id doi title authors authors_parsed versions update_date journal-ref abstract deleted",
    "semantic_scholar": (
        "paperId corpusId corpusid externalIds externalids title authors year publicationDate journal venue "
        "url openAccessPdf pdfUrls publicationTypes abstract updated data op"
    ),
    "crossref": (
        "DOI title subtitle original-title author issued created posted relation update-to deposited "
        "container-title volume issue journal-issue page type subtype resource URL message status input items"
    ),
    "openalex": (
        "id ids doi title display_name authorships locations primary_location biblio abstract_inverted_index "
        "host_venue publication_date publication_year type is_paratext updated_date merge_into_id results"
    ),
    "core": (
        "id title authors doi arxivId identifiers oaiIds outputs links journals language publishedDate "
        "disabled repositories results"
    ),
    "unpaywall": "doi title z_authors oa_locations published_date year genre updated results error",
    "internet_archive": (
        "ident ext_ids extra contribs contrib_names abstracts title release_date release_year state work_id "
        "hits container"
    ),
    "papers_with_code": "paper_url id arxiv_id title authors date proceeding results url_abs",
    "datacite": (
        "id attributes doi titles creators dates publicationYear relatedIdentifiers identifiers container "
        "types descriptions data"
    ),
    "document": (
        "source id title subtitle other_titles authors publication_date year journal volume number pages doi "
        "arxiv_id pmid pmcid identifiers urls abstract type relations version updated deleted"
    ),
}
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
# Fields that make a payload something else than one record.
ENVELOPES = {
    "data",
    "results",
    "items",
    "message",
    "status",
    "input",
    "hits",
    "op",
    "deleted",
    "disabled",
    "merge_into_id",
    "error",
}


def sound(source: str, payload: bytes) -> list[Any]:
    items = parse(source, payload)
    assert items
    for item in items:
        assert isinstance(item, (Record, Delete, PayloadError))
        if isinstance(item, PayloadError):
            assert item.code != "adapter_failed", item
        if isinstance(item, Record):
            assert all(isinstance(author.name, str) and author.name for author in item.authors)
            assert item.year >= 0
            json.dumps(item.title).encode()
            item.title.encode()
    return items


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_json_value_in_any_field(source: str, data: st.DataObject) -> None:
    names = st.sampled_from(NAMES[source].split())
    value = data.draw(st.dictionaries(names, JSON, max_size=6))
    sound(source, orjson.dumps(value))
    sound(source, orjson.dumps([value, data.draw(JSON)]))


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_malformed_fields_never_cost_a_record_with_an_identity(source: str, data: st.DataObject) -> None:
    names = [name for name in NAMES[source].split() if name not in ENVELOPES and name not in IDENTITY[source]]
    if source == "semantic_scholar":
        names = [name for name in names if name not in ("corpusId", "paperId")]
    if source == "core":
        names.remove("repositories")
    if source == "document":
        names.remove("source")
    if source == "datacite":
        value: dict[str, Any] = {
            "attributes": {**data.draw(st.dictionaries(st.sampled_from(names), JSON)), "doi": "10.1000/x"}
        }
    else:
        value = data.draw(st.dictionaries(st.sampled_from(names), JSON)) | IDENTITY[source]
    if source == "internet_archive" and value.get("state") in ("deleted", "redirect"):
        return
    (item,) = sound(source, orjson.dumps(value))
    assert isinstance(item, Record), item


@pytest.mark.parametrize("source", sorted(SOURCES))
@settings(max_examples=40, deadline=None)
@given(payload=st.binary(max_size=200))
def test_any_bytes(source: str, payload: bytes) -> None:
    sound(source, payload or b"\x00")
    sound(source, b"<" + payload)
    parse(source, None, payload)


BAD = {
    "empty": (b" ", "not_json"),
    "truncated": (b'{"id": "1", "title": "T', "not_json"),
    "binary": (bytes(range(256)), "not_json"),
    "not JSON": (b"Resource not found.", "not_json"),
    "deep array": (b"[" * 100_000, "too_deep"),
    "deep object": (b'{"id":' * 100_000, "too_deep"),
    "closed deep array": (b"[" * 50_000 + b"]" * 50_000, "too_deep"),
    "a number": (b"7", "not_a_paper"),
    "a text": (b'"7"', "not_a_paper"),
    "null": (b"null", "not_a_paper"),
    "an empty object": (b"{}", "empty_page"),
    "an empty array": (b"[]", "empty_page"),
}


@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.parametrize("name", sorted(BAD))
def test_unreadable_payloads(source: str, name: str) -> None:
    payload, code = BAD[name]
    (item,) = sound(source, payload)
    assert isinstance(item, PayloadError)
    assert item.code == code


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_huge_fields_are_cut_in_bounded_time(source: str) -> None:
    begin = time.perf_counter()
    people = [{"name": f"Author {i}", "family": f"A{i}", "given": "B"} for i in range(50_000)]
    huge: dict[str, Any] = {"title": "long " * 1_000_000, "abstract": "word " * 1_000_000}
    listed: dict[str, Any] = {
        "author": people,
        "authors": people,
        "creators": people,
        "z_authors": people,
        "contribs": people,
    }
    listed |= {"authorships": [{"author": {"display_name": p["name"]}} for p in people]}
    listed |= {
        "authors_parsed": [[p["name"], "", ""] for p in people],
        "urls": ["https://arxiv.org/abs/1706.03762"] * 50_000,
    }
    value = huge | listed | {"titles": [{"title": huge["title"]}]}
    identity = IDENTITY[source]
    if source == "datacite":
        value = {"attributes": value | identity["attributes"]}
    (item,) = sound(
        source, orjson.dumps(value | {k: v for k, v in identity.items() if k not in ("title", "attributes")})
    )
    assert isinstance(item, Record)
    assert 0 < len(item.title) <= 10_000
    assert 0 < len(item.authors) <= 1_000
    assert any("cut at" in warning for warning in item.warnings)
    assert not item.authors_complete
    assert time.perf_counter() - begin < 30


@pytest.mark.parametrize("source", ["arxiv", "document"])
def test_author_lists_as_one_huge_text(source: str) -> None:
    for text in (
        "A. Bee, " * 200_000,
        "(" * 500_000,
        "A and " * 200_000,
        "Bee A " * 200_000,
        "et al " * 200_000,
        "the XYZ Collaboration for " * 50_000,
    ):
        begin = time.perf_counter()
        (item,) = sound(source, orjson.dumps({**IDENTITY[source], "authors": text}))
        assert isinstance(item, Record)
        assert len(item.authors) <= 1_000
        assert time.perf_counter() - begin < 3, text[:20]


def test_bytes_that_are_not_utf8_cost_no_record() -> None:
    (item,) = sound("document", b'{"id": "1", "title": "caf\xe9 au lait"}')
    assert isinstance(item, Record)
    assert item.title == "caf\ufffd au lait"


def test_lone_surrogates_and_nul_cost_no_record() -> None:
    (item,) = sound("document", b'{"id": "1", "title": "a\\ud835b\\u0000c"}')
    assert isinstance(item, Record)
    assert item.title == "abc"


def test_a_byte_order_mark_is_no_content() -> None:
    (item,) = sound("document", b'\xef\xbb\xbf{"id": "1", "title": "T"}')
    assert isinstance(item, Record)
