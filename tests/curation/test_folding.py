"""Whatever the messages, wherever the process is killed: the file is what a fold from nothing gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import Any

import pytest

from streams.curation import folding
from streams.curation.database import open_database, positions
from streams.kafka.reader import END_HEADER
from streams.kafka.topic_follower import Position, mark_of
from tests.curation.messages import Message, Topics

TABLES = ("doubt", "correction", "refusal", "letter", "position")


def content(file: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(file.execute(f"SELECT * FROM {table}").fetchall()) for table in TABLES}  # noqa: S608


def many(random: Random) -> list[Message]:
    """Messages of all three topics, of few records, ids and origins, in the order of their partitions."""
    topics = Topics()
    records = [f"s:{n}" for n in range(4)]
    for number in range(60):
        a, b = sorted(random.sample(records, 2))
        match random.randrange(6):
            case 0 | 1:
                topics.review(a, b, random.random(), partition=random.randrange(2))
            case 2:
                topics.correct(f"k{number}", random.choice(("same", "different")), a=a, b=b)
            case 3:
                topics.correct(f"k{number}", "undo", undoes=f"k{random.randrange(60)}")
            case 4:
                about = (
                    f"dedup.corrections:0:{random.randrange(20)}"
                    if random.random() < 0.5
                    else f"r:0:{random.randrange(9)}"
                )
                topics.letter(about, "not_json", source="corrections" if about.startswith("d") else "document")
            case 5:
                topics.tombstone(f"r:0:{random.randrange(9)}")
    return topics.messages


@pytest.mark.parametrize("seed", range(20))
def test_killed_anywhere_it_is_the_fold_from_nothing(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    messages = many(random)
    with closing(open_database("", "x")) as once, closing(open_database("", "x")) as often:
        folding.fold(once, "", messages)
        rest = messages
        while rest:
            batch = rest[: random.randrange(1, 9)]
            if random.random() < 0.5:  # killed before the transaction ended
                with pytest.raises(ZeroDivisionError):
                    folding.fold(often, "", _dying(batch))
            at = positions(often)
            assert all(m.offset >= at.get((m.topic, m.partition), Position(0, "")).next for m in rest)
            folding.fold(often, "", batch)
            rest = rest[len(batch) :]
        assert content(often) == content(once)


def _dying(messages: list[Message]) -> Any:
    yield from messages
    raise ZeroDivisionError


@pytest.mark.parametrize("seed", range(20))
def test_topics_may_be_read_in_any_order(seed: int) -> None:
    messages = many(Random(seed))  # noqa: S311
    names = sorted({message.topic for message in messages})
    found = []
    for order in (names, names[::-1]):
        with closing(open_database("", "x")) as file:
            folding.fold(file, "", sorted(messages, key=lambda m: order.index(m.topic)))
            found.append(content(file))
    assert found[0] == found[1]


def test_end_markers_move_the_position_alone(file: sqlite3.Connection) -> None:
    topics = Topics()
    topics.add("dedup.dead-letter", 0, b"", None, ((END_HEADER, b""),))
    topics.add("dedup.review", 3, b"", None, ((END_HEADER, b""),))
    folding.fold(file, "", topics.messages)
    assert {place: at.next for place, at in positions(file).items()} == {
        ("dedup.dead-letter", 0): 1,
        ("dedup.review", 3): 1,
    }


def test_a_partition_that_begins_again_is_read_again(file: sqlite3.Connection) -> None:
    """As when the embedded broker restarts: pairs stay, for they may be open still; letters without a payload do not."""
    first, second = Topics(), Topics()
    first.review("s:1", "s:2")
    first.review("s:3", "s:4")
    first.letter("r:0:1", "not_json")
    folding.fold(file, "p.", [m._replace(topic="p." + m.topic) for m in first.messages])
    second.review("s:5", "s:6")
    second.add("dedup.dead-letter", 0, b"", None, ((END_HEADER, b""),))
    assert mark_of(first.messages[0]) != mark_of(second.messages[0]._replace(timestamp=5))
    folding.fold(file, "p.", [m._replace(topic="p." + m.topic) for m in second.messages])
    assert file.execute("SELECT a FROM doubt ORDER BY a").fetchall() == [("s:1",), ("s:3",), ("s:5",)]
    assert file.execute("SELECT * FROM letter").fetchall() == []
    assert positions(file)["dedup.review", 0].next == 1
