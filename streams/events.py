"""The contract of everything published: topics' messages, their keys and their order.

| topic               | key        | value                                                             |
|---------------------|------------|-------------------------------------------------------------------|
| `dedup.decisions`   | `a|b`      | a decision on a pair, JSON: for who asks why                      |
| `dedup.review`      | `a|b`      | the same, doubtful pairs only: for who looks at them              |
| `dedup.events`      | cluster id | one change of one cluster, JSON: for who follows every change     |
| `dedup.clusters`    | cluster id | the cluster's latest state, JSON; a tombstone when it is no more  |
| `dedup.dead-letter` | letter id  | the original bytes, headers say what is wrong; tombstone: retired |

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
from streams.clusters.committed import Described
from streams.clusters.corrections import Verdict
from streams.clusters.group import Cluster, Group, Relation, cluster_id
from streams.clusters.planner import Change, Draft
from streams.errors import PayloadError
from streams.matching.decision import Decision
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
    "decision_message",
    "describe",
    "describe_birth",
    "fingerprint",
    "letter_fields",
    "state_message",
    "states",
]

_Pairs = frozenset[tuple[str, ...]]
_NONE: _Pairs = frozenset()

DECISIONS, REVIEWS, EVENTS = "dedup.decisions", "dedup.review", "dedup.events"
CLUSTERS, DEAD_LETTER, CORRECTIONS = "dedup.clusters", "dedup.dead-letter", "dedup.corrections"
_MAX_WHERE = 500


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


def decision_message(evidence: Evidence) -> Outgoing:
    """Return the message of a decision for `dedup.decisions`."""
    return Outgoing(DECISIONS, f"{evidence.a}|{evidence.b}".encode(), orjson.dumps(evidence.fields()))


def review_message(evidence: Evidence) -> Outgoing:
    """Return the message that asks a person about a doubtful pair, for `dedup.review`."""
    return decision_message(evidence)._replace(topic=REVIEWS)


def dead_letter(
    error: PayloadError,
    payload: bytes,
    origin: str,
    source: str,
    key: bytes,
    *,
    arrival: int = 0,
    retry_of: str = "",
) -> Outgoing:
    """What could not be read: the original bytes, with the error and the origin (`topic:partition:offset`) as headers.

    Its id is the origin, with `#` and the place of the item where only a part of the payload is bad. `arrival` orders the
    message among others (`index/stamp.py`); `retry_of` is the letter it was sent again for, empty where it is new.
    """
    where = error.where[:_MAX_WHERE].encode("utf-8", "replace")
    headers: tuple[tuple[str, bytes], ...] = (
        ("streams-code", error.code.encode()),
        ("streams-detail", error.detail[:2000].encode("utf-8", "replace")),
        ("streams-where", where),
        ("streams-source", source.encode()),
        ("streams-origin", origin.encode()),
        ("streams-key", key),
        ("streams-arrival", str(arrival).encode()),
    )
    if retry_of:
        headers += (("streams-retry-of", retry_of.encode("utf-8", "replace")),)
    return Outgoing(DEAD_LETTER, origin.encode() + (b"#" + where if where else b""), payload, headers)


def letter_fields(payload: bytes | None, headers: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """A dead letter as JSON fields; the payload as text, or as base 64 where it is no UTF-8."""
    fields: dict[str, Any] = {
        name.removeprefix("streams-").replace("-", "_"): value.decode("utf-8", "replace")
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
    correction: Verdict | None = None,
    cause: str = "",
) -> Described:
    """Make a draft ready to commit: canonical documents, `canonical_changed`, and one event for each change.

    `record` gives a record for documents, `live` whether it was not deleted; `causes` are the records of
    this micro-batch and `evidence` the accepted decisions on each of them. All changes of a draft that a
    `correction` brought about are its doing. `cause` is that of all changes where no message brought them about.
    """
    return _Description(draft, record, live, evidence, causes, correction, cause).described()


def describe_birth(draft: Draft, record: Record) -> Described:
    """As `describe` does it, of a draft in which one record begins a cluster alone and is its cause. Most drafts are such."""
    (change,), (cluster,) = draft.changes, draft.group.clusters
    document, digest = render(canonical(cluster_id(change.key), (record,)))
    group = msgspec.structs.replace(draft.group, clusters=(msgspec.structs.replace(cluster, canonical=digest),))
    event = _event(change, [], [record.id], document, (), [record.id], [])
    state = _state(change.key, change.revision, [record.id], document, ())
    return Described(group, {event["event_id"]: orjson.dumps(event)}, (change,), {change.key: state})


class _Description:
    """One draft on its way to `Described`: clusters get their revisions and digests as events are made."""

    def __init__(
        self,
        draft: Draft,
        record: Callable[[bytes], Record | None],
        live: Callable[[bytes], bool],
        evidence: Mapping[str, Sequence[Evidence]],
        causes: frozenset[str],
        correction: Verdict | None,
        cause: str,
    ) -> None:
        self._draft = draft
        self._correction = correction
        self._cause = cause
        self._record = record
        self._live = live
        self._evidence = evidence
        self._causes = causes
        group = draft.group
        self._clusters = {cluster.key: cluster for cluster in group.clusters}
        self._relations: dict[bytes, Sequence[Mapping[str, str]]] = {
            cluster.key: _relations(group.relations(index), record)
            for index, cluster in enumerate(group.clusters if group.related else ())
        }
        self._owed: dict[str, bytes] = {}
        self._changes: list[Change] = []
        self._latest: dict[bytes, bytes | None] = {}

    def described(self) -> Described:
        group = self._draft.group
        for change in self._draft.changes:
            self._change(change)
        positions = {cluster.key: index for index, cluster in enumerate(group.clusters)}
        for kind, key, changed in self._draft.relations:
            self._relate(kind, key, group.records(positions[key]), changed)
        doubtful = self._draft.doubtful
        for index in sorted({m.cluster for m in group.members if m.id in doubtful} if doubtful else ()):
            self._doubt(group.clusters[index].key, group.records(index))
        clusters = tuple(self._clusters[cluster.key] for cluster in group.clusters)
        return Described(
            msgspec.structs.replace(group, clusters=clusters), self._owed, tuple(self._changes), self._latest
        )

    def _change(self, change: Change) -> None:
        after = self._names(change.after)
        document, fingerprint = self._document(change.key, change.after)
        before = self._names(change.before) if change.told is None else list(change.told)
        self._owe(change, before, after, document)
        self._latest[change.key] = None
        cluster = self._clusters.get(change.key)
        if cluster is None or not change.after:
            return
        self._clusters[change.key] = msgspec.structs.replace(cluster, canonical=fingerprint)
        if cluster.canonical not in (b"", fingerprint):
            self._follow("canonical_changed", change.key, change.after, after, document)
        self._stand(change.key, after, document)

    def _relate(self, kind: str, key: bytes, ids: tuple[bytes, ...], changed: Iterable[Relation]) -> None:
        after, document = self._names(ids), self._document(key, ids)[0]
        pairs = frozenset(tuple(self._names((relation.record, relation.other))) for relation in changed)
        self._follow(kind, key, ids, after, document, pairs)
        self._stand(key, after, document)

    def _doubt(self, key: bytes, ids: tuple[bytes, ...]) -> None:
        """A cluster whose records are as they were; an event may have told of one as it was in between."""
        document, fingerprint = self._document(key, ids)
        if self._clusters[key].canonical not in (b"", fingerprint):
            after = self._names(ids)
            self._clusters[key] = msgspec.structs.replace(self._clusters[key], canonical=fingerprint)
            self._follow("canonical_changed", key, ids, after, document)
            self._stand(key, after, document)

    def _follow(
        self, kind: str, key: bytes, ids: tuple[bytes, ...], after: list[str], document: bytes, pairs: _Pairs = _NONE
    ) -> None:
        """A further event of a cluster whose records stay as they are."""
        revision = self._clusters[key].revision + 1
        self._clusters[key] = msgspec.structs.replace(self._clusters[key], revision=revision)
        self._owe(Change(kind, key, revision, ids, ids), after, after, document, pairs)

    def _owe(self, change: Change, before: list[str], after: list[str], document: bytes, pairs: _Pairs = _NONE) -> None:
        grounds = _grounds(before, after, pairs, self._evidence, self._causes)
        event = _event(change, before, after, document, self._relations.get(change.key, ()), *grounds)
        if self._correction is not None:
            event["causes"].append(f"correction:{self._correction.correction.id}")
            event["corrections"] = [self._correction.fields()]
        if self._cause:
            event["causes"] = [self._cause]
        self._owed[event["event_id"]] = orjson.dumps(event)
        self._changes.append(change)

    def _stand(self, key: bytes, after: list[str], document: bytes) -> None:
        relations = self._relations.get(key, ())
        self._latest[key] = _state(key, self._clusters[key].revision, after, document, relations)

    def _names(self, ids: Iterable[bytes]) -> list[str]:
        return sorted(known.id if (known := self._record(i)) else i.hex() for i in ids)

    def _document(self, key: bytes, ids: Iterable[bytes]) -> tuple[bytes, bytes]:
        members = [known for i in ids if self._live(i) and (known := self._record(i))]
        return render(canonical(cluster_id(key), members)) if members else (b"", b"")


def fingerprint(key: bytes, members: Iterable[Record]) -> bytes:
    """The digest of the document of a cluster's records, as a group keeps it."""
    return render(canonical(cluster_id(key), members))[1]


