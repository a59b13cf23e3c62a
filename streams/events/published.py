"""Decode what was published: the messages of `dedup.events` and `dedup.clusters`. Pure.

The only decoder of programs that compare the topics with Redis: the reconciliation after a failover (`streams/engine/reconcile.py`)
and `streams verify` (`streams/verification/folds.py`).
"""

from __future__ import annotations

import msgspec
import orjson

from streams.clusters.canonical import render

__all__ = [
    "PublishedEvent",
    "PublishedState",
    "decode_event",
    "decode_relations",
    "decode_state",
    "document_digest",
    "is_truncated",
]

_TRUNCATED = b'"truncated":'
_RAW = msgspec.Raw(b"")


class PublishedEvent(msgspec.Struct):
    """The fields of an event that are compared; `relations` and `document` are JSON as published, empty where absent."""

    event_id: str
    type: str
    cluster_id: str
    revision: int
    before: list[str]
    after: list[str]
    merged_from: list[str] = []
    merged_into: list[str] = []
    split_into: list[str] = []
    relations: msgspec.Raw = _RAW
    document: msgspec.Raw = _RAW


class PublishedState(msgspec.Struct):
    """The fields of a message of `dedup.clusters` that are compared; `relations` and `document` are JSON as published."""

    cluster_id: str
    revision: int
    records: list[str]
    document: msgspec.Raw
    relations: msgspec.Raw = _RAW


class _Relation(msgspec.Struct):
    relation: str
    record: str
    other: str


_EVENT = msgspec.json.Decoder(PublishedEvent)
_RELATIONS = msgspec.json.Decoder(list[_Relation])
_STATE = msgspec.json.Decoder(PublishedState)


def decode_event(value: bytes) -> PublishedEvent:
    """Return the event in a message of `dedup.events`. Raises msgspec.MsgspecError where it is none."""
    return _EVENT.decode(value)


def decode_state(value: bytes) -> PublishedState:
    """Return the state in a message of `dedup.clusters`. Raises msgspec.MsgspecError where it is none."""
    return _STATE.decode(value)


def decode_relations(relations: bytes | msgspec.Raw) -> tuple[tuple[str, str, str], ...]:
    """Return published relations as sorted (kind, record, other), none for an empty value.

    Raises msgspec.MsgspecError where it is no list of relations.
    """
    found = _RELATIONS.decode(relations) if bytes(relations) else ()
    return tuple(sorted((each.relation, each.record, each.other) for each in found))


def document_digest(document: bytes) -> bytes:
    """Return the digest of a published document as a group keeps it, `b""` where there is none or only a part."""
    return b"" if not document or is_truncated(document) else render(orjson.loads(document))[1]


def is_truncated(document: bytes) -> bool:
    """Return whether a published document may have been truncated to fit the broker's limit (`streams/kafka/truncation.py`)."""
    return _TRUNCATED in document
