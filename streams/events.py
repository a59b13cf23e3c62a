"""The contract of everything published: topics' messages, their keys and their order.

| topic               | key        | value                                                             |
|---------------------|------------|-------------------------------------------------------------------|
| `dedup.decisions`   | `a|b`      | a decision on a pair, JSON: for who asks why                      |
| `dedup.review`      | `a|b`      | the same, doubtful pairs only: for who looks at them              |
| `dedup.events`      | cluster id | one change of one cluster, JSON: for who follows every change     |
| `dedup.clusters`    | cluster id | the cluster's latest state, JSON; a tombstone when it is no more  |
| `dedup.dead-letter` | origin     | the original bytes; headers say what is wrong and where it was    |

An event's id is `cluster id:revision`. Events of a cluster have growing revisions; after a crash one may
come again, with the same id: whoever folds leaves out what is not newer than what he has.
`docs/events.md` and the JSON Schemas in `streams/schemas/` describe every field.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson

from streams.clusters.canonical import canonical, render
from streams.clusters.committer import Described
from streams.clusters.group import Cluster, Group, cluster_id
from streams.clusters.planner import Change, Draft
from streams.errors import PayloadError
from streams.matching.decision import REVIEW, Decision
from streams.records import Record

__all__ = [
    "CLUSTERS",
    "CORRECTIONS",
    "DEAD_LETTER",
    "DECISIONS",
    "EVENTS",
    "REVIEWS",
    "Evidence",
    "Outgoing",
    "dead_letter",
    "decision_messages",
    "describe",
    "letter_fields",
    "state_message",
    "states",
]

DECISIONS, REVIEWS, EVENTS = "dedup.decisions", "dedup.review", "dedup.events"
CLUSTERS, DEAD_LETTER, CORRECTIONS = "dedup.clusters", "dedup.dead-letter", "dedup.corrections"


class Outgoing(NamedTuple):
    """A message to publish; `value` None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Evidence(NamedTuple):
    """A decision with the two record ids it is about, `a` < `b`."""

    a: str
    b: str
    decision: Decision

    def fields(self) -> dict[str, Any]:
        """As JSON fields of a decision message."""
        fields = {
            "a": self.a,
            "b": self.b,
            "decision": self.decision.verdict,
            "score": round(self.decision.score, 6),
            "reasons": list(self.decision.reasons),
            "ruleset": self.decision.ruleset,
        }
        return fields | ({"relation": self.decision.relation} if self.decision.relation else {})


def decision_messages(evidence: Evidence) -> Iterable[Outgoing]:
    """A decision for `dedup.decisions`, and for `dedup.review` where it is doubtful."""
    key, value = f"{evidence.a}|{evidence.b}".encode(), orjson.dumps(evidence.fields())
    yield Outgoing(DECISIONS, key, value)
    if evidence.decision.verdict == REVIEW:
        yield Outgoing(REVIEWS, key, value)


def dead_letter(error: PayloadError, payload: bytes, origin: str, source: str, key: bytes) -> Outgoing:
    """What could not be read: the original bytes, with the error and the origin (`topic:partition:offset`) as headers."""
    headers = (
        ("streams-code", error.code.encode()),
        ("streams-detail", error.detail[:2000].encode("utf-8", "replace")),
        ("streams-where", error.where.encode("utf-8", "replace")),
        ("streams-source", source.encode()),
        ("streams-origin", origin.encode()),
        ("streams-key", key),
    )
    return Outgoing(DEAD_LETTER, origin.encode(), payload, headers)


