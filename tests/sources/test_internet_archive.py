from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import Delete, Record, Relation
from streams.sources import parse

IDENT = "hsmo6p4smrganpb3fndaj2lon4"
RELEASE: dict[str, Any] = {
    "ident": IDENT,
    "work_id": "bsqqw3li7fh3tiu6j6hw276g6i",
    "title": "A famous conjecture",
    "original_title": "Une conjecture",
    "ext_ids": {
        "doi": "10.1000/X",
        "arxiv": "1611.07497v7",
        "pmid": 7216655,
        "pmcid": None,
        "core": "82985284",
        "jstor": "20559948",
    },
    "contribs": [
        {"index": 0, "raw_name": "W Montorsi", "given_name": "W", "surname": "Montorsi", "role": "author"},
        {"index": 1, "role": "author"},
        {"index": 2, "raw_name": "An Editor", "role": "editor"},
    ],
    "release_date": "2016-11-22",
    "release_year": 2016,
    "release_type": "article-journal",
    "release_stage": "submitted",
    "version": "v7",
    "state": "active",
    "abstracts": [
        {"content": "\\cite{x}", "mimetype": "application/x-latex"},
        {"content": "plain", "mimetype": "text/plain"},
    ],
    "extra": {"container_name": "Combinatorica", "subtitle": ["of Tuza"]},
}


def one(value: Any) -> Record:
    (item,) = parse("internet_archive", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_release() -> None:
    record = one(RELEASE)
    assert record.id == f"internet_archive:{IDENT}"
    assert record.identifier("arxiv") == "1611.07497", "stored without the version fatcat always writes"
    assert record.version == 0, "the version is arXiv's, not the release's"
    assert {i.scheme for i in record.identifiers} == {"doi", "arxiv", "pmid", "core", "jstor", "fatcat"}
    assert [author.name for author in record.authors] == ["W Montorsi"], "no name is no author, an editor neither"
    assert (record.journal, record.subtitle, record.abstract) == ("Combinatorica", "of Tuza", "plain")
    assert record.other_titles == ("Une conjecture",)
    assert record.relations == (Relation("version_of", "fatcat_work", "bsqqw3li7fh3tiu6j6hw276g6i"),)


def test_editors_count_where_there_are_no_authors() -> None:
    assert [a.name for a in one(RELEASE | {"contribs": RELEASE["contribs"][2:]}).authors] == ["An Editor"]


def test_empty_ids_and_no_year() -> None:
    record = one({"ident": IDENT, "title": "Monaco", "ext_ids": {}, "extra": None, "contribs": []})
    assert (record.date, record.authors) == ("", ())


def test_release_month() -> None:
    assert one(RELEASE | {"release_date": None, "extra": {"release_month": 2}}).date == "2016-02"


@pytest.mark.parametrize("state", ["deleted", "redirect"])
def test_gone_states_are_deletes(state: str) -> None:
    row = {"ident": IDENT, "state": state, "redirect": "bsqqw3li7fh3tiu6j6hw276g6i"}
    assert parse("internet_archive", orjson.dumps(row)) == [
        Delete(source="internet_archive", source_id=IDENT, reason=f"fatcat_{state}")
    ]


def test_a_draft_without_ident_is_refused() -> None:
    (item,) = parse("internet_archive", orjson.dumps(RELEASE | {"ident": None}))
    assert isinstance(item, PayloadError)
    assert item.code == "no_identity"


def test_a_hit_with_few_fields_has_its_ident_outside() -> None:
    assert one({"_index": "fatcat_release", "_id": IDENT, "_source": {"doi": "10.7717/peerj.228"}}).source_id == IDENT


def test_search_hit_and_whole_answer() -> None:
    source = {
        "ident": IDENT,
        "title": "T",
        "contrib_names": ["Kenneth Lee Jones"],
        "doi": "10.2307/3207438",
        "release_year": 1980,
    }
    hit = {"_index": "fatcat_release", "_id": IDENT, "_source": source}
    assert one(hit).authors[0].name == "Kenneth Lee Jones"
    assert one({"took": 1, "hits": {"total": 1, "hits": [hit]}}).date == "1980"


def test_a_release_that_was_withdrawn_is_gone_and_one_that_was_retracted_is_not() -> None:
    gone = Delete(source="internet_archive", source_id=IDENT, reason="fatcat_withdrawn")
    assert parse("internet_archive", orjson.dumps(RELEASE | {"withdrawn_status": "withdrawn"})) == [gone]
    assert one(RELEASE | {"withdrawn_status": "retracted"}).type == "retracted"
