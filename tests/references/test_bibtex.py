"""BibTeX as databases, managers and people write it."""

from __future__ import annotations

import pytest

from streams.references.bibtex import read, write
from streams.references.reference import Kept, Reference


def one(fields: str, before: str = "") -> Reference:
    (reference,) = read(f"{before}@article{{a, {fields}}}\n")
    return reference


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (r"M{\"u}ller, J{\'o}n", ["Müller, Jón"]),
        (r"{\O}stby, K{\aa}re and Garc{\'\i}a, Jos\'e", ["Østby, Kåre", "García, José"]),
        ("Reef, A\n  AND\n  Sand, Di", ["Reef, A", "Sand, Di"]),
        ("{World Health Organization}", ["World Health Organization"]),
        ("[Anonymous]", None),
    ],
)
def test_authors(written: str, read_as: list[str] | None) -> None:
    assert one(f"author = {{{written}}}, title={{T}}").document.get("authors") == read_as


def test_others_are_no_author() -> None:
    document = one("author = {Reef, A and others}, title={T}").document
    assert document["authors"] == ["Reef, A"]
    assert document["authors_complete"] is False


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("{About 50% of them,\n  or 5\\% more}", "About 50% of them, or 5% more"),
        ("{The {\\$}100 genome ``quoted'' --- done}", "The $100 genome “quoted” — done"),
        ("{H\\textsubscript{2}O and $p<0.05$}", "H2O and $p<0.05$"),
        ("{$x_1 has no end}", "$x_1 has no end"),
        ('"In quotation {"}marks{"}"', 'In quotation "marks"'),
        ('"One " # tides # " " # "two"', "One Journal of Tides two"),
        ("{C # and F#}", "C # and F#"),
        ("{{In two braces}}", "In two braces"),
        ("{Über Korallen – gestern}", "Über Korallen – gestern"),
    ],
)
def test_titles(written: str, read_as: str) -> None:
    assert one(f"title = {written}", '@string{tides = "Journal of Tides"}\n').document["title"] == read_as


def test_links_and_ids_are_read_as_they_are() -> None:
    document = one(
        r"title={T}, url = {\url{https://example.org/a%20b_c?x=1\&y=2--3}}, doi = {10.1000/abc\_def--g}, pmid={{31234567}}"
    ).document
    assert document["urls"] == ["https://example.org/a%20b_c?x=1&y=2--3"]
    assert (document["doi"], document["pmid"]) == ("10.1000/abc_def--g", "31234567")


def test_an_arxiv_id_in_the_place_of_a_journal() -> None:
    assert one("title={T}, journal={arXiv preprint arXiv:2101.12345}").document["arxiv_id"] == "2101.12345"


@pytest.mark.parametrize("key", ["", "two words", "ISI:000123", "müller2020"])
def test_keys(key: str) -> None:
    (reference,) = read(f"@article{{{key},\n title={{T}}, year={{2001}}}}")
    assert (reference.key, reference.document["title"]) == (key, "T")


def test_a_field_that_comes_twice_and_a_key_that_does() -> None:
    text = (
        "@string{t = {Tides}}\n@article{a, title={First}, issn={1}, ISSN={2}, issn={3}, journal=t}\n"
        "@article{a, title={Second}, journal=t}"
    )
    first, second = read(text)
    assert [(each.document["title"], each.document["journal"]) for each in (first, second)] == [
        ("First", "Tides"),
        ("Second", "Tides"),
    ]
    assert first.entry["fields"]["issn"] == "1"


def test_what_follows_a_broken_entry_is_read_and_the_rest_of_it_is_kept() -> None:
    broken, after = read("@article{broken\n  title={No comma}, year=2001}\n@article{b, title={After}}\n")
    assert after.document["title"] == "After"
    assert broken.text.split() == ["@article{broken", "title=", "{No", "comma},", "year=2001}"]


def test_a_value_that_was_put_together_is_written_as_one() -> None:
    reference = one('title={T}, month = jan, journal = t # " B"', "@string{t = {Tides}}\n")
    assert "journal = {Tides B}" in write([Kept(reference.entry, "c", 1)])


def test_lines_of_windows() -> None:
    (reference,) = read("@article{a,\r\n title={In two\r\n  lines},\r\n year=2001\r\n}\r\n")
    assert reference.document["title"] == "In two lines"
