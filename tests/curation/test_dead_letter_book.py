"""Dead letters: current until their tombstone, newest first, counted, selected with all letters of their messages."""

from __future__ import annotations

import sqlite3

import pytest

from streams.curation import dead_letter_book, folding
from streams.curation.dead_letter_book import Count, LetterPosition, Selection
from streams.kafka.dead_letters import Letter
from tests.curation.messages import Topics


@pytest.fixture
def topics(file: sqlite3.Connection) -> Topics:
    """Two bad items of one message, two other messages."""
    made = Topics()
    made.letter("r:0:1", "no_identity", where="/0", partition=1, arrival=7)
    made.letter("r:0:1", "null_member", where="/2")
    made.letter("r:0:2", "not_json", source="crossref", retry_of="r:0:0")
    made.letter("r:0:3", "not_json")
    folding.fold(file, "", made.messages)
    return made


def names(letters: list[Letter]) -> list[str]:
    return [letter.id for letter in letters]


def test_newest_first_page_by_page(file: sqlite3.Connection, topics: Topics) -> None:
    expected = ["r:0:3", "r:0:2", "r:0:1#/2", "r:0:1#/0"]
    assert names(dead_letter_book.newest(file, Selection(), None, 9)) == expected
    found: list[Letter] = []
    while page := dead_letter_book.newest(
        file, Selection(), LetterPosition(found[-1].time, *found[-1].place) if found else None, 1
    ):
        found += page
    assert names(found) == expected
    assert names(dead_letter_book.newest(file, Selection(source="document", code="not_json"), None, 9)) == ["r:0:3"]
    assert topics.messages


def test_a_letter_is_as_it_is_in_the_topic(file: sqlite3.Connection, topics: Topics) -> None:
    (found,) = dead_letter_book.named(file, "r:0:2")
    assert found == Letter(
        "r:0:2",
        "r:0:2",
        "",
        "crossref",
        "not_json",
        "it is wrong",
        7,
        topics.messages[2].timestamp,
        "r:0:0",
        False,
        0,
        (0, 1),
    )
    assert names(dead_letter_book.named(file, "r:0:1")) == ["r:0:1#/0", "r:0:1#/2"]
    assert names(dead_letter_book.named(file, "r:0:1#/0")) == ["r:0:1#/0"]
    assert dead_letter_book.named(file, "r:0:1#/0")[0].arrival == 7


def test_counts(file: sqlite3.Connection, topics: Topics) -> None:
    every = [Count("crossref", "not_json", 1), Count("document", "no_identity", 1)]
    every += [Count("document", "not_json", 1), Count("document", "null_member", 1)]
    assert dead_letter_book.counts(file, Selection()) == every
    assert dead_letter_book.counts(file, Selection(code="not_json")) == [every[0], every[2]]
    assert topics.messages


def test_letters_are_selected_and_messages_with_all_their_letters(file: sqlite3.Connection, topics: Topics) -> None:
    found = dead_letter_book.selected(file, Selection(code="no_identity"), 9)
    assert names(found) == ["r:0:1#/0"]
    assert names(dead_letter_book.of_messages(file, found)) == ["r:0:1#/0", "r:0:1#/2"]
    assert names(dead_letter_book.selected(file, Selection(source="document"), 1)) == ["r:0:1#/0", "r:0:1#/2"]
    assert topics.messages


def test_tombstones_and_restarts_delete(file: sqlite3.Connection, topics: Topics) -> None:
    topics.tombstone("r:0:2")
    folding.fold(file, "", topics.messages[-1:])
    assert dead_letter_book.named(file, "r:0:2") == []
    dead_letter_book.delete(file, dead_letter_book.named(file, "r:0:3"))
    assert names(dead_letter_book.newest(file, Selection(), None, 9)) == ["r:0:1#/2", "r:0:1#/0"]
    folding.prune(file, {("dedup.dead-letter", 0): 1})
    assert names(dead_letter_book.newest(file, Selection(), None, 9)) == ["r:0:1#/0"]
    folding.restart(file, [("dedup.dead-letter", 1)])
    assert dead_letter_book.newest(file, Selection(), None, 9) == []


def test_a_number_beyond_all_measure_stops_nothing(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.letter("r:0:1", "not_json", arrival=10**30)
    topics.letter("r:0:2", "not_json")
    folding.fold(file, "", topics.messages)
    assert names(dead_letter_book.newest(file, Selection(), None, 9)) == ["r:0:2"]
