"""The values that all forms read in the same way."""

from __future__ import annotations

import pytest

from streams.references.reference import (
    Reference,
    author_texts,
    cluster_note,
    entry_id,
    is_given,
    page_range,
    split_page_range,
    title_of,
    year_of,
    year_of_document,
)


@pytest.mark.parametrize(
    ("text", "year"),
    [("2021 Mar 3", "2021"), ("1999/01//", "1999"), ("(1850)", "1850"), ("in press", ""), ("12021", "")],
)
def test_years(text: str, year: str) -> None:
    assert year_of(text) == year


def test_pages() -> None:
    assert page_range("1", "9") == "1-9"
    assert page_range("e12", "e12") == page_range("e12", "") == "e12"
    assert split_page_range("12--19") == split_page_range("12–19") == ("12", "19")
    assert split_page_range("e1004") == ("e1004", "")


def test_an_id_without_a_key_depends_on_the_content_alone() -> None:
    one, same = (
        Reference("", {"title": "a", "year": "2020"}, {}),
        Reference("", {"year": "2020", "title": "a"}, {"x": 1}),
    )
    other = Reference("", {"title": "b"}, {})
    assert entry_id(one) == entry_id(same) != entry_id(other)
    assert entry_id(Reference("reef2020", {}, {})) == "reef2020"
    assert entry_id(Reference("two words\n", {"title": "a"}, {})) != entry_id(Reference("", {"title": "a"}, {}))


def test_authors_as_text() -> None:
    document = {
        "authors": ["Reef, Ada", {"name": "Jón Müller", "family": "Müller", "given": "Jón"}, {"name": "The Group"}]
    }
    assert author_texts(document) == ["Reef, Ada", "Müller, Jón", "The Group"]


def test_what_databases_write_for_nothing() -> None:
    for text in ("[No abstract available]", "[Anonymous]", "No abstract available.", " ", "[no author name available]"):
        assert not is_given(text)
    for text in ("[No man's land] available", "Anonymous", "No abstract available in these archives"):
        assert is_given(text)


def test_a_document_as_texts() -> None:
    assert title_of({"title": "Corals", "subtitle": "A story"}) == "Corals: A story"
    assert year_of_document({"publication_date": "2021-05-03", "year": "2020"}) == "2021"
    assert year_of_document({"year": "2020"}) == "2020"
    assert year_of_document({}) == ""


def test_the_note_on_a_x_after_what_the_field_has_and_replaces_an_earlier_one() -> None:
    assert cluster_note("", "c1", 2) == "Streams cluster c1 (2)"
    assert cluster_note("Streams cluster c1 (2)", "c2", 3) == "Streams cluster c2 (3)"
    once = cluster_note("mine", "c1", 2)
    assert once == "mine; Streams cluster c1 (2)"
    assert cluster_note(once, "", 1) == "mine; Streams cluster  (1)"
    assert cluster_note(cluster_note(once, "", 1), "c2", 3) == "mine; Streams cluster c2 (3)"
