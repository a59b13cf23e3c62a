"""A message of `dedup.events` as a typed value: one change of one cluster (docs/events.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from streams.errors import PayloadError

__all__ = ["EVENT_TYPES", "ClusterRelation", "ClusterState", "Event", "read_event"]

EVENT_TYPES = (
    "created", "record_added", "record_updated", "record_removed", "merged", "split", "canonical_changed", "relation_added",
    "relation_removed",
)  # fmt: skip
"""Every type of an event."""


class ClusterRelation(NamedTuple):
    """A known relation of a record in a cluster to a record outside it: an erratum, a reply, a part.

    `relation` is the kind (`corrects`, `part_of`, …), `record` the id of the record inside, `other` of the one outside.
    """

    relation: str
    record: str
    other: str


class ClusterState(msgspec.Struct, frozen=True):
    """A published cluster as its latest event describes it.

    `revision` grows with every event of the cluster; `records` are record ids, sorted; `document` is the canonical
    document; `relations` are known relations to works outside the cluster.
    """

    id: str
    revision: int
    records: tuple[str, ...]
    document: dict[str, Any]
    relations: tuple[ClusterRelation, ...] = ()


class PublishedRelation(msgspec.Struct, frozen=True):
    """A relation as messages have it, an object with three fields."""

    relation: str
    record: str
    other: str


_IN_MESSAGES = {"published_relations": "relations", "position": "@position"}
"""Fields with another name in messages; no message has a position."""


class Event(msgspec.Struct, frozen=True, rename=_IN_MESSAGES):
    """One change of one cluster.

    - `type` is one of `EVENT_TYPES`, `revision` grows by one with every event of the cluster;
    - `before` and `after` are its record ids before and after, sorted; an empty `after` ends the cluster;
    - `causes` are the records whose messages brought it about, or `correction:ID`, `rebuild:…`, `forgotten:…`; `evidence` has
      the accepted decisions and `corrections` the correction behind it, as objects;
    - `merged_from`, `merged_into`, `split_into` and `split_from` are the other clusters of a merge or a split;
    - `document` is the canonical document afterwards; empty where the cluster ended, or documents were not asked for;
    - `position` is where a subscription resumes after this event; empty where it did not come by one.
    """

    cluster_id: str
    revision: int
    after: tuple[str, ...]
    type: str = ""
    before: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()
    merged_from: tuple[str, ...] = ()
    merged_into: tuple[str, ...] = ()
    split_into: tuple[str, ...] = ()
    split_from: tuple[str, ...] = ()
    corrections: tuple[dict[str, Any], ...] = ()
    published_relations: tuple[PublishedRelation, ...] = ()
    document: dict[str, Any] = {}
    position: str = ""

    @property
    def event_id(self) -> str:
        """The id of the event: `cluster_id:revision`."""
        return f"{self.cluster_id}:{self.revision}"

    @property
    def ended(self) -> bool:
        """Whether the cluster has ended; `merged_into` then names the cluster that has its records, if one has."""
        return not self.after

    @property
    def relations(self) -> tuple[ClusterRelation, ...]:
        """Known relations of its records to works outside it, after the change."""
        return tuple(ClusterRelation(each.relation, each.record, each.other) for each in self.published_relations)

    @property
    def state(self) -> ClusterState | None:
        """The cluster after the change; None where it ended."""
        if not self.after:
            return None
        return ClusterState(self.cluster_id, self.revision, self.after, self.document, self.relations)


_DECODER = msgspec.json.Decoder(Event)


def read_event(value: bytes | str | Mapping[str, Any], position: str = "") -> Event:
    """Return the event in the value of a message, given as bytes, text or a decoded object; unknown fields are left out.

    Raises PayloadError (`not_an_event`) where it is none.
    """
    try:
        event = _DECODER.decode(value) if isinstance(value, (bytes, str)) else msgspec.convert(dict(value), Event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PayloadError("not_an_event", str(error)) from None
    msgspec.structs.force_setattr(event, "position", position)
    return event
