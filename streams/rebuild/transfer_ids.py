"""Clusters live on in the new generation: their ids, revisions, redirects and corrections, and events not yet published.

Nothing of the live generation is changed, and every group of the new one is written as a function of both; so it may be
killed anywhere and done again from the start. What the new generation's own replay has noted as events is thrown away first: nobody
has seen its clusters. What is owed in the end is published by the first worker that begins there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from streams import events
from streams.clusters.adoption import adopt, names, redocument, unchanged
from streams.clusters.committed import Described
from streams.clusters.group import Group, Relation, cluster_key
from streams.clusters.planner import Draft
from streams.engine.engine import Engine
from streams.errors import StateError
from streams.events import Evidence
from streams.matching.decision import DUPLICATE, RELATED
from streams.rebuild.joined_components import Closure, Closures
from streams.state.connection import Command
from streams.state.group_store import Commit, GroupStore
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.reader import Reader

__all__ = ["Adopter"]

_FIELDS = 500
_MARK = "adopting"
"""Field of the new generation's `meta`, while clusters are being adopted."""
_MOST_EVIDENCE = 30
"""Records of a cluster beyond which its event does not list the decisions that brought them together."""


class _Outcome(NamedTuple):
    closure: Closure
    group: Group
    owed: dict[str, bytes]


