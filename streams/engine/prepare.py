"""Prepares payloads: what is to be stored of each record and looked up. Pure, so it runs in any process.

It takes about half of the time a record costs, so a worker does it in a process of its own beside the one that talks to
Redis (`worker/prepare_pool.py`); messages travel between the two as MessagePack, and so does what is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.clusters.corrections import Correction, read_correction
from streams.clusters.group import singleton_group
from streams.errors import PayloadError
from streams.events import Singleton, describe_singletons
from streams.matching.blocking import blocking_keys
from streams.matching.features import extract_all
from streams.matching.prefilter import signature
from streams.records.record import Delete, Record
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.settings import Settings
from streams.sources import Item, parse
from streams.sources.fields import unread
from streams.state.formats import FIRST, LATEST
from streams.state.group_codec import GroupCodec
from streams.state.layout import Layout
from streams.state.places import places_of
from streams.state.record_codec import RecordCodec

__all__ = [
    "CORRECTIONS",
    "CorrectionItem",
    "Intake",
    "Items",
    "Prepared",
    "Raw",
    "Rejected",
    "pack",
    "pack_messages",
    "unpack",
    "unpack_messages",
]

CORRECTIONS = "corrections"
"""The `source` of messages that correct decisions rather than describe a paper."""


class Raw(NamedTuple):
    """A message as it is read: `source` names the adapter or is `CORRECTIONS`, `taken` is its arrival order in 64 bits."""

    source: str
    key: bytes
    value: bytes | None
    taken: int


class Prepared(msgspec.Struct, frozen=True, array_like=True, tag="prepared", gc=False):
    """A record, or its deletion, ready to be stored: its values in Redis, and its places in the key index.

    `singleton` is the cluster that it creates where it has no duplicates, as most have none; None for a deletion.
    `unread` names the fields of the payload that could not be read as given; nearly always there are none.
    """

    id: bytes
    name: str
    source: str
    stored: Stored
    document: bytes
    signature: bytes
    places: bytes
    singleton: Singleton | None
    unread: tuple[str, ...] = ()


class Rejected(msgspec.Struct, frozen=True, array_like=True, tag="rejected"):
    """A payload, or one item of it, that cannot be read: the fields of a PayloadError."""

    code: str
    detail: str
    where: str


class CorrectionItem(msgspec.Struct, frozen=True, array_like=True, tag="correction"):
    """A correction that a message of `dedup.corrections` states, ready to be decided."""

    correction: Correction


Items = list[Prepared | Rejected | CorrectionItem]

_DECODER, _MESSAGES = msgspec.msgpack.Decoder(list[Items]), msgspec.msgpack.Decoder(list[Raw])


def pack_messages(messages: Sequence[Raw]) -> bytes:
    """Return messages as bytes, in a hundredth of the time that pickling them takes."""
    return msgspec.msgpack.encode(messages)


def unpack_messages(packed: bytes) -> list[Raw]:
    """Return what `pack_messages` was given."""
    return _MESSAGES.decode(packed)


def pack(prepared: list[Items]) -> bytes:
    """Return what `prepare` returned as bytes: pickling it would take as long as deciding about it."""
    return msgspec.msgpack.encode(prepared)


def unpack(packed: bytes) -> list[Items]:
    """Return what `pack` was given."""
    return _DECODER.decode(packed)


class Intake:
    """Prepares messages for one generation. Not safe for use from two threads at once."""

    def __init__(self, settings: Settings, form: int = LATEST) -> None:
        """Prepare values of a format of the state (`state/formats.py`)."""
        self._layout = Layout.of(settings, form)
        self._codec = RecordCodec(form)
        self._groups = GroupCodec(form)
        self._wide = form == FIRST
        self._keep_abstracts = settings.abstracts == "keep"

    def prepare(self, messages: Sequence[Raw]) -> list[Items]:
        """Return for each message, in order, what it says: records, deletes, corrections or refusals, at least one.

        Each stage (parse, features, keys ...) runs over the whole batch before the next: record by record takes a third
        longer, since the code of one stage stays in the processor's cache.
        """
        parsed = [_read(message) for message in messages]
        prepared: list[Items] = [[] for _ in messages]
        records: list[tuple[Items, Record, int]] = []
        for message, found, items in zip(messages, parsed, prepared, strict=True):
            for item in found:
                if isinstance(item, Record):
                    records.append((items, item, message.taken))
                elif isinstance(item, Delete):
                    items.append(self._tombstone(item, message.taken))
                elif isinstance(item, Correction):
                    items.append(CorrectionItem(item))
                else:
                    items.append(Rejected(item.code, item.detail, item.where))
        for (items, _, _), record in zip(records, self._records(records), strict=True):
            items.append(record)
        return prepared

    def restore(self, records: Sequence[tuple[Record, RecordVersion]]) -> list[Prepared]:
        """Prepare stored records for another generation, with the versions they have; deleted ones as tombstones."""
        given = [(record, version._replace(wide=self._wide)) for record, version in records]
        living = [(record, version) for record, version in given if version.live]
        restored = iter(self._prepared([record for record, _ in living], [version for _, version in living]))
        return [next(restored) if version.live else self._deleted(record, version) for record, version in given]

    def _records(self, records: Sequence[tuple[Items, Record, int]]) -> list[Prepared]:
        contents = [self._codec.content(record) for _, record, _ in records]
        versions = [
            RecordVersion.of(content, version=record.version, updated=record.updated, taken=taken, wide=self._wide)
            for content, (_, record, taken) in zip(contents, records, strict=True)
        ]
        return self._prepared([record for _, record, _ in records], versions)

    def _prepared(self, records: Sequence[Record], versions: Sequence[RecordVersion]) -> list[Prepared]:
        ids = [id_of(record.id) for record in records]
        kept = [record if self._keep_abstracts else _without_abstract(record) for record in records]
        documents = [self._codec.encode_record(record) for record in kept]
        features = extract_all(records)
        stored = [self._codec.encode_features(each) for each in features]
        signatures = [signature(each) for each in features]
        found = [blocking_keys(each) for each in features]
        where = [places_of(self._layout, each) for each in found]
        singletons = self._singletons(ids, kept, versions)
        return [
            Prepared(
                ids[n],
                kept[n].id,
                kept[n].source,
                Stored.of(versions[n], stored[n]),
                documents[n],
                signatures[n],
                where[n],
                singletons[n],
                unread(warnings) if (warnings := kept[n].warnings) else (),
            )
            for n in range(len(ids))
        ]

    def _singletons(
        self, keys: Sequence[bytes], records: Sequence[Record], versions: Sequence[RecordVersion]
    ) -> list[Singleton]:
        encode, described = self._groups.encode, describe_singletons(keys, records)
        return [
            Singleton(encode(key, singleton_group(key, version.digest, version.taken, canonical)), event, state)
            for key, version, (event, state, canonical) in zip(keys, versions, described, strict=True)
        ]

    def _tombstone(self, item: Delete, taken: int) -> Prepared:
        deleted = Record(source=item.source, source_id=item.source_id)
        return self._deleted(deleted, RecordVersion.of(b"", taken=taken, live=False, wide=self._wide))

    def _deleted(self, record: Record, version: RecordVersion) -> Prepared:
        document = self._codec.encode_record(record)
        return Prepared(id_of(record.id), record.id, record.source, Stored.of(version, b""), document, b"", b"", None)


def _read(message: Raw) -> Sequence[Item | Correction]:
    if message.source != CORRECTIONS:
        return parse(message.source, message.value, message.key)
    try:
        return [read_correction(message.value)]
    except PayloadError as error:
        return [error]


def _without_abstract(record: Record) -> Record:
    return msgspec.structs.replace(record, abstract="") if record.abstract else record
