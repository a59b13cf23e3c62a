"""Answers of the read path as values: what the command line prints with `--json`, and the JSON types of the API."""

from __future__ import annotations

from typing import Any

import msgspec

from streams.clusters.corrections import Correction

__all__ = [
    "ClusterAnswer",
    "Found",
    "Link",
    "LookupAnswer",
    "MatchAnswer",
    "MatchedCluster",
    "PreviewAnswer",
    "PreviewCluster",
    "RecordAnswer",
    "RelatedWork",
    "Spanning",
]


class Found(msgspec.Struct, frozen=True):
    """A record that a look-up found, and the cluster that it is in."""

    record: str
    cluster_id: str


class LookupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one look-up, `asked` as it was given.

    `read_as` has what it was read as: `cluster`, a record id, `scheme:value` in normal form. `clusters` are the ids of the
    clusters found, redirects followed, `records` the records that were found by a record id or an identifier; both are empty where
    nothing was found, and `code` and `detail` then say why. `merged_into` names the surviving cluster where a cluster id was asked
    for that was merged away. `key_full`: the identifier's blocking key holds as many records as it may (`STREAMS_KEY_CAP`), so
    further records may have it, nearly always in the same clusters.
    """

    asked: str
    read_as: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    records: tuple[Found, ...] = ()
    merged_into: str = ""
    key_full: bool = False
    code: str = ""
    detail: str = ""


class Link(msgspec.Struct, frozen=True):
    """Two records, and the decision that links them."""

    a: str
    b: str
    score: float
    reasons: tuple[str, ...]


class Spanning(msgspec.Struct, frozen=True):
    """The strongest links that connect the records of a cluster, as few as possible: a maximum spanning forest.

    `links` are the strongest, `left_out` is how many further links the forest has. `parts` is the number of trees: 1 where links
    alone connect the cluster, more where corrections do, or where links were not found within the bound. `exact` is false where
    the cluster is too large to compare all pairs: the links are links, but stronger ones may be among the pairs left out.
    `compared` is the number of records that the forest connects: not all of a cluster of more than 300.
    """

    links: tuple[Link, ...]
    left_out: int
    parts: int
    exact: bool
    compared: int


class RelatedWork(msgspec.Struct, frozen=True):
    """A relation of a record of the cluster to a record of another work."""

    relation: str
    record: str
    other: str


class ClusterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster. `document` and `records` are empty where all of its records were deleted.

    `merged_from` is the id that was asked for, where that cluster was merged into this one. `records` are sorted, `size` counts
    them.
    """

    cluster_id: str
    revision: int
    size: int
    records: tuple[str, ...]
    document: dict[str, Any]
    relations: tuple[RelatedWork, ...] = ()
    merged_from: str = ""


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A stored record: its document, its cluster, and the version of its payload.

    `updated` is the source's time of change as Unix seconds, 0 where it gave none; `arrived` the broker's time in ms.
    """

    record: str
    cluster_id: str
    document: dict[str, Any]
    version: int
    updated: int
    arrived: int


class MatchedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that a document matches, by its best record there.

    `joins`: the document would come into this cluster. Where it would not although the verdict is `duplicate`, `kept_out_by` is a
    record of the cluster that contradicts the document, `""` where the reason is another one (a rival title, a cap).
    """

    cluster_id: str
    joins: bool
    verdict: str
    score: float
    reasons: tuple[str, ...]
    relation: str
    record: str
    title: str
    size: int
    kept_out_by: str = ""


class MatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The clusters that a document would join, were it sent now; those that it only resembles follow.

    `cluster_id` is the cluster it would be in, `""` for a new one; where `joins` of several clusters is set, they would become
    one. `stored_in` is the cluster that has a record of this id already, which the document would replace. `candidates` counts
    the records it was compared with, `left_out` the matched clusters beyond the limit, `full_keys` the blocking keys with as many
    records as they may have. `partitioned` is false where the group is too large to be divided for an answer: `joins` then says
    which clusters are linked, and `cluster_id` is empty. Where the document cannot be read, `code` and `detail` say why.
    """

    record: str = ""
    cluster_id: str = ""
    clusters: tuple[MatchedCluster, ...] = ()
    left_out: int = 0
    candidates: int = 0
    full_keys: int = 0
    stored_in: str = ""
    partitioned: bool = True
    warnings: tuple[str, ...] = ()
    code: str = ""
    detail: str = ""


class PreviewCluster(msgspec.Struct, frozen=True):
    """A cluster as it would be. `before` are the present clusters of its records; `is_new`: its id is not in use yet."""

    cluster_id: str
    records: tuple[str, ...]
    before: tuple[str, ...]
    is_new: bool


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The clusters that would result from corrections.

    `conflicts` are the corrections in force that refuse one of them, `refused` is the code of the refusal; nothing changes then.
    `unknown` are records that are not stored: the correction would wait for them. `clusters` are those that would change, or all
    of the records' groups where none does. `computed` is false where a group is too large to be divided for an answer.
    """

    clusters: tuple[PreviewCluster, ...] = ()
    changes: bool = False
    conflicts: tuple[Correction, ...] = ()
    refused: str = ""
    detail: str = ""
    unknown: tuple[str, ...] = ()
    computed: bool = True
