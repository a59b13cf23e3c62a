"""The differences that `streams verify` finds: their codes, what each means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from streams.clusters.group import cluster_key

__all__ = ["MEANINGS", "PLACES", "Difference", "Meaning", "key_of", "split_healed"]

_CONFLICT, _CHAIN = "event_conflict", "event_chain"
PLACES = ("redis", "dedup.events", "dedup.clusters")

Shown = tuple[str, tuple[str, ...]]
"""A field that differs, and its value in each of `PLACES`, shortened; `""` where a place has none."""


class Difference(NamedTuple):
    """One contradiction within or between Redis, `dedup.events` and `dedup.clusters`.

    `code` is a key of `MEANINGS`. `cluster_id` and `record` name its subject, `""` where that does not apply; a record without a
    stored document is named by its 8-byte id in hex. `fields` is empty but for comparisons of the three places. `ids` (8-byte
    record ids) and `clusters` say what to scan again; `fingerprint` distinguishes it from another one of the same code and
    subject.
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
        """Return what identifies the difference over repeated scans, whatever of it is shown."""
        return self.code, self.cluster_id, self.record, self.fingerprint

    def as_json(self) -> dict[str, Any]:
        """Return the fields of the difference in the JSON of `streams verify`."""
        fields = {name: dict(zip(PLACES, texts, strict=True)) for name, texts in self.fields}
        return {
            "code": self.code,
            "cluster_id": self.cluster_id,
            "record": self.record,
            "detail": self.detail,
            "fields": fields,
        }


def key_of(name: str) -> bytes:
    """Return the key of a cluster id, `b""` where the text is no cluster id: a topic may have any key."""
    try:
        return cluster_key(name)
    except (ValueError, OverflowError):
        return b""


def split_healed(differences: Iterable[Difference]) -> tuple[list[Difference], list[Difference]]:
    """Return the differences about which something is left to do, and those that are healed.

    A conflict is healed where nothing else is wrong with its cluster: subscribers keep the first content, and by that and the later
    events they have the state that Redis has. An event that does not follow from the second content is healed with it.
    """
    found = list(differences)
    conflicting = {each.cluster_id for each in found if each.code == _CONFLICT}
    apart = [each for each in found if each.code in (_CONFLICT, _CHAIN) and each.cluster_id in conflicting]
    wrong = {name for each in found if each not in apart for name in (each.cluster_id, *each.clusters)}
    healed = [each for each in apart if each.cluster_id not in wrong]
    return [each for each in found if each not in healed], healed


class Meaning(NamedTuple):
    """The meaning of a code, and what to do about it."""

    what: str
    do: str


_RESEND = "send the record again, unchanged"
_REPUBLISH = "`streams verify --repair` publishes the state again"
_REPORT = "an error in Streams unless another program wrote here: report it, with the output of `--json`"
_TELL = (
    "let workers handle the messages they rewind to; then `streams verify --repair` publishes what Redis holds. "
    "Where much is missing: rebuild the state (docs/operations.md)"
)
_LOST_WRITES = "Redis has lost or changed what was written: rebuild the state (docs/operations.md)"

MEANINGS = {
    "record_without_cluster": Meaning("a live record is in no cluster", _RESEND),
    "document_missing": Meaning("a live record has features and no document", _LOST_WRITES),
    "member_not_live": Meaning("a cluster holds a record that was deleted or never stored", _LOST_WRITES),
    "member_outdated": Meaning("a cluster has an older version of a record than the one stored", _RESEND),
    "pointer_differs": Meaning("a record or cluster of a group leads to another group", _REPORT),
    "group_malformed": Meaning("a group contradicts itself", _REPORT),
    "group_frozen": Meaning("the merge of a group into another one is pending, and no worker finishes it", _RESEND),
    "redirect_broken": Meaning("a cluster that was merged away leads to none that exists", _REPORT),
    "event_owed": Meaning(
        "an event was committed and is not published",
        "start a worker, or `streams verify --repair`: both publish pending events",
    ),
    "key_missing": Meaning("a record is not under one of its blocking keys, though there is room", _RESEND),
    "key_outdated": Meaning("a record is under a blocking key with an old signature", _RESEND),
    "unreadable": Meaning("a value in Redis cannot be read", _LOST_WRITES),
    "correction_not_applied": Meaning(
        "an accepted correction is not in the group of its records", "send it again: `streams correct`"
    ),
    "correction_not_followed": Meaning("clusters are not as an accepted correction says", _RESEND),
    "correction_unknown": Meaning("a group follows a correction that was never accepted", _LOST_WRITES),
    "correction_gap": Meaning("outcomes of corrections are missing", _LOST_WRITES),
    "event_malformed": Meaning("an event is not what its type promises", _REPORT),
    "event_conflict": Meaning(
        "one event id was published with two contents",
        "`streams verify --repair` publishes one more event where the first content leads to another state than Redis has",
    ),
    "event_gap": Meaning("events of a cluster are missing between others", _REPORT),
    "event_chain": Meaning("an event does not follow from the one before", _REPORT),
    "redirect_differs": Meaning("by its events a cluster was merged into another one than by Redis", _REPORT),
    "state_malformed": Meaning("a message of dedup.clusters is no state of a cluster", _REPUBLISH),
    "redis_missing": Meaning("Redis lacks a cluster that both topics have", _TELL),
    "redis_ghost": Meaning("Redis has a cluster that has ended by both topics", _TELL),
    "redis_differs": Meaning("Redis has another state of a cluster than both topics", _TELL),
    "events_missing": Meaning("there are no events of a cluster", _REPORT),
    "events_ghost": Meaning("by its events a cluster is current that has ended", _TELL),
    "events_differ": Meaning("the events of a cluster lead to another state", _TELL),
    "clusters_missing": Meaning("dedup.clusters lacks a cluster", _REPUBLISH),
    "clusters_ghost": Meaning("dedup.clusters has a cluster that has ended", _REPUBLISH),
    "clusters_differ": Meaning("dedup.clusters has another state of a cluster", _REPUBLISH),
}
"""Every code of a difference. Codes are stable: programs may rely on them."""
