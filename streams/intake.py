"""The pure half of the path: a payload to what is to be stored and looked up. No I/O, so it runs in any process.

It takes about half of the time a record costs, so a worker does it in a process of its own beside the one that talks to
Redis (`agents/preparer.py`); everything here travels between the two as plain tuples of bytes and text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.clusters.committer import Described
from streams.clusters.planner import birth
from streams.errors import PayloadError
from streams.events import describe
from streams.index.key_index import Place, places
from streams.index.layout import Layout, id_of
from streams.index.stamp import Stamp
from streams.index.store import RecordCodec, Stored
from streams.matching.features import extract
from streams.matching.keys import keys
from streams.matching.screen import signature
from streams.records import Delete, Record
from streams.settings import Settings
from streams.sources import parse

__all__ = ["Intake", "Prepared", "Raw", "Refused"]


class Raw(NamedTuple):
    """A message as it comes: `source` names the adapter, `taken` is the broker's time in ms."""

    source: str
    key: bytes
    value: bytes | None
    taken: int


class Prepared(NamedTuple):
    """A record (or its end) ready to be stored: what stands in `r` and `d`, and its places in the key index.

    `birth` is the cluster it makes should it turn out to be alone, as most records do: with event and document.
    """

    id: bytes
    name: str
    source: str
    stored: Stored
    document: bytes
    signature: bytes
    places: tuple[Place, ...]
    birth: Described | None


class Refused(NamedTuple):
    """A payload, or one item of it, that cannot be read: the fields of a PayloadError."""

    code: str
    detail: str
    where: str


class Intake:
    """Prepares messages for one generation. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._codec = RecordCodec()
        self._keep_abstracts = settings.abstracts == "keep"

    def prepare(self, messages: Sequence[Raw]) -> list[list[Prepared | Refused]]:
        """What each message holds, in order; at least one item a message."""
        return [[self._item(item, message) for item in self._parse(message)] for message in messages]

    def _parse(self, message: Raw) -> list[Record | Delete | PayloadError]:
        return parse(message.source, message.value, message.key)

    def _item(self, item: Record | Delete | PayloadError, message: Raw) -> Prepared | Refused:
        if isinstance(item, PayloadError):
            return Refused(item.code, item.detail, item.where)
        if isinstance(item, Delete):
            grave = Record(source=item.source, source_id=item.source_id)
            stamp = Stamp.of(b"", taken=message.taken, live=False)
            return Prepared(
                id_of(item.id),
                item.id,
                item.source,
                Stored(stamp, b""),
                self._codec.encode_record(grave),
                b"",
                (),
                None,
            )
        whole = self._codec.encode_record(item)
        document = whole if self._keep_abstracts else self._codec.encode_record(item, abstract=False)
        stamp = Stamp.of(whole, version=item.version, updated=item.updated, taken=message.taken)
        features = extract(item)
        stored = Stored(stamp, self._codec.encode_features(features))
        where = places(self._layout, keys(features))
        key = id_of(item.id)
        return Prepared(
            key, item.id, item.source, stored, document, signature(features), where, self._birth(key, item, stamp)
        )

    def _birth(self, key: bytes, record: Record, stamp: Stamp) -> Described:
        kept = record if self._keep_abstracts else msgspec.structs.replace(record, abstract="")
        draft = birth(key, stamp.digest, stamp.taken)
        return describe(draft, lambda _: kept, lambda _: True, {}, frozenset((record.id,)))
