"""Commits of groups as values: what is to be committed, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.clusters.group import Group
from streams.clusters.group_plan import Change

__all__ = ["Committed", "PlannedCommit"]


class PlannedCommit(NamedTuple):
    """A group plan ready to be committed: the group with canonical digests and final revisions, and its events.

    `states` are the latest states of the changed clusters, by key; None where a cluster is no more.
    """

    group: Group
    pending: Mapping[str, bytes]
    changes: tuple[Change, ...]
    states: Mapping[bytes, bytes | None]


class Committed(NamedTuple):
    """A group as committed: the record id it is stored under, its raw value, and what was described.

    `before` are earlier events of the same clusters that other workers committed: published first, but left for those
    workers to acknowledge. They may be dead, and what they sent still on its way.
    """

    root: bytes
    raw: bytes
    described: PlannedCommit
    before: Mapping[str, bytes] = {}

    @property
    def events(self) -> Mapping[str, bytes]:
        """Return the events to publish, of each cluster in order: `cluster id:revision` -> the event."""
        return {**self.before, **self.described.pending} if self.before else self.described.pending
