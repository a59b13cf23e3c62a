from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import Delete, Identifier, Record
from streams.sources import parse

SHA = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"
GRAPH: dict[str, Any] = {
    "paperId": SHA,
    "externalIds": {
        "MAG": "2963403868",
        "DBLP": "journals/corr/VaswaniSPUJGKP17",
        "ArXiv": "1706.03762",
        "CorpusId": 13756489,
    },
    "corpusId": 13756489,
    "url": f"https://www.semanticscholar.org/paper/{SHA}",
    "title": "Attention is All you Need",
    "abstract": None,
    "venue": "Neural Information Processing Systems",
    "year": 2017,
    "openAccessPdf": {"url": "", "status": None},
    "publicationTypes": ["JournalArticle", "Conference"],
    "publicationDate": "2017-06-12",
    "journal": {"pages": "\n          5998-6008\n        "},
    "authors": [{"authorId": "40348417", "name": "Ashish Vaswani"}, {"authorId": None, "name": "Noam M. Shazeer"}],
}
DATASETS: dict[str, Any] = {
    "corpusid": 223588394,
    "externalids": {
        "ACL": None,
        "DBLP": None,
        "ArXiv": None,
        "MAG": "3032046382",
        "CorpusId": "223588394",
        "PubMed": None,
        "DOI": "10.3760/CMA.J.ISSN.2095",
        "PubMedCentral": None,
    },
    "url": "https://www.semanticscholar.org/paper/" + SHA,
    "title": "Example of a title",
    "authors": [{"authorId": "101039255", "name": "粟毅"}],
    "venue": "",
    "year": 2006,
    "publicationdate": None,
    "publicationtypes": None,
    "journal": {"name": "", "pages": None, "volume": "5"},
    "updated": "2022-01-27T03:01:26.115Z",
}


def items(value: Any) -> list[Any]:
    return parse("semantic_scholar", orjson.dumps(value))


def one(value: Any) -> Record:
    (item,) = items(value)
    assert isinstance(item, Record), item
    return item


def error(value: Any) -> PayloadError:
    (item,) = items(value)
    assert isinstance(item, PayloadError)
    return item


def test_graph_paper() -> None:
    record = one(GRAPH)
    assert record.id == "semantic_scholar:13756489"
    assert record.identifiers == (
        Identifier("arxiv", "1706.03762"),
        Identifier("s2", "13756489"),
        Identifier("s2_paper", SHA),
        Identifier("mag", "2963403868"),
        Identifier("dblp", "journals/corr/VaswaniSPUJGKP17"),
    )
    assert (record.date, record.journal, record.pages) == (
        "2017-06-12",
        "Neural Information Processing Systems",
        "5998-6008",
    )
    assert record.type == "conference"
    assert [author.name for author in record.authors] == ["Ashish Vaswani", "Noam M. Shazeer"]
    assert record.warnings == ()


def test_datasets_row_with_lower_case_keys_nulls_and_a_corpus_id_as_text() -> None:
    record = one(DATASETS)
    assert record.id == "semantic_scholar:223588394"
    assert record.identifier("doi") == "10.3760/cma.j.issn.2095"
    assert (record.date, record.volume, record.journal) == ("2006", "5", "")
    assert record.updated == "2022-01-27T03:01:26Z"


def test_the_same_paper_has_one_id_in_both_feeds() -> None:
    assert one(DATASETS | {"corpusid": 13756489}).id == one(GRAPH | {"corpusId": None}).id


def test_arxiv_ids_hide_in_the_doi_the_volume_and_dblp() -> None:
    ids = GRAPH["externalIds"]
    plain = GRAPH | {"externalIds": {"DOI": "10.48550/arXiv.2312.07559"}}
    assert one(plain).identifier("arxiv") == "2312.07559"
    assert one(plain).identifier("doi") == ""
    volume = GRAPH | {"externalIds": None, "journal": {"name": "ArXiv", "volume": "abs/2111.12710"}}
    assert one(volume).identifier("arxiv") == "2111.12710"
    dblp = GRAPH | {"externalIds": ids | {"ArXiv": None, "DBLP": "journals/corr/abs-2312-07559"}}
    assert one(dblp).identifier("arxiv") == "2312.07559"


