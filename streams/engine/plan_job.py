"""Plans one merge job anew, from its groups and the records that were read."""

from __future__ import annotations

from streams.clusters.group import Group, Relation
from streams.clusters.group_plan import Change, GroupPlan
from streams.clusters.merge_jobs import MergeJob
from streams.clusters.planner import Pair, plan, waiting
from streams.clusters.published import Heads, PublishedCluster, lift
from streams.engine.decision_cache import DecisionCache
from streams.state.reader import Reader

__all__ = ["named_in_events", "plan_job"]


def plan_job(job: MergeJob, reader: Reader, decisions: DecisionCache, heads: Heads) -> GroupPlan:
    """Return what becomes of the groups of a job; `heads` as in `Committer.apply`."""
    stored = reader.stored()
    present, removed, now = {}, set(), []
    for record in job.records.union(job.differing(stored)):
        entry = stored.get(record)
        if entry is None or not entry.version.live:
            removed.add(record)
        else:
            present[record] = entry.version.digest
            now.append(entry.version.taken)
    moved = waiting(job.target.group, (group for _, group in job.moves.values()))
    groups = [job.target.group, *(g for g in moved if g.members or g.clusters or g.rulings)]
    groups, corrected = _lifted(groups, job, reader, heads)
    known = {member.id for group in groups for member in group.members}

    def pairs(a: bytes, b: bytes) -> Pair:
        return decisions.pair_for_partition(reader.features(a), reader.features(b))

    related = [
        Relation(record, other, kind)
        for record, other in sorted(job.related)
        if (kind := decisions.relation(reader.features(record), reader.features(other)))
    ]
    planned = plan(groups, present, removed & known, pairs, min(now, default=0), related, job.rulings)
    return planned._replace(changes=corrected + planned.changes) if corrected else planned


def _lifted(groups: list[Group], job: MergeJob, reader: Reader, heads: Heads) -> tuple[list[Group], tuple[Change, ...]]:
    """Return the groups of a job brought up to what was published of them, and the changes that takes; see `lift`."""
    if not heads:
        return groups, ()

    def names(records: tuple[bytes, ...]) -> tuple[str, ...]:
        return tuple(sorted(known.id if (known := reader.record(r)) else r.hex() for r in records))

    def is_as_published(group: Group, index: int, head: PublishedCluster) -> bool:
        records, document = group.records(index), group.clusters[index].canonical
        relations = tuple(
            sorted(
                (r.kind, known.id, other.id)
                for r in group.relations(index)
                if (known := reader.record(r.record)) and (other := reader.record(r.other))
            )
        )
        same = not (document and head.document) or document == head.document
        related = not head.document or relations == head.relations
        return same and related and names(records) == head.records

    return lift(groups, heads, job.records, names, is_as_published)


def named_in_events(planned: GroupPlan) -> set[bytes]:
    """Return the records that events about relations and changed documents name.

    Records of the clusters that gain or lose records are not among them.
    """
    named = {relation.other for relation in planned.group.related}
    named.update(end for _, _, changed in planned.relations for r in changed for end in (r.record, r.other))
    keys = {key for _, key, _ in planned.relations}
    doubted = (
        {member.cluster for member in planned.group.members if member.id in planned.doubtful}
        if planned.doubtful
        else ()
    )
    for index, cluster in enumerate(planned.group.clusters if keys or doubted else ()):
        if cluster.key in keys or index in doubted:
            named.update(planned.group.records(index))
    return named
