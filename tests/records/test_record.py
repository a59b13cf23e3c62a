from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from streams.records.record import Author, Delete, Identifier, Record, record_id, to_document
from tests.sources.documents import one

texts = st.text(max_size=40)


documents = st.fixed_dictionaries(
    {
        "id": st.text("abc:/ \u00e9", min_size=1, max_size=9).filter(str.strip),
        "title": texts.map(lambda text: "T " + text),
    },
    optional={
        "source": st.sampled_from(["document", "mine", "arxiv"]),
        "subtitle": texts,
        "other_titles": st.lists(texts, max_size=3),
        "authors": st.lists(texts | st.sampled_from(["Bee, A.", "A. Bee", "Bee A", "X Collaboration"]), max_size=4),
        "publication_date": st.dates().map(str) | texts,
        "year": st.integers(0, 3000),
        "journal": texts,
        "volume": texts | st.just("abs/1706.03762"),
        "number": texts,
        "pages": texts,
        "publisher": texts,
        "language": texts,
        "type": texts,
        "doi": st.sampled_from(["10.1000/x", "10.1000/Y(2)", "https://doi.org/10.48550/arXiv.1706.03762", "x"]),
        "arxiv_id": st.sampled_from(["1706.03762v2", "https://arxiv.org/abs/1706.03762", "no"]),
        "pmid": st.integers(1, 10**8),
        "identifiers": st.lists(
            st.sampled_from([{"scheme": "mag", "value": "7"}, {"scheme": "s2", "value": "9"}]), max_size=2
        ),
        "urls": st.lists(
            st.sampled_from(["https://arxiv.org/abs/1706.03762", "https://openalex.org/W5", "https://a.b/ c", "x"]),
            max_size=3,
        ),
        "relations": st.lists(
            st.sampled_from([{"kind": "corrects", "scheme": "doi", "value": "10.1000/z"}]), max_size=2
        ),
        "abstract": texts,
        "version": st.integers(0, 9),
        "updated": st.datetimes().map(str),
    },
)


# One DOI and one arXiv id: the form has a field for each, and no place for a second.
@given(documents)
@example({"id": "1", "title": "T", "authors": ["0?"]})
def test_a_record_written_as_document_reads_the_same(document: dict[str, Any]) -> None:
    record = one(document)
    again = one(to_document(record))
    # What was repaired once is sound now, and the form has no place for a list that was cut.
    same = {"warnings": (), "authors_complete": True}
    assert msgspec.structs.replace(again, **same) == msgspec.structs.replace(record, **same)


def test_a_record_is_known_by_source_and_id() -> None:
    record = Record(source="feed", source_id="7", date="2011-05", identifiers=(Identifier("doi", "10.5555/a"),))
    assert record.id == record_id("feed", "7") == Delete(source="feed", source_id="7", reason="op").id == "feed:7"
    assert (record.year, Record(source="feed", source_id="7").year) == (2011, 0)
    assert (record.identifier("doi"), record.identifier("pmid")) == ("10.5555/a", "")


def test_a_document_has_only_what_is_known() -> None:
    assert to_document(Record(source="feed", source_id="7")) == {"source": "feed", "id": "7"}
    cut = Record(source="feed", source_id="7", authors=(Author("A. Lind", family="Lind"),), authors_complete=False)
    document = to_document(cut)
    assert document["authors"] == [{"name": "A. Lind", "family": "Lind"}]
    assert document["authors_complete"] is False
