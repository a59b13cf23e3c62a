"""Commits singleton clusters, as most records of most feeds make, in two round trips and without a plan.

A record is committed here where nothing ties it to another: no link, relation or correction of the batch names it, Redis holds
no group under its id (the compare-and-set expects none), and what the intake described is what is stored now. All else is left
to the committer, and so is a record that another worker has changed in the meantime.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.clusters.committed import Committed, PlannedCommit
from streams.clusters.merge_jobs import MergeRequest
from streams.state.group_store import Commit, GroupStore
from streams.state.reader import Reader

__all__ = ["commit_births"]


def commit_births(
    groups: GroupStore, request: MergeRequest, births: Mapping[bytes, PlannedCommit], reader: Reader
) -> tuple[list[Committed], MergeRequest, set[bytes]]:
    """Commit singleton clusters; return them, what is left of the request, and the records that changed meanwhile.

    `births` are descriptions of clusters of one record each, by record id. A record that changed has an event about its
    earlier content, so it stays in the request.
    """
    tied = request.ends
    alone = [record for record in births if record not in tied and _is_current(births[record], record, reader)]
    commits = [
        Commit(record, b"", groups.encode(record, births[record].group), births[record].pending) for record in alone
    ]
    done = [
        Committed(commit.id, commit.value, births[commit.id], before)
        for commit, before in zip(commits, groups.commit_events(commits), strict=True)
        if before is not None
    ]
    if not done:
        return done, request, set()
    changed = set(reader.changed(born.root for born in done))
    reader.forget(changed)
    left = request.records.difference(born.root for born in done if born.root not in changed)
    return done, request._replace(records=left), changed


def _is_current(birth: PlannedCommit, record: bytes, reader: Reader) -> bool:
    """Return whether a description was made from the content and the arrival that are stored of a record."""
    stored = reader.stored().get(record)
    return (
        stored is not None
        and stored.version.live
        and birth.group.members[0].digest == stored.version.digest
        and birth.group.clusters[0].created == stored.version.taken
    )
