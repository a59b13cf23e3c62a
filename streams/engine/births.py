"""Commits singleton clusters, as most records of most feeds make, in one round trip, without a plan, and as bytes.

A record is committed here where nothing ties it to another: no link, relation or correction of the batch names it, Redis holds
no group under its id (the compare-and-set expects none), and what the intake described is what is stored now. All else is left
to the committer, and so is a record that another worker has changed in the meantime.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.clusters.merge_jobs import MergeRequest
from streams.engine.upsert import Upsert
from streams.state.group_store import GroupStore, SingletonCommit
from streams.state.reader import Reader

__all__ = ["commit_births"]


def commit_births(
    groups: GroupStore, request: MergeRequest, upserts: Sequence[Upsert], reader: Reader
) -> tuple[list[SingletonCommit], MergeRequest, set[bytes]]:
    """Commit singleton clusters; return them, what is left of the request, and the records that changed meanwhile.

    `upserts` are the records of the request, each with the cluster that it creates where it is alone. A record that changed has
    an event about its earlier content, so it stays in the request.
    """
    tied, stored = request.ends, reader.stored()
    commits = []
    for upsert in upserts:
        singleton, record = upsert.singleton, upsert.id
        # Another object is what another worker has stored since.
        if singleton is not None and record not in tied and stored.get(record) is upsert.now:
            commits.append(SingletonCommit(record, upsert.now.header, singleton.event_id, singleton))
    if not commits:
        return [], request, set()
    refused, changed = groups.commit_singletons(commits)
    done = [commit for commit in commits if commit.id not in refused] if refused else commits
    reader.forget(changed)
    left = request.records.difference(commit.id for commit in done if commit.id not in changed)
    return done, request._replace(records=left), changed
