"""Previews corrections: the clusters that would result, by the engine's own plan, and the doubtful pairs that they would settle.

Nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.clusters.corrections import Correction, Standing, Verdict, ruling
from streams.clusters.group import Group, Ruling, cluster_id
from streams.clusters.merge_jobs import MergeRequest
from streams.query.answers import PreviewAnswer, PreviewCluster
from streams.query.doubts import is_settled
from streams.query.hypothetical import Hypothetical, Planned
from streams.query.index_reader import Home, IndexReader
from streams.records.stored import id_of
from streams.state.reader import Reader

__all__ = ["Foresight", "foresee", "preview"]


class Foresight(NamedTuple):
    """What would result from corrections. `homes` has the clusters that the records of the groups concerned would be in."""

    answer: PreviewAnswer
    homes: Mapping[bytes, Home] = {}

    def settles(self, a: str, b: str) -> bool:
        """Tell whether the question about a pair that is open now would be settled."""
        mine, theirs = self.homes.get(id_of(a)), self.homes.get(id_of(b))
        return mine is not None and theirs is not None and is_settled(mine, theirs)


def preview(index: IndexReader, corrections: Sequence[Correction]) -> PreviewAnswer:
    """Return the clusters that would result from corrections, decided in their order as a worker would.

    Splitting a cluster into several takes several corrections, so they are previewed together. The first that would be
    refused ends the preview, and the corrections that it contradicts are named.
    """
    return foresee(index, corrections).answer


def foresee(index: IndexReader, corrections: Sequence[Correction]) -> Foresight:
    """Return what `preview` does, together with where every record concerned would be."""
    standing = Standing(index.corrections.all())
    verdicts: list[Verdict] = []
    for correction in corrections:
        verdict = standing.decide(correction)
        if not verdict.accepted:
            return Foresight(_refused(standing, verdict))
        standing.take(verdict)
        verdicts.append(verdict)
    records = sorted({record for verdict in verdicts for record in (verdict.a, verdict.b)})
    reader = index.reader()
    keys = [id_of(record) for record in records]
    reader.load(keys)
    unknown = tuple(r for r, key in zip(records, keys, strict=True) if not reader.is_live(key))
    request = MergeRequest(frozenset(keys), (), rulings=_latest(verdicts))
    hypothetical = Hypothetical(index, reader)
    (jobs,) = hypothetical.jobs([request])
    planned = hypothetical.plan(jobs)
    reader.load_records(record for each in planned for record in each.job.all_records)
    groups = [plan.group for _, plan in planned if plan is not None]
    homes = {member.id: Home(group, member.cluster) for group in groups for member in group.members}
    return Foresight(_answer(planned, reader, unknown), homes)


def _latest(verdicts: Sequence[Verdict]) -> tuple[Ruling, ...]:
    """Return the constraint of the last correction on each pair."""
    return tuple({(made.a, made.b): made for made in map(ruling, verdicts)}.values())


def _refused(standing: Standing, verdict: Verdict) -> PreviewAnswer:
    against = tuple(standing.contradicted(verdict.correction))
    return PreviewAnswer(conflicts=against, refused=verdict.code, detail=verdict.detail)


def _answer(planned: Sequence[Planned], reader: Reader, unknown: tuple[str, ...]) -> PreviewAnswer:
    clusters: list[PreviewCluster] = []
    for job, plan in planned:
        if plan is not None:
            homes = _homes(job.groups)
            clusters += _clusters(plan.group, homes, {c.key for g in job.groups for c in g.clusters}, reader)
    computed = all(plan is not None for _, plan in planned)
    changed = [c for c in clusters if c.is_new or c.before != (c.cluster_id,)]
    moved = {before for c in changed for before in c.before}
    shown = [c for c in clusters if c in changed or c.cluster_id in moved] or clusters
    return PreviewAnswer(
        clusters=tuple(sorted(shown, key=lambda c: c.cluster_id)),
        changes=bool(changed),
        unknown=unknown,
        computed=computed,
    )


def _homes(groups: Sequence[Group]) -> dict[bytes, bytes]:
    """Return the key of the cluster that each record is in now."""
    return {member.id: group.clusters[member.cluster].key for group in groups for member in group.members}


def _clusters(group: Group, homes: dict[bytes, bytes], keys: set[bytes], reader: Reader) -> list[PreviewCluster]:
    found = []
    for index, cluster in enumerate(group.clusters):
        if records := group.records(index):
            names = sorted(known.id if (known := reader.record(r)) else r.hex() for r in records)
            before = sorted({cluster_id(homes[r]) for r in records if r in homes})
            found.append(PreviewCluster(cluster_id(cluster.key), tuple(names), tuple(before), cluster.key not in keys))
    return found
