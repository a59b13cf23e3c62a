from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import Author, Delete, Identifier, Record, Relation
from streams.sources import parse

WORK: dict[str, Any] = {
    "DOI": "10.1155/2019/ABC",
    "type": "journal-article",
    "title": ["Modeling <i>Prey</i> &amp; Predator:\n  a Model", "Ein Modell"],
    "subtitle": ["A Bioeconomic Model"],
    "original-title": ["Un modèle"],
    "short-title": ["J. Mod."],
    "container-title": ["Journal of Applied Mathematics"],
    "author": [
        {"given": "Charles", "family": "Raymond", "sequence": "first", "suffix": "Jr."},
        {"ORCID": "http://orcid.org/0000-0002-2435-612X", "given": "Alfred", "family": "Hugo"},
        {"name": "The PLOS ONE Staff"},
        {"sequence": "additional"},
    ],
    "issued": {"date-parts": [[2019, 6]]},
    "created": {"date-parts": [[2019, 6, 2]], "date-time": "2019-06-02T23:32:12Z"},
    "deposited": {"date-time": "2019-06-03T23:32:12Z", "timestamp": 1559604732000},
    "indexed": {"date-time": "2022-03-29T15:35:43Z"},
    "page": "1-13",
    "volume": "2019",
    "issue": "4",
    "publisher": "Hindawi Limited",
    "abstract": "<jats:p>A model.</jats:p>",
    "URL": "http://dx.doi.org/10.1155/2019/abc",
    "resource": {"primary": {"URL": "https://www.hindawi.com/journals/jam/2019/2601648/"}},
    "relation": {},
}


def items(value: Any) -> list[Any]:
    return parse("crossref", orjson.dumps(value))


def one(value: Any) -> Record:
    (item,) = items(value)
    assert isinstance(item, Record), item
    return item


def test_rest_work() -> None:
    record = one(WORK)
    assert record.id == "crossref:10.1155/2019/abc"
    assert record.title == "Modeling <i>Prey</i> &amp; Predator: a Model", "the source's text; matching decodes it"
    assert (record.subtitle, record.other_titles) == ("A Bioeconomic Model", ("Ein Modell", "Un modèle"))
    assert record.date == "2019-06", "as precise as written"
    assert record.updated == "2019-06-03T23:32:12Z", "deposited, not indexed"
    assert record.authors == (
        Author("Charles Raymond Jr.", "Raymond", "Charles"),
        Author("Alfred Hugo", "Hugo", "Alfred", "0000-0002-2435-612X"),
        Author("The PLOS ONE Staff", organization=True),
    )
    assert record.identifiers == (Identifier("doi", "10.1155/2019/abc"),)
    assert (record.journal, record.volume, record.number, record.pages) == (
        "Journal of Applied Mathematics",
        "2019",
        "4",
        "1-13",
    )


@pytest.mark.parametrize("title", [[], [""], None, ""])
def test_no_title(title: Any) -> None:
    record = one({"DOI": "10.1000/x", "title": title})
    assert (record.title, record.authors, record.date) == ("", (), "")


@pytest.mark.parametrize(
    ("date_parts", "date"),
    [
        ([[None]], ""),
        ([[2019]], "2019"),
        ([[2019, 6, 31]], "2019-06"),
        ([["2019", "6", "2"]], "2019-06-02"),
        ([], ""),
        (None, ""),
        ([[0]], ""),
        (7, ""),
    ],
)
def test_issued(date_parts: Any, date: str) -> None:
    assert one({"DOI": "10.1000/x", "issued": {"date-parts": date_parts}}).date == date


def test_no_issued_date_falls_back_to_the_next() -> None:
    assert (
        one({"DOI": "10.1000/x", "issued": {"date-parts": [[None]]}, "posted": {"date-parts": [[2020, 1]]}}).date
        == "2020-01"
    )


def test_csl_json_with_texts_for_lists() -> None:
    record = one(
        {
            "DOI": "10.1007/s00198-014-2673-x",
            "type": "article-journal",
            "title": "Irisin",
            "container-title": "Bone",
            "author": [{"literal": "Bhojaraju Gunjal"}],
        }
    )
    assert (record.title, record.journal, record.type) == ("Irisin", "Bone", "article-journal")
    assert record.authors == (Author("Bhojaraju Gunjal"),)


def test_mongo_export() -> None:
    record = one(WORK | {"_id": {"$oid": "5a55"}, "deposited": {"timestamp": {"$numberLong": "1497458251000"}}})
    assert record.updated == "2017-06-14T16:37:31Z"


def test_sici_doi() -> None:
    assert (
        one({"DOI": "10.1002/(SICI)1(1)1:1<1::AID-X>3.0.CO;2-2"}).source_id
        == "10.1002/(sici)1(1)1:1<1::aid-x>3.0.co;2-2"
    )


def test_relations_and_updates() -> None:
    record = one(
        WORK
        | {
            "relation": {
                "is-preprint-of": [{"id-type": "doi", "id": "10.1000/P", "asserted-by": "subject"}],
                "has-preprint": {"id-type": "arxiv", "id": "arXiv:1706.03762"},
                "has-review": [{"id-type": "doi", "id": "10.1000/r"}],
                "is-comment-on": [
                    {"id-type": "uri", "id": "https://doi.org/10.1000/c"},
                    {"id-type": "issn", "id": "1"},
                    None,
                ],
                "cites": [],
            },
            "update-to": [
                {"DOI": "10.1000/E", "type": "erratum"},
                {"DOI": "10.1000/R", "type": "retraction"},
                {"DOI": "bad"},
            ],
        }
    )
    assert record.relations == (
        Relation("preprint_of", "doi", "10.1000/p"),
        Relation("has_preprint", "arxiv", "1706.03762"),
        Relation("comments_on", "doi", "10.1000/c"),
        Relation("corrects", "doi", "10.1000/e"),
        Relation("retracts", "doi", "10.1000/r"),
    )
    assert "update-to: not a usable doi" in record.warnings


def test_preprints_are_told_by_their_subtype() -> None:
    assert one(WORK | {"type": "posted-content", "subtype": "preprint"}).type == "preprint"
    assert one(WORK | {"type": "peer-review"}).type == "peer-review"


def test_envelopes() -> None:
    assert one({"status": "ok", "message-type": "work", "message": WORK}).source_id == "10.1155/2019/abc"
    page = items({"status": "ok", "message-type": "work-list", "message": {"items": [WORK, {"title": ["x"]}, None]}})
    assert isinstance(page[0], Record)
    assert [(e.code, e.where) for e in page[1:]] == [
        ("no_identity", "/message/items/1/DOI"),
        ("null_member", "/message/items/2"),
    ]
    (empty,) = items({"status": "ok", "message": {"items": [], "total-results": 0}})
    assert empty.code == "empty_page"
    (failed,) = items({"status": "failed", "message": [{"type": "validation-failure"}]})
    assert failed.code == "source_error"


def test_rows_whose_input_is_a_work_as_text() -> None:
    assert one({"seq_no": 0, "input": orjson.dumps(WORK).decode(), "output": []}).source_id == "10.1155/2019/abc"
    (item,) = items({"input": "10.1000 is not JSON", "output": []})
    assert isinstance(item, PayloadError)
    assert (item.code, item.where) == ("not_json", "/input")


def test_tombstone_under_a_mixed_case_key() -> None:
    assert parse("crossref", None, b"10.1000/AbC") == [
        Delete(source="crossref", source_id="10.1000/abc", reason="tombstone")
    ]
