"""What waits for people, counted."""

from __future__ import annotations

import sqlite3

from streams.curation import folding, review_queue
from streams.curation.backlog import NOTHING, Backlog, count
from streams.curation.review_queue import Looked, pair_id
from tests.curation.messages import Topics


def test_nothing_waits_in_a_new_file(file: sqlite3.Connection) -> None:
    assert count(file) == NOTHING


def test_open_pairs_by_their_sources_and_dead_letters_by_their_reason(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.review("s:1", "t:1")
    topics.review("t:2", "s:2")
    topics.review("s:3", "s:4")
    topics.letter("r:0:1", "not_json", source="crossref")
    topics.letter("r:0:2", "not_json", source="crossref")
    topics.letter("r:0:3", "no_identity")
    folding.fold(file, "", topics.messages)
    letters = {("crossref", "not_json"): 2, ("document", "no_identity"): 1}
    oldest = topics.messages[0].timestamp
    assert count(file) == Backlog({("s", "t"): 2, ("s", "s"): 1}, oldest, letters)

    review_queue.note(file, [Looked(pair_id("s:1", "t:1"), settled=True, effect=0)], 1)
    assert count(file) == Backlog({("s", "t"): 1, ("s", "s"): 1}, topics.messages[1].timestamp, letters)


def test_a_pair_that_a_correction_names_is_not_open(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.review("s:1", "t:1")
    topics.correct("k", "different", a="s:1", b="t:1")
    folding.fold(file, "", topics.messages)
    assert count(file) == NOTHING
