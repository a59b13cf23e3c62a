"""Takes messages of the three topics over into the file, together with the positions after them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from streams.curation import dead_letter_book, review_queue, sent_corrections
from streams.curation.database import Place, positions, store_position, transaction
from streams.event_log import EventLog
from streams.events import CORRECTIONS, DEAD_LETTER, REVIEWS
from streams.kafka.reader import END_HEADER
from streams.kafka.topic_follower import Position, mark_of

__all__ = ["TOPICS", "fold", "prune", "restart"]

log = EventLog(__name__)

TOPICS = (REVIEWS, CORRECTIONS, DEAD_LETTER)
_FOLDS = {REVIEWS: review_queue.fold, CORRECTIONS: sent_corrections.fold, DEAD_LETTER: dead_letter_book.fold}
_PRUNES = {REVIEWS: review_queue.prune, DEAD_LETTER: dead_letter_book.prune}


def fold(connection: sqlite3.Connection, prefix: str, messages: Iterable[Any]) -> None:
    """Take over messages, in the order of each partition; all of them with their positions, or none.

    A message before the position of its partition says that the topic began again.
    """
    with transaction(connection):
        known = dict(positions(connection))
        for message in messages:
            place = message.topic.removeprefix(prefix), message.partition
            if place in known and message.offset < known[place].next:
                _restart(connection, place)
            known[place] = Position(message.offset + 1, mark_of(message))
            if END_HEADER not in dict(message.headers):
                _take(connection, place[0], message)
        _store(connection, known)


def restart(connection: sqlite3.Connection, places: Iterable[Place]) -> None:
    """Read partitions from their beginning again, for they are others than those that were read."""
    with transaction(connection):
        for place in places:
            _restart(connection, place)
            store_position(connection, place, Position(0, ""))


def prune(connection: sqlite3.Connection, first: Mapping[Place, int]) -> None:
    """Remove what came from messages that the topics no longer have, by the first offset of each partition."""
    with transaction(connection):
        for (topic, partition), offset in first.items():
            if offset and topic in _PRUNES:
                _PRUNES[topic](connection, partition, offset)


def _take(connection: sqlite3.Connection, topic: str, message: Any) -> None:
    try:
        _FOLDS[topic](connection, message)
    except (OverflowError, sqlite3.IntegrityError) as error:  # a number that no worker writes
        log.warning(
            "curation_message_skipped",
            "{topic}:{partition}:{offset} is skipped: {reason}",
            topic=topic,
            partition=message.partition,
            offset=message.offset,
            reason=str(error),
        )


def _store(connection: sqlite3.Connection, known: Mapping[Place, Position]) -> None:
    for place, position in known.items():
        store_position(connection, place, position)


def _restart(connection: sqlite3.Connection, place: Place) -> None:
    topic, partition = place
    log.warning("topic_restarted", "{topic}:{partition} began again", topic=topic, partition=partition)
    if topic == DEAD_LETTER:
        dead_letter_book.restarted(connection, partition)
    elif topic == CORRECTIONS:
        sent_corrections.restarted(connection)
