"""Descriptions of a planned group: its changes as events and cluster states, ready to be committed with the group.

An event's id is `cluster id:revision`; the revision grows by one with every event of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
import orjson

from streams.clusters.canonical import canonical, render
from streams.clusters.committed import PlannedCommit
from streams.clusters.group import Cluster, Group, Relation, cluster_id
from streams.clusters.group_plan import Change, GroupPlan
from streams.events.cause import Cause
from streams.events.messages import Evidence, Outgoing, state_message
from streams.events.singletons import singleton_event
from streams.records.record import Record

__all__ = ["describe", "describe_singletons", "fingerprint", "state_messages", "states"]

_Pairs = frozenset[tuple[str, ...]]
_NO_PAIRS: _Pairs = frozenset()


def describe(
    plan: GroupPlan,
    record: Callable[[bytes], Record | None],
    live: Callable[[bytes], bool],
    cause: Cause,
) -> PlannedCommit:
    """Make a group plan ready to commit: canonical documents, `canonical_changed`, and one event for each change.

    - `record` returns a record for documents, `live` tells whether a record was not deleted.
    - `cause` is what brought all changes of the plan about; every event names its part of it.
    """
    return _Description(plan, record, live, cause).described()


def describe_singletons(keys: Sequence[bytes], records: Sequence[Record]) -> list[tuple[bytes, bytes, bytes]]:
    """Describe clusters that each begin with one record, their cause: event, state without the document, and digest.

    Most plans are such. The bytes are those of `describe`, in a fraction of the time; each step runs over all records.
    """
    names = [cluster_id(key) for key in keys]
    documents = [canonical(name, (record,)) for name, record in zip(names, records, strict=True)]
    rendered = [render(document) for document in documents]
    return [
        (*singleton_event(name.encode(), orjson.dumps(record.id), document), digest)
        for name, record, (document, digest) in zip(names, records, rendered, strict=True)
    ]


class _Description:
    """Description of one group plan: clusters get their revisions and digests as events are made."""

    def __init__(
        self,
        plan: GroupPlan,
        record: Callable[[bytes], Record | None],
        live: Callable[[bytes], bool],
        cause: Cause,
    ) -> None:
        self._plan = plan
        self._cause = cause
        self._record = record
        self._live = live
        group = plan.group
        self._clusters = {cluster.key: cluster for cluster in group.clusters}
        self._relations: dict[bytes, Sequence[Mapping[str, str]]] = {
            cluster.key: _relations(group.relations(index), record)
            for index, cluster in enumerate(group.clusters if group.related else ())
        }
        self._pending: dict[str, bytes] = {}
        self._changes: list[Change] = []
        self._latest: dict[bytes, bytes | None] = {}

    def described(self) -> PlannedCommit:
        group = self._plan.group
        for change in self._plan.changes:
            self._change(change)
        positions = {cluster.key: index for index, cluster in enumerate(group.clusters)}
        for kind, key, changed in self._plan.relations:
            self._relate(kind, key, group.records(positions[key]), changed)
        doubtful = self._plan.doubtful
        for index in sorted({m.cluster for m in group.members if m.id in doubtful} if doubtful else ()):
            self._recheck(group.clusters[index].key, group.records(index))
        clusters = tuple(self._clusters[cluster.key] for cluster in group.clusters)
        return PlannedCommit(
            msgspec.structs.replace(group, clusters=clusters), self._pending, tuple(self._changes), self._latest
        )

    def _change(self, change: Change) -> None:
        after = self._names(change.after)
        document, fingerprint = self._document(change.key, change.after)
        before = self._names(change.before) if change.published_before is None else list(change.published_before)
        self._add_event(change, before, after, document)
        self._latest[change.key] = None
        cluster = self._clusters.get(change.key)
        if cluster is None or not change.after:
            return
        self._clusters[change.key] = msgspec.structs.replace(cluster, canonical=fingerprint)
        if cluster.canonical not in (b"", fingerprint):
            self._add_further_event("canonical_changed", change.key, change.after, after, document)
        self._set_state(change.key, after, document)

    def _relate(self, kind: str, key: bytes, ids: tuple[bytes, ...], changed: Iterable[Relation]) -> None:
        after, document = self._names(ids), self._document(key, ids)[0]
        pairs = frozenset(tuple(self._names((relation.record, relation.other))) for relation in changed)
        self._add_further_event(kind, key, ids, after, document, pairs)
        self._set_state(key, after, document)

    def _recheck(self, key: bytes, ids: tuple[bytes, ...]) -> None:
        """Add `canonical_changed` where the document differs from the published one although the records are the same.

        A published event may have shown the cluster as it was in between.
        """
        document, fingerprint = self._document(key, ids)
        if self._clusters[key].canonical not in (b"", fingerprint):
            after = self._names(ids)
            self._clusters[key] = msgspec.structs.replace(self._clusters[key], canonical=fingerprint)
            self._add_further_event("canonical_changed", key, ids, after, document)
            self._set_state(key, after, document)

    def _add_further_event(
        self,
        kind: str,
        key: bytes,
        ids: tuple[bytes, ...],
        after: list[str],
        document: bytes,
        pairs: _Pairs = _NO_PAIRS,
    ) -> None:
        """Add a further event of a cluster whose records stay the same."""
        revision = self._clusters[key].revision + 1
        self._clusters[key] = msgspec.structs.replace(self._clusters[key], revision=revision)
        self._add_event(Change(kind, key, revision, ids, ids), after, after, document, pairs)

    def _add_event(
        self, change: Change, before: list[str], after: list[str], document: bytes, pairs: _Pairs = _NO_PAIRS
    ) -> None:
        causes, evidence = self._cause.of(before, after, pairs)
        event = _event(change, before, after, document, self._relations.get(change.key, ()), causes, evidence)
        if self._cause.verdict is not None:
            event["corrections"] = [self._cause.verdict.fields()]
        self._pending[event["event_id"]] = orjson.dumps(event)
        self._changes.append(change)

    def _set_state(self, key: bytes, after: list[str], document: bytes) -> None:
        relations = self._relations.get(key, ())
        self._latest[key] = _state(key, self._clusters[key].revision, after, document, relations)

    def _names(self, ids: Iterable[bytes]) -> list[str]:
        return sorted(known.id if (known := self._record(i)) else i.hex() for i in ids)

    def _document(self, key: bytes, ids: Iterable[bytes]) -> tuple[bytes, bytes]:
        members = [known for i in ids if self._live(i) and (known := self._record(i))]
        return render(canonical(cluster_id(key), members)) if members else (b"", b"")


def fingerprint(key: bytes, members: Iterable[Record]) -> bytes:
    """Return the digest of the document of a cluster's records, as a group keeps it."""
    return render(canonical(cluster_id(key), members))[1]


