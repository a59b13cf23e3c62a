"""A feed as harvesters send it, with everything that goes wrong in one, and the truth of what must come of it.

The truth is found by brute force and without Redis: of each record the message that stands, then every pair of records
compared (`oracle`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import cycle
from random import Random
from typing import Any, NamedTuple

import orjson

from streams.engine.messages import Incoming
from streams.engine.prepare import CORRECTIONS
from streams.records.record import Record
from streams.sources import parse
from streams.synthetic import generate
from tests.engine.worlds import Partition, Words, correction, true_partition, words
from tests.system.poison import BAD, MENDED

__all__ = ["Feed", "Sent", "make_feed"]

_POISON_EVERY = 100


class Sent(NamedTuple):
    """A message for the topic of `source`; `record` is empty where none can come of it."""

    source: str
    key: bytes
    value: bytes
    record: str = ""
    document: dict[str, Any] | None = None


class Feed:
    """Messages in the order they are sent, and corrections in theirs."""

    def __init__(self, messages: Sequence[Sent], corrections: Sequence[Incoming] = ()) -> None:
        self.messages = list(messages)
        self.corrections = list(corrections)

    @cached_property
    def standing(self) -> dict[str, dict[str, Any] | None]:
        """Record id -> the document that stands in the end, None where the record was deleted."""
        stands: dict[str, dict[str, Any] | None] = {}
        for message in self.messages:
            if message.record:
                known = stands.get(message.record)
                older = known and message.document and _version(message.document) < _version(known)
                if not older:
                    stands[message.record] = message.document
        return stands

    @property
    def live(self) -> set[str]:
        """The records that must be in a cluster."""
        return {record for record, document in self.standing.items() if document is not None}

    @property
    def deleted(self) -> set[str]:
        """The records that must be gone."""
        return self.standing.keys() - self.live

    @property
    def bad(self) -> set[tuple[str, bytes, bytes]]:
        """(source, key, value) of what must become a dead letter: poison, and corrections that contradict what stands."""
        refused = {
            c.value or b"" for c in self.corrections if not self.said.accepted[orjson.loads(c.value or b"")["id"]]
        }
        poison = {(m.source, m.key, m.value) for m in self.messages if not m.record}
        return poison | {(CORRECTIONS, b"", value) for value in refused}

    @cached_property
    def said(self) -> Words:
        """What the corrections say in the end."""
        return words(self.corrections)

    @cached_property
    def truth(self) -> Partition:
        """The clusters: every pair of records that stand compared, under the corrections."""
        return true_partition([_record(d) for d in self.standing.values() if d is not None], said=self.said)


def make_feed(seed: int, works: int, *, corrections: int = 12) -> Feed:
    """A feed of about three messages a work: versions, changes, deletes and returns, resends, late and poisonous messages."""
    random = Random(seed)  # noqa: S311 - a seed makes a test repeatable
    messages = [sent for item in _known_order(seed, works) for sent in _with_trouble(item, random)]
    records = sorted({message.record for message in messages})
    messages = _with_poison(messages, random)
    return Feed(messages, _corrections(records, random, corrections))


def _known_order(seed: int, works: int) -> list[Sent]:
    """The generator's messages, but for changes of which nobody could tell whether they are newer."""
    versions: dict[str, int] = {}
    kept = []
    for item in generate(seed, works):
        if item.event == "update" and not versions[item.record_id]:
            continue
        versions[item.record_id] = item.document.get("version", 0)
        kept.append(_sent(item.record_id, None if item.event == "delete" else item.document))
    return kept


def _with_trouble(message: Sent, random: Random) -> list[Sent]:
    """A message with what harvesters send besides: it again, an older version after it, a change, its end and return."""
    document = message.document
    if document is None:
        # The two forms of a delete.
        return [_sent(message.record, None, tombstone=random.random() < 0.5)]
    roll = random.random()
    if roll < 0.05:
        return [message, message]
    if version := _version(document):
        if roll < 0.25 and version == 1:
            return [_sent(message.record, {**document, "version": 2, "title": document["title"] + " revised"}), message]
        return [message]
    if roll < 0.10:
        return [message, _sent(message.record, {**document, "title": f"Another matter {random.randrange(10**6)}"})]
    if roll < 0.15:
        return [_sent(message.record, {**document, "doi": f"10.5555/flip.{random.randrange(10**6)}"}), message]
    if roll < 0.19:
        return [message, _sent(message.record, None), message]
    if roll < 0.22:
        return [message, _sent(message.record, None, tombstone=True)]
    return [message]


def _with_poison(messages: list[Sent], random: Random) -> list[Sent]:
    """One message in a hundred is poison, every kind in turn; a number in the key tells those of one kind apart."""
    kinds: list[Callable[[int], Sent]] = [
        *(partial(_bad, source, key, value) for source, key, value, _ in BAD.values()),
        *(partial(_readable, key, value) for key, value in MENDED.values()),
    ]
    mixed = list(messages)
    for number, kind in zip(range(max(len(messages) // _POISON_EVERY, len(kinds))), cycle(kinds), strict=False):
        mixed.insert(random.randrange(len(mixed)), kind(number))
    return mixed


def _bad(source: str, key: bytes, value: bytes, number: int) -> Sent:
    # An empty message with a key would be the end of that record.
    return Sent(source, key + b"/%d" % number if value else b"", value)


def _readable(key: bytes, value: bytes, _number: int) -> Sent:
    return Sent("document", key, value, key.decode(), _mended(value))


def _mended(value: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = orjson.loads(value)
    except orjson.JSONDecodeError:
        document = orjson.loads(value.decode("utf-8", "replace"))
    return document


def _corrections(records: list[str], random: Random, number: int) -> list[Incoming]:
    told: list[Incoming] = []
    for offset in range(number):
        if told and random.random() < 0.25:
            about: tuple[str, ...] = ("undo", f"k{random.randrange(len(told))}")
        else:
            about = (random.choice(["same", "different"]), *random.sample(records, 2))
        told.append(correction(f"k{offset}", *about, offset=offset))
    return told


def _sent(record: str, document: dict[str, Any] | None, *, tombstone: bool = False) -> Sent:
    source, _, identifier = record.partition(":")
    value = orjson.dumps(document or {"source": source, "id": identifier, "deleted": True})
    return Sent("document", record.encode(), b"" if tombstone else value, record, document)


def _version(document: dict[str, Any]) -> int:
    return int(document.get("version", 0))


def _record(document: dict[str, Any]) -> Record:
    (found,) = parse("document", orjson.dumps(document))
    assert isinstance(found, Record)
    return found
