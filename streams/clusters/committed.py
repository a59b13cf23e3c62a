"""What a commit of a group is made of, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from streams.clusters.draft import Change
from streams.clusters.group import Group

__all__ = ["Committed", "Described"]


class Described(NamedTuple):
    """A draft made ready: the group with canonical digests and final revisions, and the events owed for it.

    `states` are the latest states of the changed clusters, by key; None where a cluster is no more.
    """

    group: Group
    owed: Mapping[str, bytes]
    changes: tuple[Change, ...]
    states: Mapping[bytes, bytes | None]


class Committed(NamedTuple):
    """A group as committed: where it lives, its raw value, and what was described.

    `before` are events that others owe of the same clusters: published first, but left for them to confirm. They may be
    dead, and what they sent still on its way.
    """

    root: bytes
    raw: bytes
    described: Described
    before: Mapping[str, bytes] = {}

    @property
    def events(self) -> Mapping[str, bytes]:
        """What is to be published, of each cluster in order: `cluster id:revision` -> the event."""
        return {**self.before, **self.described.owed}
