"""What can be wrong, with what it means and what to do about it."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["MEANINGS", "PLACES", "Difference", "Meaning"]

PLACES = ("redis", "dedup.events", "dedup.clusters")

Shown = tuple[str, tuple[str, ...]]
"""A field that differs, and what each of `PLACES` says of it, shortened; `""` where it says nothing."""


class Difference(NamedTuple):
    """One thing that is not as it should be.

    `code` is a key of `MEANINGS`. `cluster_id` and `record` say what it is about, `""` where that does not apply; a record
    of which not even the name is known is its 8-byte id in hex. `fields` is empty but for comparisons of the three places.
    `ids` (8-byte record ids) and `clusters` say where to look again; `fingerprint` tells it from another of the same kind.
    """

    code: str
    cluster_id: str = ""
    record: str = ""
    detail: str = ""
    fields: tuple[Shown, ...] = ()
    ids: tuple[bytes, ...] = ()
    clusters: tuple[str, ...] = ()
    fingerprint: bytes = b""

    @property
    def identity(self) -> tuple[str, str, str, bytes]:
        """What stays the same while the difference does, however much of it is shown."""
        return self.code, self.cluster_id, self.record, self.fingerprint

    def as_json(self) -> dict[str, Any]:
        """As JSON fields."""
        fields = {name: dict(zip(PLACES, texts, strict=True)) for name, texts in self.fields}
        return {
            "code": self.code,
            "cluster_id": self.cluster_id,
            "record": self.record,
            "detail": self.detail,
            "fields": fields,
        }


class Meaning(NamedTuple):
    """What a code means, and what to do."""

    what: str
    do: str


_RESEND = "send the record again, unchanged"
_REPUBLISH = "`streams verify --repair` publishes the state again"
_REPORT = "a fault of ours unless somebody else wrote: report it, with the output of `--json`"
_TELL = (
    "let workers handle what they go back to; then `streams verify --repair` tells subscribers what Redis holds. "
    "Where much is missing: build the state anew (docs/operations.md)"
)
_LOST_WRITES = "Redis has lost or changed what was written: build the state anew (docs/operations.md)"

MEANINGS = {
    "record_without_cluster": Meaning("a live record is in no cluster", _RESEND),
    "document_missing": Meaning("a live record has features and no document", _LOST_WRITES),
    "member_not_live": Meaning("a cluster holds a record that was deleted or never stored", _LOST_WRITES),
    "member_outdated": Meaning("a cluster knows a record by an older content than the one stored", _RESEND),
    "pointer_differs": Meaning("a record or cluster of a group leads to another group", _REPORT),
    "group_malformed": Meaning("a group contradicts itself", _REPORT),
    "group_frozen": Meaning("a group is on its way into another and nobody finishes the move", _RESEND),
    "redirect_broken": Meaning("a cluster that was merged away leads to none that exists", _REPORT),
    "event_owed": Meaning(
        "an event was committed and is not published",
        "start a worker, or `streams verify --repair`: it publishes what is owed",
    ),
    "key_missing": Meaning("a record is not in one of its keys, though there is room", _RESEND),
    "key_outdated": Meaning("a record is in its key with an old signature", _RESEND),
    "unreadable": Meaning("a value in Redis cannot be read", _LOST_WRITES),
    "correction_not_applied": Meaning(
        "an accepted correction is not in the group of its records", "say it again: `streams correct`"
    ),
    "correction_not_followed": Meaning("clusters are not as an accepted correction says", _RESEND),
    "correction_unknown": Meaning("a group heeds a correction that nobody accepted", _LOST_WRITES),
    "correction_gap": Meaning("verdicts on corrections are missing", _LOST_WRITES),
    "event_malformed": Meaning("an event is not what its type promises", _REPORT),
    "event_conflict": Meaning(
        "one event id was published with two contents",
        "subscribers keep the first one, and what came after it tells them the rest. " + _REPORT.capitalize(),
    ),
    "event_gap": Meaning("events of a cluster are missing between others", _REPORT),
    "event_chain": Meaning("an event does not follow from the one before", _REPORT),
    "redirect_differs": Meaning("by its events a cluster went into another one than Redis says", _REPORT),
    "state_malformed": Meaning("a message of dedup.clusters is no state of a cluster", _REPUBLISH),
    "redis_missing": Meaning("Redis does not know a cluster that both topics have", _TELL),
    "redis_ghost": Meaning("Redis has a cluster that by both topics is no more", _TELL),
    "redis_differs": Meaning("Redis says something else than both topics", _TELL),
    "events_missing": Meaning("there are no events of a cluster", _REPORT),
    "events_ghost": Meaning("by its events a cluster stands that is no more", _TELL),
    "events_differ": Meaning("the events of a cluster lead to another state", _TELL),
    "clusters_missing": Meaning("dedup.clusters lacks a cluster", _REPUBLISH),
    "clusters_ghost": Meaning("dedup.clusters has a cluster that is no more", _REPUBLISH),
    "clusters_differ": Meaning("dedup.clusters says something else of a cluster", _REPUBLISH),
}
"""Every code of a difference. Codes are stable: programs may rely on them."""
