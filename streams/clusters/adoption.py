"""Transfers cluster ids, revisions and redirects to a generation that was built anew. Pure.

Groups of the old generation and of the new one that share a record become one group, so that a cluster's seed record stays
in the group of its cluster. The old groups give the clusters before; the division is decided anew. So only clusters whose
records, relations or document are others than before change, and every worker that transfers ids finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from streams.clusters.group import Cluster, Group, Relation
from streams.clusters.group_plan import Change, GroupPlan
from streams.clusters.planner import Pairs, plan

__all__ = ["adopt", "names", "redocument", "unchanged"]


def names(group: Group) -> set[bytes]:
    """Return all records by which a group may be found: members, seed records, and those that corrections name."""
    found = {member.id for member in group.members}
    found.update(cluster.key[:8] for cluster in group.clusters)
    found.update(key[:8] for key in group.merged)
    found.update(end for ruling in group.rulings for end in (ruling.a, ruling.b))
    return found


def unchanged(was: Group, built: Group) -> Group | None:
    """Return the group as it was where nothing changes, else None: then `adopt` plans it.

    Nothing changes where the same records are in the same clusters with the same documents and relations, whatever their ids.
    """
    if was.rulings or was.related != built.related:
        return None
    if [(m.id, m.digest) for m in was.members] != [(m.id, m.digest) for m in built.members]:
        return None
    same = {(a.cluster, b.cluster) for a, b in zip(was.members, built.members, strict=True)}
    if len(same) != len({a for a, _ in same}) or len(same) != len({b for _, b in same}):
        return None
    if any(was.clusters[a].canonical != built.clusters[b].canonical for a, b in same):
        return None
    return was if was.vetoed == built.vetoed else msgspec.structs.replace(was, vetoed=built.vetoed)


def adopt(
    was: Sequence[Group], present: Mapping[bytes, bytes], pairs: Pairs, now: int, related: Sequence[Relation]
) -> GroupPlan:
    """Plan what becomes of old groups when their records are divided anew.

    `present` are the digests of all records that were not deleted, of these groups and of the new ones that share them;
    `now` is given to clusters that begin; `related` are all relations that these records have now.
    """
    gone = {member.id for group in was for member in group.members} - present.keys()
    return plan(was, present, gone, pairs, now, related, anew=True)


def redocument(plan: GroupPlan, fingerprint: Callable[[bytes, tuple[bytes, ...]], bytes]) -> GroupPlan:
    """Add the change of clusters that keep their records but have another document than was published.

    `fingerprint` gives the digest of the document of a cluster key and its records.
    """
    changed = {change.key for change in plan.changes}
    clusters, further = list(plan.group.clusters), []
    for index, cluster in enumerate(clusters):
        records = plan.group.records(index)
        if cluster.key in changed or not records or cluster.canonical in (b"", fingerprint(cluster.key, records)):
            continue
        # Without the old digest: `events.describe` would add a second event that says the same.
        clusters[index] = Cluster(cluster.key, cluster.revision + 1, cluster.created)
        further.append(Change("canonical_changed", cluster.key, cluster.revision + 1, records, records))
    if not further:
        return plan
    group = msgspec.structs.replace(plan.group, clusters=tuple(clusters))
    return plan._replace(group=group, changes=(*plan.changes, *further))