def test_open_corpus_row() -> None:
    record = one(
        {
            "id": SHA,
            "title": "T",
            "paperAbstract": "A",
            "s2Url": f"https://semanticscholar.org/paper/{SHA}",
            "doi": "",
            "pmid": "26153556",
            "magId": "769275997",
            "journalName": "J",
            "journalVolume": "161",
            "journalPages": "\n  22-34\n ",
            "year": 2016,
            "authors": [{"name": "M. Gonze", "ids": ["153745181"]}],
            "pdfUrls": ["https://arxiv.org/pdf/1101.0001"],
        }
    )
    assert (record.source_id, record.pages, record.abstract) == (SHA, "22-34", "A")
    assert {i.scheme for i in record.identifiers} == {"pmid", "mag", "s2_paper", "arxiv"}


def test_a_minimal_row_is_known_by_its_sha() -> None:
    assert one({"paperId": SHA, "title": "Extracellular ATP"}).source_id == SHA


def test_a_projection_without_title_is_refused() -> None:
    assert error({"paperId": SHA, "citationCount": 0}).code == "no_identity"


def test_a_null_id_with_a_real_title_has_no_id_that_stays() -> None:
    assert error({"paperId": None, "title": "J-PAL working paper"}).code == "no_identity"


@pytest.mark.parametrize(
    "row",
    [
        {"corpusid": 1, "openaccessinfo": {"externalids": {"DOI": "10.1000/x"}}, "abstract": "A"},
        {"sha": SHA, "corpusid": 1, "primary": True},
        {"id": "cbe0", "name": "Revista", "alternate_names": [], "alternate_issns": []},
        {"name": "papers", "description": "", "README": "", "files": ["https://example.org/1"]},
        ["2022-05-10"],
        "text",
        7,
        None,
    ],
)
def test_rows_of_other_datasets_are_no_papers(row: Any) -> None:
    assert error(row).code == "not_a_paper"


def test_a_batch_answer_with_a_null_member() -> None:
    first, second = items([None, GRAPH])
    assert (first.code, first.where) == ("null_member", "/0")
    assert second.source_id == "13756489"


def test_citations_and_references_are_unwrapped() -> None:
    good, bad = items({"offset": 0, "data": [{"citedPaper": GRAPH}, {"citedPaper": {"paperId": None, "title": "T"}}]})
    assert good.source_id == "13756489"
    assert bad.where == "/data/1/citedPaper"


def test_answers_without_papers() -> None:
    assert error({"total": 0, "offset": 0, "data": []}).code == "empty_page"
    assert error({"total": 0, "offset": 0}).code == "empty_page"
    assert error({"error": "Title match not found"}).code == "source_error"
    assert error({}).code == "empty_page"
    assert error([]).code == "empty_page"


@pytest.mark.parametrize(
    "marked",
    [
        {"corpusid": 7, "deleted": True},
        {"corpusId": 7, "_deleted": "true"},
        {"corpusid": "7", "op": "delete"},
        {"externalids": {"CorpusId": "7"}, "action": "DELETE"},
    ],
)
def test_diff_deletes(marked: dict[str, Any]) -> None:
    assert items(marked) == [Delete(source="semantic_scholar", source_id="7", reason="diff_delete")]


def test_a_delete_without_an_id_is_refused() -> None:
    assert error({"deleted": True}).code == "no_identity"


@pytest.mark.parametrize(
    ("key", "source_id"), [(b"13756489", "13756489"), (b"semantic_scholar:13756489", "13756489"), (SHA.encode(), SHA)]
)
def test_tombstones(key: bytes, source_id: str) -> None:
    assert parse("semantic_scholar", b"", key) == [
        Delete(source="semantic_scholar", source_id=source_id, reason="tombstone")
    ]
