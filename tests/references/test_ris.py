"""RIS as databases and managers write it."""

from __future__ import annotations

import pytest

from streams.references.reference import Kept
from streams.references.ris import read, write

PLAIN = "TY  - JOUR\nAU  - Reef, A.\nTI  - Corals\nPY  - 2020\nER  - \n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN * 2,
        PLAIN.replace("  - ", " - ") * 2,
        PLAIN.replace("  - ", "  -") * 2,
        PLAIN.replace("\n", "\r\n") * 2,
        PLAIN.replace("\n", "\r") * 2,
        PLAIN.replace("ER  - ", "ER  -") * 2,
        PLAIN.replace("ER  - \n", "") * 2,
        PLAIN.replace("ER  - \n", "SP  -\nEP  -\nER  -\n") * 2,
        "1.\n" + PLAIN + "2.\n" + PLAIN,
        'Provider: A Society\nContent: text/plain; charset="UTF-8"\n\n\n' + PLAIN * 2 + "EF  - \n",
        PLAIN + PLAIN.replace("  - ", " - "),
        PLAIN.replace("  - ", " - ") + PLAIN,
        PLAIN.replace("\n", "\n\n") * 2,
    ],
)
def test_dialects(text: str) -> None:
    document = {"title": "Corals", "authors": ["Reef, A."], "year": "2020", "type": "journal-article"}
    assert [reference.document for reference in read(text)] == [document] * 2


def test_a_tag_goes_on_in_the_next_line() -> None:
    text = "TY  - JOUR\nTI  - On\ncorals\nAB  - First - line\nAB - is no tag\n\nlast\u2028line\nAB  - again\nand on\nER  - \n"
    (reference,) = read(text)
    assert reference.document["title"] == "On corals"
    assert reference.document["abstract"] == "First - line AB - is no tag last\u2028line"


def test_values_in_lines_of_their_own() -> None:
    """EndNote writes keywords so."""
    (reference,) = read("TY  - JOUR\nTI  - T\nKW  - coral\nheat\nN1  - 1476-4687\nReef, Ada\nER  - \n")
    assert reference.entry["keywords"] == ["coral", "heat"]
    assert "KW  - coral\nKW  - heat\n" in write([Kept(reference.entry, "c", 1)])


def test_endnote_of_pubmed() -> None:
    (reference,) = read("TY  - JOUR\nAN  - 31234567\nC2  - PMC7654321\nDP  - NLM\nTI  - T\nID  - 17\nER  - \n")
    assert reference.key == "17"
    assert (reference.document["pmid"], reference.document["pmcid"]) == ("31234567", "PMC7654321")


def test_accession_numbers_of_others_are_no_pmid() -> None:
    (reference,) = read("TY  - JOUR\nAN  - 2001234567\nDB  - Embase\nTI  - T\nER  - \n")
    assert "pmid" not in reference.document


def test_ovid() -> None:
    text = (
        "TY  - JOUR\nDB  - Ovid MEDLINE(R)\nAN  - 31234567\nT1  - T\nJF  - Tides\nY1  - 2020//\nN2  - Abs\nA1  - Reef, A\n"
        "L3  - https://dx.doi.org/10.5555/a\nER  - \n"
    )
    document = next(read(text)).document
    assert (document["doi"], document["pmid"], document["year"]) == ("10.5555/a", "31234567", "2020")
    assert (document["journal"], document["abstract"], document["authors"]) == ("Tides", "Abs", ["Reef, A"])


def test_scopus() -> None:
    text = (
        "TY  - JOUR\nTI  - T\nT2  - Tides\nSP  - \nEP  - \nAB  - [No abstract available]\nAU  - [No author name available]\n"
        "M3  - Article\nDB  - Scopus\nC7  - 1234\nER  -\n"
    )
    document = next(read(text)).document
    assert document == {"title": "T", "journal": "Tides", "type": "journal-article"}


def test_proceedings_of_zotero() -> None:
    assert next(read("TY  - CONF\nTI  - T\nC3  - Proceedings of the Sea\nER  - \n")).document["journal"] == (
        "Proceedings of the Sea"
    )


def test_tags_that_come_twice_and_unknown_ones_are_kept() -> None:
    (reference,) = read("TY  - JOUR\nTI  - T\nPY  - 2020\nPY  - 2021\nZZ  - unknown\nDO  - 10.5555/a\nER  - \n")
    assert reference.document["year"] == "2020"
    assert "PY  - 2020\nPY  - 2021\nZZ  - unknown\n" in write([Kept(reference.entry, "c", 1)])
