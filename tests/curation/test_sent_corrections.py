"""Corrections that were sent: known before a worker has decided, and once more when their message is read."""

from __future__ import annotations

import sqlite3

from streams.curation import folding, sent_corrections
from streams.curation.corrections import make_correction
from streams.curation.sent_corrections import UNREAD
from tests.curation.messages import Topics


def test_one_noted_when_it_was_sent_is_the_one_that_is_read(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.correct("k1", "same", a="s:1", b="s:2")
    folding.fold(file, "", topics.messages)
    sent_corrections.note_sent(file, made := make_correction("same", "ada", identifier="k2", a="s:3", b="s:4"))
    assert [(at, each.id) for at, each in sent_corrections.latest(file, (UNREAD + 1, ""), 9)] == [
        (UNREAD, "k2"),
        (0, "k1"),
    ]
    assert [each.id for _, each in sent_corrections.latest(file, (UNREAD, "k2"), 9)] == ["k1"]
    assert sent_corrections.known(file, "k2") == made
    topics.correct("k2", "same", a="s:3", b="s:4")
    folding.fold(file, "", topics.messages[1:])
    assert [(at, each.id) for at, each in sent_corrections.latest(file, (UNREAD + 1, ""), 9)] == [(1, "k2"), (0, "k1")]
    assert sent_corrections.known(file, "k3") is None


def test_the_first_message_under_an_id_counts(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.correct("k1", "same", a="s:1", b="s:2")
    topics.correct("k1", "different", a="s:1", b="s:2")
    sent_corrections.note_sent(file, make_correction("same", "bob", identifier="k1", a="s:8", b="s:9"))
    folding.fold(file, "", topics.messages)
    found = sent_corrections.known(file, "k1")
    assert found is not None
    assert (found.action, found.a, found.author) == ("same", "s:1", "ada")


def test_a_refused_one_hides_no_pair_whichever_topic_is_read_first(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.review("s:1", "s:2")
    topics.correct("k1", "same", a="s:1", b="s:2")
    topics.letter("dedup.corrections:0:0", "correction_conflict", source="corrections")
    for messages in (topics.messages, topics.messages[::-1]):
        file.executescript("DELETE FROM correction; DELETE FROM refusal; DELETE FROM doubt; DELETE FROM position;")
        folding.fold(file, "", messages)
        assert file.execute("SELECT id, refused FROM correction").fetchall() == [("k1", 1)]


def test_a_topic_that_began_again_has_lost_what_was_not_decided(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.correct("k1", "same", a="s:1", b="s:2")
    folding.fold(file, "", topics.messages)
    folding.restart(file, [("dedup.corrections", 0)])
    assert sent_corrections.known(file, "k1") is None
    topics.correct("k1", "same", a="s:1", b="s:2")
    folding.fold(file, "", topics.messages[:1])
    assert sent_corrections.known(file, "k1") is not None