def states(group: Group, keys: Iterable[bytes], record: Callable[[bytes], Record | None]) -> Iterable[Outgoing]:
    """The latest state of some clusters of a group as messages; a tombstone for those no longer in it."""
    by_key = {cluster.key: (index, cluster) for index, cluster in enumerate(group.clusters)}
    for key in keys:
        index, cluster = by_key.get(key, (-1, Cluster(key, 0, 0)))
        members = [known for i in (group.records(index) if index >= 0 else ()) if (known := record(i))]
        names = sorted(member.id for member in members)
        document = render(canonical(cluster_id(key), members))[0] if members else b""
        relations = _relations(group.relations(index), record) if index >= 0 and group.related else ()
        state = _state(key, cluster.revision, names, document, relations) if members else None
        yield state_message(key, state)


def state_message(key: bytes, state: bytes | None) -> Outgoing:
    """A cluster's latest state for `dedup.clusters`; a tombstone where it is no more."""
    return Outgoing(CLUSTERS, cluster_id(key).encode(), state)


def _relations(
    relations: Iterable[Relation], record: Callable[[bytes], Record | None]
) -> tuple[Mapping[str, str], ...]:
    """Relations of a cluster to other works as JSON fields: `record` is in the cluster, `other` is not."""
    found = []
    for relation in relations:
        if (mine := record(relation.record)) and (other := record(relation.other)):
            found.append((relation.kind, mine.id, other.id))
    return tuple({"relation": kind, "record": mine, "other": other} for kind, mine, other in sorted(found))


