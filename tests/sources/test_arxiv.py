from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest

from streams.records.record import Delete, Identifier, Record
from streams.sources import parse

ROW = {
    "id": "0704.0001",
    "authors": "C. Bal\\'azs, E. L. Berger, P. M. Nadolsky",
    "title": "Calculation of prompt diphoton production cross sections at Tevatron and\n  LHC energies",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009 10.1103/PhysRevD.76.013010",
    "abstract": "  A fully differential calculation\nin perturbative QCD.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [
        ["Balázs", "C.", ""],
        ["Berger", "E. L.", "Jr."],
        ["Nadolsky", "P. M.", "", "Argonne"],
        ["CTEQ Collaboration", "", ""],
    ],
}


def one(payload: bytes | Mapping[str, object]) -> Record:
    items = parse("arxiv", payload if isinstance(payload, bytes) else orjson.dumps(payload))
    assert len(items) == 1
    assert isinstance(items[0], Record), items[0]
    return items[0]


def test_snapshot_row() -> None:
    record = one(ROW)
    assert record.id == "arxiv:0704.0001"
    assert record.title.endswith("at Tevatron and LHC energies"), "a title folded over lines is one line"
    assert record.identifiers == (
        Identifier("doi", "10.1103/physrevd.76.013009"),
        Identifier("doi", "10.1103/physrevd.76.013010"),
        Identifier("arxiv", "0704.0001"),
    )
    assert record.date == "2007-04-02", "the first version's day, written with one digit"
    assert (record.version, record.updated) == (2, "2008-11-26T00:00:00Z")
    assert [author.name for author in record.authors] == [
        "C. Balázs",
        "E. L. Berger Jr.",
        "P. M. Nadolsky",
        "CTEQ Collaboration",
    ]
    assert record.authors[0].family == "Balázs"
    assert record.authors[2].family == "Nadolsky", "a fourth member is an affiliation"
    assert record.authors[3].organization
    assert record.abstract == "A fully differential calculation in perturbative QCD."
    assert record.warnings == ()


def test_a_blank_given_name_and_a_null_doi() -> None:
    record = one(ROW | {"doi": None, "authors_parsed": [["Plato", "", ""], ["", "", ""]]})
    assert [author.name for author in record.authors] == ["Plato"]
    assert record.identifiers == (Identifier("arxiv", "0704.0001"),)


@pytest.mark.parametrize(
    ("text", "expected", "complete"),
    [
        ("A. B. Cee and D. Eff", ["A. B. Cee", "D. Eff"], True),
        ("A. Bee, C. Dee, and E. Eff", ["A. Bee", "C. Dee", "E. Eff"], True),
        ("A. Bee (1 and 2), C. Dee (1) ((1) MPS, Lindau, (2) ETH)", ["A. Bee", "C. Dee"], True),
        (
            "A. Bee, C. Dee and E. Eff (for the XYZ Collaboration)",
            ["A. Bee", "C. Dee", "E. Eff", "the XYZ Collaboration"],
            True,
        ),
        ("The ATLAS Collaboration: G. Aad, B. Abbott", ["G. Aad", "B. Abbott", "The ATLAS Collaboration"], True),
        ("A. Bee et al.", ["A. Bee"], False),
        ("A. Bee, C. Dee, et al", ["A. Bee", "C. Dee"], False),
        ("R. Bee, Jr., C. Dee", ["R. Bee, Jr.", "C. Dee"], True),
        (
            "Raphael Chetrite, Izaak Neri and \\'Edgar Rold\\'an",
            ["Raphael Chetrite", "Izaak Neri", "\\'Edgar Rold\\'an"],
            True,
        ),
        ("A. Anderson & B. Band", ["A. Anderson", "B. Band"], True),
    ],
)
def test_authors_in_free_text(text: str, expected: list[str], complete: bool) -> None:
    record = one(ROW | {"authors_parsed": None, "authors": text})
    assert [author.name for author in record.authors] == expected
    assert record.authors_complete is complete
    assert [a.organization for a in record.authors] == ["ollaboration" in name for name in expected]


@pytest.mark.parametrize("key", [b"0704.0001", b"arxiv:0704.0001", b"oai:arXiv.org:0704.0001", b"arXiv:0704.0001v2"])
def test_tombstones(key: bytes) -> None:
    assert parse("arxiv", None, key) == [Delete(source="arxiv", source_id="0704.0001", reason="tombstone")]
