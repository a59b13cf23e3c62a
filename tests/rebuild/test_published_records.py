"""Records made from canonical documents."""

from __future__ import annotations

from streams.clusters.canonical import canonical
from streams.rebuild.published_records import record_from, version_of
from streams.records.record import Author, Identifier, Record
from streams.records.version import RecordVersion

ONE = Record(
    source="arxiv", source_id="2101.00001", title="Coral growth", authors=(Author("Ada Reef"),), date="2021-01-02",
    identifiers=(Identifier("arxiv", "2101.00001"),), urls=("https://a/1", "https://a/2"), abstract="Long.", version=2,
    language="en",
)  # fmt: skip
OTHER = Record(
    source="crossref", source_id="10.1/x", title="Coral Growth", authors=(Author("A. Reef"),), date="2021-05",
    journal="Seas", volume="3", identifiers=(Identifier("doi", "10.1/x"),), type="journal-article",
)  # fmt: skip


def test_a_record_alone_in_its_cluster_comes_back_as_it_was() -> None:
    assert record_from(ONE.id, canonical("c", [ONE])) == ONE


def test_of_several_records_each_has_what_its_version_says() -> None:
    document = canonical("c", [ONE, OTHER])
    one, other = record_from(ONE.id, document), record_from(OTHER.id, document)
    assert (one.title, one.date, one.identifiers, one.urls, one.version) == (
        "Coral growth", "2021-01-02", (Identifier("arxiv", "2101.00001"),), ("https://a/1",), 2,
    )  # fmt: skip
    assert (other.title, other.journal, other.type, other.identifiers) == (
        "Coral Growth", "Seas", "journal-article", (Identifier("doi", "10.1/x"),),
    )  # fmt: skip
    assert one.authors == other.authors


def test_what_no_document_tells_is_left_out() -> None:
    assert record_from("s:1", {}) == Record(source="s", source_id="1")


def test_every_payload_but_that_of_an_earlier_version_replaces_it() -> None:
    version = version_of(ONE, b"content")
    assert RecordVersion.of(b"new", version=2, taken=10 << 20).supersedes(version)
    assert RecordVersion.of(b"new", updated="2001-01-01T00:00:00Z", taken=10 << 20).supersedes(version)
    assert not RecordVersion.of(b"new", version=0, taken=0, live=False).supersedes(version)
    assert RecordVersion.of(b"", taken=10 << 20, live=False).supersedes(version)
    assert not RecordVersion.of(b"old", version=1, taken=10 << 20).supersedes(
        version_of(Record(source="a", source_id="b", version=3), b"")
    )