def _state(
    key: bytes, revision: int, records: list[str], document: bytes, relations: Sequence[Mapping[str, str]]
) -> bytes:
    fields: dict[str, Any] = {"cluster_id": cluster_id(key), "revision": revision, "records": records}
    if relations:
        fields["relations"] = relations
    return orjson.dumps(fields | {"document": orjson.Fragment(document or b"{}")})


def _grounds(
    before: list[str],
    after: list[str],
    pairs: _Pairs,
    evidence: Mapping[str, Sequence[Evidence]],
    causes: frozenset[str],
) -> tuple[list[str], list[Evidence]]:
    """Which records brought a change about, and the decisions on them: inside the cluster, or on pairs across its border."""
    moved = causes.intersection(end for pair in pairs for end in pair) if pairs else causes.intersection(before + after)
    inside = set(after)
    grounds = {
        (e.a, e.b): e
        for cause in moved
        for e in evidence.get(cause, ())
        if ((e.a, e.b) in pairs if pairs else e.a in inside and e.b in inside)
    }
    return sorted(moved), [grounds[pair] for pair in sorted(grounds)]


def _event(
    change: Change,
    before: list[str],
    after: list[str],
    document: bytes,
    relations: Sequence[Mapping[str, str]],
    causes: list[str],
    evidence: list[Evidence],
) -> dict[str, Any]:
    name = cluster_id(change.key)
    fields: dict[str, Any] = {
        "event_id": f"{name}:{change.revision}",
        "type": change.type,
        "cluster_id": name,
        "revision": change.revision,
        "before": before,
        "after": after,
        "causes": causes,
        "evidence": [each.fields() for each in evidence],
    }
    if change.others:
        relation = {"merged": "merged_from" if after else "merged_into", "split": "split_into", "created": "split_from"}
        fields[relation[change.type]] = [cluster_id(key) for key in change.others]
    if relations:
        fields["relations"] = relations
    if document:
        fields["document"] = orjson.Fragment(document)
    return fields
