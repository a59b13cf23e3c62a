"""Plans of groups as values: the new group and the typed changes of its clusters. Pure."""

from __future__ import annotations

from typing import NamedTuple

from streams.clusters.group import Group, Relation

__all__ = ["Change", "GroupPlan"]


class Change(NamedTuple):
    """One cluster's change. `before` and `after` are sorted 8-byte record ids.

    `others` are the clusters merged into this one (`merged`, after not empty), the one this was merged into
    (`merged`, after empty), the ones split off (`split`) or the one this was split from (`created`). `published_before` are,
    in place of `before`, the names of the records that the cluster had by the event before, where Redis does not know them
    any more.
    """

    type: str
    key: bytes
    revision: int
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()
    published_before: tuple[str, ...] | None = None


class GroupPlan(NamedTuple):
    """The new group, still without digests of canonical documents, and its changes in order.

    `relations`: (`relation_added` or `relation_removed`, cluster key, the relations that came or went) of clusters that stay.
    `doubtful` are members of which an event may have published another document than the current one.
    """

    group: Group
    changes: tuple[Change, ...]
    relations: tuple[tuple[str, bytes, tuple[Relation, ...]], ...] = ()
    doubtful: frozenset[bytes] = frozenset()