class Adopter:
    """Brings the clusters of one generation into another that knows the same records. Workers are in neither."""

    def __init__(self, live: Layout, engine: Engine) -> None:
        """`engine` is that of the new generation."""
        self._live_layout = live
        self._engine = engine
        self._connection = engine.connection
        self._layout = Layout(engine.settings.namespace, engine.settings.generation, engine.settings.buckets)
        self._live = GroupStore(live, engine.connection)
        self._owed: dict[bytes, dict[str, bytes]] = {}

    def run(self) -> Counter[str]:
        """Adopt everything. Returns how many `groups` there are, and how many changes of each type clusters have."""
        counts: Counter[str] = Counter()
        closures = Closures(self._live, self._engine.groups, whole=self._begin())
        for places in self._live.places():
            self._adopt(closures.of_live(places), counts)
        for places in self._engine.groups.places():
            # Where a live group names the record a group lives under, it was adopted with that.
            roots = self._live.resolve(places)
            new = {place: raw for place, raw in places.items() if place not in names(roots[place].group)}
            self._adopt([closure for closure in closures.of_built(new) if not closure.live], counts)
        self._finish()
        return counts

    def _begin(self) -> bool:
        """Forget the replay's own events, copy the verdicts on corrections, note which events the live generation owes.

        Returns whether all pointers are right: not where an adoption before this one was killed.
        """
        mark = Command(self._layout.meta, ("HSETNX", self._layout.meta, _MARK, 1))
        (first,) = self._connection.execute([mark])
        self._connection.execute([Command(key, ("UNLINK", key)) for key in self._layout.bucket_keys("outboxes")])
        self._copy(self._live_layout.corrections, self._layout.corrections)
        self._owed = {}
        for owed in self._live.owed().values():
            for field, event in owed.items():
                founder = cluster_key(field.rpartition(":")[0])[:8]
                self._owed.setdefault(founder, {})[field] = event
        return bool(first)

    def _finish(self) -> None:
        for founder, owed in self._owed.items():  # of groups nobody found; there should be none
            key = self._layout.outbox(founder)
            self._connection.execute([Command(key, ("HSET", key, *_flat(owed)))])
        live = Progress(self._live_layout, self._connection)
        self._engine.progress.take_over(live)
        if since := live.topics_since():
            self._engine.progress.begin_topics(since)
        self._connection.execute([Command(self._layout.meta, ("HDEL", self._layout.meta, _MARK))])

    def _copy(self, source: bytes, target: bytes) -> None:
        (reply,) = self._connection.execute([Command(source, ("HGETALL", source))])
        for start in range(0, len(reply), 2 * _FIELDS):
            lot = reply[start : start + 2 * _FIELDS]
            self._connection.execute([Command(target, ("HSET", target, *lot))])

    def _adopt(self, closures: Sequence[Closure], counts: Counter[str]) -> None:
        outcomes: list[_Outcome] = []
        closer: list[Closure] = []
        for closure in closures:
            was, built = closure.old_groups(), closure.built_groups()
            group = unchanged(was[0], built[0]) if len(was) == len(built) == 1 else None
            if group is None:
                closer.append(closure)
            else:
                outcomes.append(_Outcome(closure, group, {}))
        outcomes += self._plan(closer, counts)
        counts["groups"] += sum(bool(outcome.group.members) for outcome in outcomes)
        self._write(outcomes)

    def _plan(self, closures: Sequence[Closure], counts: Counter[str]) -> Iterator[_Outcome]:
        reader = Reader(self._engine.store, self._connection)
        related = [_related(closure) for closure in closures]
        reader.load(record for closure in closures for record in closure.records)
        reader.load(end for pairs in related for pair in pairs for end in pair)
        drafts = [self._draft(c, pairs, reader) for c, pairs in zip(closures, related, strict=True)]
        reader.load_records({record for draft in drafts for record in _needed(draft)})
        for closure, draft in zip(closures, drafts, strict=True):
            described = self._describe(draft, closure, reader)
            counts.update(change.type for change in described.changes)
            yield _Outcome(closure, described.group, dict(described.owed))

    def _draft(self, closure: Closure, related: Iterable[tuple[bytes, bytes]], reader: Reader) -> Draft:
        judge, features = self._engine.judge, reader.features
        stored = {record: entry for record in closure.records if (entry := reader.stored()[record])}
        present = {record: entry.stamp.digest for record, entry in stored.items() if entry.stamp.live}
        missing = {m.id for group in closure.old_groups() for m in group.members} - stored.keys()
        if missing:
            raise StateError(
                f"the new generation lacks {len(missing)} records of the live one, such as {min(missing).hex()}"
            )
        relations = [
            Relation(record, other, kind)
            for record, other in sorted(related)
            if (kind := judge.relation(features(record), features(other)))
        ]
        now = max((entry.stamp.taken for entry in stored.values() if entry.stamp.live), default=0)
        return adopt(closure.old_groups(), present, lambda a, b: judge.pair(features(a), features(b)), now, relations)

    def _describe(self, draft: Draft, closure: Closure, reader: Reader) -> Described:
        def fingerprint(key: bytes, records: tuple[bytes, ...]) -> bytes:
            return events.fingerprint(key, [known for r in records if (known := reader.record(r))])

        whole = redocument(draft, fingerprint)
        evidence = self._evidence(whole, closure, reader)
        return events.describe(
            whole,
            reader.record,
            reader.is_live,
            evidence,
            frozenset(evidence),
            cause=f"rebuild:{self._engine.settings.generation}",
        )

    def _evidence(self, draft: Draft, closure: Closure, reader: Reader) -> dict[str, list[Evidence]]:
        """The decisions that hold records together which were not together before, and those on new relations."""
        before = {m.id: group.clusters[m.cluster].key for group in closure.old_groups() for m in group.members}
        pairs = {
            pair
            for change in draft.changes
            if len(change.after) <= _MOST_EVIDENCE and set(change.after) - set(change.before)
            for pair in combinations(change.after, 2)
            if before.get(pair[0], b"") != before.get(pair[1])
        }
        pairs |= {(r.record, r.other) for kind, _, found in draft.relations for r in found if kind == "relation_added"}
        found: dict[str, list[Evidence]] = {}
        for a, b in pairs:
            first, second = reader.record(a), reader.record(b)
            decision = self._engine.judge.decide(reader.features(a), reader.features(b))
            if first and second and decision.verdict in (DUPLICATE, RELATED):
                one, other = sorted((first.id, second.id))
                found.setdefault(one, []).append(Evidence(one, other, decision))
        return found

    def _write(self, outcomes: Sequence[_Outcome]) -> None:
        groups = self._engine.groups
        commits: list[Commit] = []
        pointers: list[Commit] = []
        strays = groups.values({record for outcome in outcomes for record in outcome.closure.strays})
        for closure, group, told in outcomes:
            target, owed = closure.target, dict(told)
            for founder in closure.records & self._owed.keys() if self._owed else ():
                owed |= self._owed.pop(founder)
            now = _values(closure) | {record: strays[record] for record in closure.strays}
            raw = groups.encode(group)
            if owed or raw != now[target]:
                commits.append(Commit(target, now[target], raw, owed))
            del now[target]
            pointers += (Commit(place, value, groups.pointer(target)) for place, value in now.items())
        for lot in (commits, pointers):
            if not all(groups.commit(lot)):
                raise StateError(
                    f"somebody else writes generation {self._engine.settings.generation}; no worker may begin there yet"
                )


def _values(closure: Closure) -> dict[bytes, bytes]:
    """What the new generation has where a group of it lives, and `b""` for records it has no group of."""
    values = dict.fromkeys(closure.missing, b"")
    for root in closure.built.values():
        values[root.id] = root.raw
        values.update((place, raw) for place, (raw, _) in root.moving.items())
    return values


def _related(closure: Closure) -> set[tuple[bytes, bytes]]:
    """Pairs of a record here and another that were related, or are now."""
    return {(r.record, r.other) for group in (*closure.old_groups(), *closure.built_groups()) for r in group.related}


def _needed(draft: Draft) -> Iterator[bytes]:
    """The records that documents and events of a draft name."""
    for change in draft.changes:
        yield from change.before
        yield from change.after
    yield from (member.id for member in draft.group.members)
    yield from (relation.other for relation in draft.group.related)
    yield from (end for _, _, changed in draft.relations for r in changed for end in (r.record, r.other))


def _flat(owed: dict[str, bytes]) -> Iterator[str | bytes]:
    for field, event in owed.items():
        yield field
        yield event
