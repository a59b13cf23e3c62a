"""Queries as what is asked of the index."""

from __future__ import annotations

from typing import Any

import pytest

from streams.records.record import Identifier
from streams.serve.reconcile.protocol import Entity, Query, QueryProperty, Value
from streams.serve.reconcile.questions import DEFAULT_LIMIT, MOST_CANDIDATES, MOST_NAMES, Question, read_query


def ask(text: str = "", limit: int | float | None = None, /, **properties: Value | list[Value]) -> Question:
    given: dict[str, Any] = {} if limit is None else {"limit": limit}
    if text:
        given["query"] = text
    return read_query(Query(properties=[QueryProperty(pid, value) for pid, value in properties.items()], **given))


def test_a_text_is_a_title() -> None:
    asked = ask("  Corals of warm seas ")
    assert (asked.names, asked.limit) == ((), DEFAULT_LIMIT)
    assert asked.record is not None
    assert (asked.record.title, asked.record.authors) == ("Corals of warm seas", ())


@pytest.mark.parametrize(
    "text",
    [
        "10.5555/AAA.1",
        "https://doi.org/10.5555/aaa.1",
        "arxiv:1512.00001",
        "pmid:31452104",
        "W2741809807",
        "crossref:10.5555/aaa.1",
        "mine:7",
        "caaaaaaaaaaaaa",
    ],
)
def test_a_text_that_names_something_is_looked_up(text: str) -> None:
    asked = ask(text)
    assert asked.names == (text,)
    assert asked.record is None


@pytest.mark.parametrize("text", ["BERT: a model", "Corals", "1984", "C++: an introduction", "https://example.com/"])
def test_other_texts_are_titles(text: str) -> None:
    asked = ask(text)
    assert asked.names == ()
    assert asked.record is not None
    assert asked.record.title


def test_properties_make_a_document() -> None:
    record = ask("Corals", author="Ada Reef", year=2015.0, journal="Seas", volume=7.0, number="2", pages="1-9").record
    assert record is not None
    assert [author.name for author in record.authors] == ["Ada Reef"]
    assert record.authors_complete is False
    assert (record.date, record.journal, record.volume, record.number, record.pages) == (
        "2015",
        "Seas",
        "7",
        "2",
        "1-9",
    )
    assert record.source == "unstored"


def test_authors_are_all_of_them_in_one_text_or_several() -> None:
    reconciled: list[Value] = [Entity("Q1", "Reef, Ada"), Entity("Shoal, Bo")]
    given: list[Value | list[Value]] = ["Reef, Ada; Shoal, Bo", ["Reef, Ada", "Shoal, Bo"], reconciled]
    for value in given:
        record = ask("Corals", authors=value).record
        assert record is not None
        assert [author.name for author in record.authors] == ["Reef, Ada", "Shoal, Bo"], value
        assert record.authors_complete


@pytest.mark.parametrize(
    ("given", "date"),
    [("2015-01-01T00:00:00Z", "2015"), ("2015-03-04T00:00:00Z", "2015-03-04"), ("c2015.", "2015"), ("n.d.", "")],
)
def test_years_as_spreadsheets_have_them(given: str, date: str) -> None:
    record = ask("Corals", year=given).record
    assert record is not None
    assert record.date == date


def test_identifiers_are_looked_up_and_in_the_document() -> None:
    asked = ask("Corals", doi="https://doi.org/10.5555/AAA.1", pmid=31452104)
    assert asked.names == ("doi:https://doi.org/10.5555/AAA.1", "pmid:31452104")
    assert asked.record is not None
    assert set(asked.record.identifiers) == {Identifier("doi", "10.5555/aaa.1"), Identifier("pmid", "31452104")}


def test_a_value_that_was_reconciled_is_its_id_where_identifiers_are_wanted() -> None:
    assert ask("Corals", doi=Entity("10.5555/aaa.1", "Corals")).names == ("doi:10.5555/aaa.1",)


def test_nothing_but_identifiers_needs_no_document() -> None:
    assert ask(doi="10.5555/aaa.1") == Question(("doi:10.5555/aaa.1",), None, DEFAULT_LIMIT)
    assert ask(url=["https://arxiv.org/abs/1512.00001", "https://example.com"]).names == (
        "https://arxiv.org/abs/1512.00001",
    )
    assert ask(identifier="three loose words").names == ()


def test_an_identifier_with_a_title_beside_it_is_both() -> None:
    asked = ask("10.5555/aaa.1", title="Corals")
    assert asked.names == ("10.5555/aaa.1",)
    assert asked.record is not None
    assert (asked.record.title, asked.record.identifiers) == ("Corals", (Identifier("doi", "10.5555/aaa.1"),))


def test_an_id_of_streams_needs_nothing_beside_it() -> None:
    assert ask("mine:7", title="Corals", year=2015).record is None
    assert ask("caaaaaaaaaaaaa", title="Corals").record is None


def test_a_title_beside_the_text_is_another_title() -> None:
    record = ask("Corals", title="Corals of warm seas").record
    assert record is not None
    assert (record.title, record.other_titles) == ("Corals", ("Corals of warm seas",))


def test_what_is_not_known_or_blank_is_left_out() -> None:
    assert ask("Corals", P31="x", size=3, year=True, doi="  ") == ask("Corals")
    assert ask("   ", P31="x") == Question((), None, DEFAULT_LIMIT)


def test_names_and_candidates_are_bounded() -> None:
    assert len(ask("Corals", doi=[f"10.5555/{number}" for number in range(90)]).names) == MOST_NAMES
    assert ask("Corals", 10**9).limit == MOST_CANDIDATES
    assert ask("Corals", 2.5).limit == 2
    assert ask("Corals " * 100_000).record is not None
