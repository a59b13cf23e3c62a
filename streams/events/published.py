"""Decode what was published: the messages of `dedup.events` and `dedup.clusters`. Pure.

The one decoder for whatever compares the topics with Redis: the reconciliation after a failover (`streams/engine/reconcile.py`)
and `streams verify` (`streams/verification/folds.py`).
"""

from __future__ import annotations

import msgspec

__all__ = ["PublishedEvent", "PublishedState", "decode_event", "decode_state", "is_truncated"]

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


_EVENT = msgspec.json.Decoder(PublishedEvent)
_STATE = msgspec.json.Decoder(PublishedState)


def decode_event(value: bytes) -> PublishedEvent:
    """Return the event in a message of `dedup.events`. Raises msgspec.MsgspecError where it is none."""
    return _EVENT.decode(value)


def decode_state(value: bytes) -> PublishedState:
    """Return the state in a message of `dedup.clusters`. Raises msgspec.MsgspecError where it is none."""
    return _STATE.decode(value)


def is_truncated(document: bytes) -> bool:
    """Return whether a published document may have been truncated to fit the broker's limit (`streams/kafka/truncation.py`)."""
    return _TRUNCATED in document