def letter_fields(payload: bytes | None, headers: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """A dead letter as JSON fields; the payload as text, or as base 64 where it is no UTF-8."""
    fields: dict[str, Any] = {
        name.removeprefix("streams-"): value.decode("utf-8", "replace")
        for name, value in headers
        if name.startswith("streams-")
    }
    try:
        fields["payload"] = (payload or b"").decode()
    except UnicodeDecodeError:
        fields["payload_base64"] = b64encode(payload or b"").decode()
    return fields


def describe(
    draft: Draft,
    record: Callable[[bytes], Record | None],
    live: Callable[[bytes], bool],
    evidence: Mapping[str, Sequence[Evidence]],
    causes: frozenset[str],
) -> Described:
    """Make a draft ready to commit: canonical documents, `canonical_changed`, and one event for each change.

    `record` gives a record for documents, `live` whether it was not deleted; `causes` are the records of
    this micro-batch and `evidence` the accepted decisions on each of them.
    """
    clusters = {cluster.key: cluster for cluster in draft.group.clusters}
    owed: dict[str, bytes] = {}
    changes: list[Change] = []
    latest: dict[bytes, bytes | None] = {}

    def names(ids: Iterable[bytes]) -> list[str]:
        return sorted(known.id if (known := record(i)) else i.hex() for i in ids)

    def owe(change: Change, before: list[str], after: list[str], document: bytes) -> None:
        event = _event(change, before, after, document, evidence, causes)
        owed[event["event_id"]] = orjson.dumps(event)
        changes.append(change)

    for change in draft.changes:
        members = [known for i in change.after if live(i) and (known := record(i))]
        after = names(change.after)
        document, fingerprint = render(canonical(cluster_id(change.key), members)) if members else (b"", b"")
        owe(change, names(change.before), after, document)
        latest[change.key] = None
        cluster = clusters.get(change.key)
        if cluster is None or not change.after:
            continue
        if cluster.canonical not in (b"", fingerprint):
            cluster = msgspec.structs.replace(cluster, revision=cluster.revision + 1)
            owe(
                Change("canonical_changed", change.key, cluster.revision, change.after, change.after),
                after,
                after,
                document,
            )
        clusters[change.key] = msgspec.structs.replace(cluster, canonical=fingerprint)
        latest[change.key] = _state(change.key, cluster.revision, after, document)
    group = msgspec.structs.replace(draft.group, clusters=tuple(clusters[c.key] for c in draft.group.clusters))
    return Described(group, owed, tuple(changes), latest)


def states(group: Group, keys: Iterable[bytes], record: Callable[[bytes], Record | None]) -> Iterable[Outgoing]:
    """The latest state of some clusters of a group as messages; a tombstone for those no longer in it."""
    by_key = {cluster.key: (index, cluster) for index, cluster in enumerate(group.clusters)}
    for key in keys:
        index, cluster = by_key.get(key, (-1, Cluster(key, 0, 0)))
        members = [known for i in (group.records(index) if index >= 0 else ()) if (known := record(i))]
        names = sorted(member.id for member in members)
        document = render(canonical(cluster_id(key), members))[0] if members else b""
        state = _state(key, cluster.revision, names, document) if members else None
        yield state_message(key, state)


def state_message(key: bytes, state: bytes | None) -> Outgoing:
    """A cluster's latest state for `dedup.clusters`; a tombstone where it is no more."""
    return Outgoing(CLUSTERS, cluster_id(key).encode(), state)


def _state(key: bytes, revision: int, records: list[str], document: bytes) -> bytes:
    fields = {"cluster_id": cluster_id(key), "revision": revision, "records": records}
    return orjson.dumps(fields | {"document": orjson.Fragment(document or b"{}")})


def _event(
    change: Change,
    before: list[str],
    after: list[str],
    document: bytes,
    evidence: Mapping[str, Sequence[Evidence]],
    causes: frozenset[str],
) -> dict[str, Any]:
    name = cluster_id(change.key)
    inside, moved = set(after), causes.intersection(before + after)
    grounds = {(e.a, e.b): e for cause in moved for e in evidence.get(cause, ()) if e.a in inside and e.b in inside}
    fields: dict[str, Any] = {
        "event_id": f"{name}:{change.revision}",
        "type": change.type,
        "cluster_id": name,
        "revision": change.revision,
        "before": before,
        "after": after,
        "causes": sorted(moved),
        "evidence": [grounds[pair].fields() for pair in sorted(grounds)],
    }
    if change.others:
        relation = {"merged": "merged_from" if after else "merged_into", "split": "split_into", "created": "split_from"}
        fields[relation[change.type]] = [cluster_id(key) for key in change.others]
    if document:
        fields["document"] = orjson.Fragment(document)
    return fields