def state_messages(described: PlannedCommit) -> Iterable[Outgoing]:
    """Yield the latest states of the changed clusters as messages; a tombstone for those that have ended."""
    for key, state in described.states.items():
        if state is None:
            change = next(change for change in reversed(described.changes) if change.key == key)
            merged_into = change.others[0] if change.type == "merged" and change.others else b""
            yield state_message(key, None, change.revision, merged_into)
        else:
            yield state_message(key, state)


def states(
    group: Group,
    keys: Iterable[bytes],
    record: Callable[[bytes], Record | None],
    revisions: Mapping[bytes, int] = MappingProxyType({}),
) -> Iterable[Outgoing]:
    """Yield the latest state of some clusters of a group as messages; a tombstone for those no longer in it.

    `revisions` has those of ended clusters that the group does not know any more, where the caller does.
    """
    by_key = {cluster.key: (index, cluster) for index, cluster in enumerate(group.clusters)}
    for key in keys:
        index, cluster = by_key.get(key, (-1, Cluster(key, 0, 0)))
        members = [known for i in (group.records(index) if index >= 0 else ()) if (known := record(i))]
        names = sorted(member.id for member in members)
        document = render(canonical(cluster_id(key), members))[0] if members else b""
        relations = _relations(group.relations(index), record) if index >= 0 and group.related else ()
        state = _state(key, cluster.revision, names, document, relations) if members else None
        revision = cluster.revision or revisions.get(key, 0)
        yield state_message(key, state, revision, group.merged.get(key, b""))


def _relations(
    relations: Iterable[Relation], record: Callable[[bytes], Record | None]
) -> tuple[Mapping[str, str], ...]:
    """Return the relations of a cluster to other works as JSON fields: `record` is in the cluster, `other` is not."""
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
