"""Two records side by side: what is marked, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records.record import Author, Identifier, Record, Relation
from streams.serve.page.views.differences import compare_lists, compare_texts, field_texts, side_by_side


def marked(segments: tuple[object, ...]) -> list[str]:
    return [s.text.strip() for s in segments if s.differs]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("a", "b", "left", "right"),
    [
        ("The origin of corals", "The origin of corals", [], []),
        ("The origin of corals", "The origin of sponges", ["corals"], ["sponges"]),
        ("The Origin of Corals.", "the origin of corals", [], []),
        ("Élan vital", "Elan vital", [], []),
        ("On corals", "On corals: a second look", [], ["a second look"]),
        ("A – B", "A B", [], []),
        ("", "On corals", [], []),
    ],
)
def test_words_that_differ_are_marked(a: str, b: str, left: list[str], right: list[str]) -> None:
    one, other = compare_texts(a, b)
    assert (marked(one), marked(other)) == (left, right)


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_is_lost_and_the_sides_may_be_swapped(a: str, b: str) -> None:
    one, other = compare_texts(a, b)
    assert "".join(s.text for s in one).split() == a.split()
    assert "".join(s.text for s in other).split() == b.split()
    if a.split() == b.split():
        assert not marked(one)
        assert not marked(other)


def test_a_long_text_is_cut() -> None:
    one, other = compare_texts("word " * 10_000, "other " * 10_000)
    assert one[0].text.count("word") == 400
    assert one[-1].text.endswith("…")
    assert other[-1].text.endswith("…")


def test_entries_of_lists_that_the_other_has_not() -> None:
    left, right = compare_lists(["doi 1", "arxiv 2"], ["doi 1"])
    assert [marked(line) for line in left] == [[], ["arxiv 2"]]
    assert [marked(line) for line in right] == [[]]
    assert [marked(line) for line in compare_lists(["doi 1"], [])[0]] == [[]], (
        "one side alone is no difference of words"
    )
    long, _ = compare_lists([f"url {n}" for n in range(20)], [])
    assert [s.text for s in long[-1]] == ["and 8 more"]


def test_records_side_by_side() -> None:
    a = Record(
        source="arxiv",
        source_id="1",
        title="On corals",
        authors=(Author("Ada Reef"), Author("Bo Atoll")),
        date="2021-11",
        identifiers=(Identifier("arxiv", "1"), Identifier("doi", "10.5555/x")),
        version=2,
    )
    b = Record(
        source="crossref",
        source_id="10.5555/x",
        title="On Corals",
        subtitle="A second look",
        authors=tuple(Author(f"A {n}") for n in range(40)),
        date="2021-11",
        journal="Reefs",
        identifiers=(Identifier("doi", "10.5555/x"),),
        relations=(Relation("has_preprint", "arxiv", "1"),),
    )
    rows = {row.field: row for row in side_by_side(a, b)}
    assert list(rows) == ["title", "authors", "date", "identifiers", "journal", "version", "relations"]
    assert (rows["title"].state, rows["date"].state, rows["journal"].state) == ("differs", "same", "only_b")
    assert (rows["version"].state, rows["identifiers"].state) == ("only_a", "differs")
    assert rows["journal"].a == ()
    assert rows["authors"].b[0][-1].text.endswith("and 10 more")
    assert rows["relations"].b[0][0].text == "has preprint arxiv 1"
    assert {row.state for row in side_by_side(a, a)} == {"same"}
    alike = side_by_side(
        Record(source="s", source_id="1", title="On corals"), Record(source="s", source_id="2", title="ON CORALS!")
    )
    assert [row.state for row in alike] == ["alike"]
    assert field_texts(b)["title"] == "On Corals: A second look"
    assert field_texts(a)["authors"] == "Ada Reef; Bo Atoll"
