"""MEDLINE's form as PubMed writes it."""

from __future__ import annotations

from streams.references.medline import entry_of, read, write
from streams.references.reference import Kept


def test_a_tag_without_text_in_its_line() -> None:
    (reference,) = read("PMID- 1\nTI  - Corals\nAB  - \n      begin here\n      CAUSE - unknown\nDP  - 2020 Mar-Apr\n")
    assert reference.document["title"] == "Corals"
    assert reference.document["abstract"] == "begin here CAUSE - unknown"
    assert reference.document["year"] == "2020"


def test_lines_end_at_line_ends_alone() -> None:
    (reference,) = read("PMID- 1\r\nTI  - Corals\u2028and\x0ckelp\r\nFAU - Müller, Jón\r\n")
    assert reference.document["title"] == "Corals\u2028and\x0ckelp"
    assert reference.document["authors"] == ["Müller, Jón"]


def test_one_of_several_identifiers_is_the_doi() -> None:
    (reference,) = read("PMID- 1\nTI  - T\nLID - S0140-6736(20)1 [pii]\nLID - 10.5555/a [doi]\nAID - 10.5555/a [doi]\n")
    assert reference.document["doi"] == "10.5555/a"


def test_a_reference_that_is_not_in_pubmed() -> None:
    text = write([Kept(entry_of({"id": "x", "title": "T", "year": "2020", "pmcid": "PMC1"}), "c", 1)])
    (reference,) = read(text)
    assert reference.key == ""
    assert reference.document == {"title": "T", "year": "2020", "pmcid": "PMC1"}
