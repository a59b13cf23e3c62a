"""Transfer cluster ids to the new generation, with revisions, redirects, corrections and events not yet published.

The live generation is not changed, and every group of the new one is written as a function of both; so the transfer may be killed
at any point and repeated from the start. Events that the replay has put into the outbox of the new generation are deleted first, as
no subscriber has seen its clusters. Events that are pending at the end are published by the first worker of the new generation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from streams import events
from streams.clusters.adoption import adopt, names, redocument, unchanged
from streams.clusters.committed import PlannedCommit
from streams.clusters.group import Group, Relation, cluster_key
from streams.clusters.group_plan import GroupPlan
from streams.clusters.planner import Pair, Pairs
from streams.engine.engine import Engine
from streams.errors import StateError
from streams.events import Cause, Evidence
from streams.matching.decision import DUPLICATE, RELATED
from streams.rebuild.joined_components import JoinedComponent, JoinedComponents
from streams.state.connection import Command
from streams.state.group_store import Commit, GroupStore
from streams.state.identity import carry_identity
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.state.reader import Reader

__all__ = ["IdTransfer"]

_FIELDS = 500
_MOST_EVIDENCE = 30
"""Records of a cluster beyond which its event does not list the decisions that brought them together."""
_APART, _TOGETHER = Pair(None, False), Pair(1.0, False)


class _Transferred(NamedTuple):
    component: JoinedComponent
    group: Group
    pending: dict[str, bytes]


class IdTransfer:
    """Transfer the cluster ids of one generation to another that has the same records. No worker may be in either of them.

    More than ten methods, for each step may be repeated by itself after a kill.
    """

    def __init__(self, live: Layout, engine: Engine, restored: Collection[bytes] = ()) -> None:
        """Prepare a transfer from the generation with the Redis keys of `live` to the new one, that of `engine`.

        `restored` are the 8-byte ids of records that came out of documents. They stay in the clusters they were published in, as
        what a document does not tell may be why they were together, or apart.
        """
        self._live_layout = live
        self._engine = engine
        self._connection = engine.connection
        self._layout = Layout.of(engine.settings)
        self._live = GroupStore(live, engine.connection)
        self._restored = frozenset(restored)
        self._pending: dict[bytes, dict[str, bytes]] = {}

    def run(self) -> Counter[str]:
        """Transfer all ids. Returns the number of `groups`, and the number of cluster changes by type of event."""
        counts: Counter[str] = Counter()
        self._begin()
        components = JoinedComponents(self._live, self._engine.groups)
        for places in self._live.places():
            self._transfer(components.of_live(places), counts)
        for places in self._engine.groups.places():
            # A group whose root record a live group names was handled with that one.
            roots = self._live.resolve(places)
            new = {place: raw for place, raw in places.items() if place not in names(roots[place].group)}
            self._transfer(components.of_built(new), counts)
        self._finish()
        return counts

    def _begin(self) -> None:
        """Delete the replay's own events, copy the outcomes of corrections, and read the pending events of the live generation."""
        self._connection.execute([Command(key, ("UNLINK", key)) for key in self._layout.bucket_keys("outboxes")])
        self._copy(self._live_layout.corrections, self._layout.corrections)
        self._pending = {}
        for pending in self._live.pending_events().values():
            for field, event in pending.items():
                seed = cluster_key(field.rpartition(":")[0])[:8]
                self._pending.setdefault(seed, {})[field] = event

    def _finish(self) -> None:
        for seed, pending in self._pending.items():  # of groups that no component held; there should be none
            key = self._layout.outbox(seed)
            self._connection.execute([Command(key, ("HSET", key, *_flat(pending)))])
        live, settings = Progress(self._live_layout, self._connection), self._engine.settings
        self._engine.progress.take_over(live)
        carry_identity(settings.namespace, self._live_layout.generation, settings.generation, self._connection)
        if since := live.topics_since():
            self._engine.progress.begin_topics(since)

    def _copy(self, source: bytes, target: bytes) -> None:
        (reply,) = self._connection.execute([Command(source, ("HGETALL", source))])
        for start in range(0, len(reply), 2 * _FIELDS):
            chunk = reply[start : start + 2 * _FIELDS]
            self._connection.execute([Command(target, ("HSET", target, *chunk))])

    def _transfer(self, components: Sequence[JoinedComponent], counts: Counter[str]) -> None:
        transferred: list[_Transferred] = []
        changed: list[JoinedComponent] = []
        for component in components:
            was, built = component.old_groups(), component.built_groups()
            group = unchanged(was[0], built[0]) if len(was) == len(built) == 1 else None
            if group is None:
                changed.append(component)
            else:
                transferred.append(_Transferred(component, group, {}))
        transferred += self._plan(changed, counts)
        counts["groups"] += sum(bool(one.group.members) for one in transferred)
        self._write(transferred)

    def _plan(self, components: Sequence[JoinedComponent], counts: Counter[str]) -> Iterator[_Transferred]:
        reader = Reader(self._engine.store, self._connection)
        related = [_related(component) for component in components]
        reader.load(record for component in components for record in component.records)
        reader.load(end for pairs in related for pair in pairs for end in pair)
        plans = [self._plan_group(c, pairs, reader) for c, pairs in zip(components, related, strict=True)]
        reader.load_records({record for plan in plans for record in _needed(plan)})
        for component, plan in zip(components, plans, strict=True):
            described = self._describe(plan, component, reader)
            counts.update(change.type for change in described.changes)
            yield _Transferred(component, described.group, dict(described.pending))

    def _plan_group(
        self, component: JoinedComponent, related: Iterable[tuple[bytes, bytes]], reader: Reader
    ) -> GroupPlan:
        decisions, features = self._engine.decisions, reader.features
        stored = {record: entry for record in component.records if (entry := reader.stored()[record])}
        present = {record: entry.version.digest for record, entry in stored.items() if entry.version.live}
        missing = {m.id for group in component.old_groups() for m in group.members} - stored.keys()
        if missing:
            raise StateError(
                f"the new generation lacks {len(missing)} records of the live one, such as {min(missing).hex()}; "
                "run `streams rebuild` again, and report an error in Streams if it says the same again"
            )
        relations = [
            Relation(record, other, kind)
            for record, other in sorted(related)
            if (kind := decisions.relation(features(record), features(other)))
        ]
        now = max((entry.version.taken for entry in stored.values() if entry.version.live), default=0)
        return adopt(component.old_groups(), present, self._pairs(component, reader), now, relations)

    def _pairs(self, component: JoinedComponent, reader: Reader) -> Pairs:
        """Return what decides each pair of records of a component."""
        features, decisions, restored = reader.features, self._engine.decisions, self._restored & component.records
        home = component.clusters() if restored else {}

        def pair(a: bytes, b: bytes) -> Pair:
            if (a in restored or b in restored) and a in home and b in home:
                return _TOGETHER if home[a] == home[b] else _APART
            return decisions.pair_for_partition(features(a), features(b))

        return pair

    def _describe(self, plan: GroupPlan, component: JoinedComponent, reader: Reader) -> PlannedCommit:
        def fingerprint(key: bytes, records: tuple[bytes, ...]) -> bytes:
            return events.fingerprint(key, [known for r in records if (known := reader.record(r))])

        whole = redocument(plan, fingerprint)
        evidence = self._evidence(whole, component, reader)
        cause = Cause.rebuild(self._engine.settings.generation, evidence)
        return events.describe(whole, reader.record, reader.is_live, cause)

    def _evidence(self, plan: GroupPlan, component: JoinedComponent, reader: Reader) -> dict[str, list[Evidence]]:
        """Return the decisions behind records that share a cluster only now, and behind new relations, by record id."""
        before = component.clusters()
        pairs = {
            pair
            for change in plan.changes
            if len(change.after) <= _MOST_EVIDENCE and set(change.after) - set(change.before)
            for pair in combinations(change.after, 2)
            if before.get(pair[0], b"") != before.get(pair[1])
        }
        pairs |= {(r.record, r.other) for kind, _, found in plan.relations for r in found if kind == "relation_added"}
        found: dict[str, list[Evidence]] = {}
        for a, b in pairs:
            first, second = reader.record(a), reader.record(b)
            decision = self._engine.decisions.decide(reader.features(a), reader.features(b))
            if first and second and decision.verdict in (DUPLICATE, RELATED):
                one, other = sorted((first.id, second.id))
                found.setdefault(one, []).append(Evidence(one, other, decision))
        return found

    def _write(self, transferred: Sequence[_Transferred]) -> None:
        groups = self._engine.groups
        commits: list[Commit] = []
        pointers: list[Commit] = []
        strays = groups.values({record for one in transferred for record in one.component.strays})
        for component, group, changes in transferred:
            target, pending = component.target, dict(changes)
            for seed in component.records & self._pending.keys() if self._pending else ():
                pending |= self._pending.pop(seed)
            now = _values(component) | {record: strays[record] for record in component.strays}
            raw = groups.encode(target, group)
            if pending or raw != now[target]:
                commits.append(Commit(target, now[target], raw, pending))
            del now[target]
            pointers += (Commit(place, value, groups.pointer(target)) for place, value in now.items())
        for chunk in (commits, pointers):
            if not all(groups.commit(chunk)):
                raise StateError(
                    f"another process writes generation {self._engine.settings.generation}; stop workers that were started "
                    "with it in STREAMS_GENERATION, and run `streams rebuild` again"
                )


def _values(component: JoinedComponent) -> dict[bytes, bytes]:
    """Return the stored value of each root record of the new generation, `b""` for records without a group there."""
    values = dict.fromkeys(component.missing, b"")
    for root in component.built.values():
        values[root.id] = root.raw
        values.update((place, raw) for place, (raw, _) in root.moving.items())
    return values


def _related(component: JoinedComponent) -> set[tuple[bytes, bytes]]:
    """Return the pairs of a record of the component and another one that were related, or are now."""
    return {
        (r.record, r.other) for group in (*component.old_groups(), *component.built_groups()) for r in group.related
    }


def _needed(plan: GroupPlan) -> Iterator[bytes]:
    """Yield the ids of the records that the documents and events of a plan name."""
    for change in plan.changes:
        yield from change.before
        yield from change.after
    yield from (member.id for member in plan.group.members)
    yield from (relation.other for relation in plan.group.related)
    yield from (end for _, _, changed in plan.relations for r in changed for end in (r.record, r.other))


def _flat(pending: dict[str, bytes]) -> Iterator[str | bytes]:
    for field, event in pending.items():
        yield field
        yield event
