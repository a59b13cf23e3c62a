"""Weighs the clusters that the index found for a query: score, features, and whether one of them is the match. Pure.

`score` is 100 times the probability of the best pair, held below 70 for a doubtful pair and below 50 for a related work, so that a
duplicate always comes first: OpenRefine takes `match` from the candidate with the highest score alone. `match` is true for one
cluster at most: the only duplicate, which the document would join, with no identifier of the query in another cluster; or, for a
query that is nothing but identifiers, the only cluster that they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.matching.decision import DUPLICATE, RELATED, REVIEW
from streams.query.answers import ClusterAnswer, LookupAnswer, MatchAnswer, MatchedCluster
from streams.serve.reconcile.manifest import WORK
from streams.serve.reconcile.protocol import Candidate, Feature

__all__ = ["Weighed", "candidate", "described", "named", "weigh"]

_MOST = {DUPLICATE: 100.0, REVIEW: 69.0, RELATED: 49.0}
_NAMED_ONLY = 50.0
"""Score of a cluster that has an identifier of the query, while its title, authors or date are not those of the query."""
_AUTHORS = 3


class Weighed(NamedTuple):
    """A cluster with its score, before its document is read."""

    cluster_id: str
    score: float
    match: bool
    features: tuple[Feature, ...]


def weigh(lookups: Sequence[LookupAnswer], matched: MatchAnswer | None) -> list[Weighed]:
    """Return the clusters for one query by decreasing score. `matched` is None where the query is nothing but names."""
    identified = list(dict.fromkeys(cluster for lookup in lookups for cluster in lookup.clusters))
    if matched is None:
        sure = len(identified) == 1 and not any(lookup.key_full for lookup in lookups)
        score = round(100 / len(identified), 1) if identified else 0.0
        return [Weighed(cluster, score, sure, (Feature("identifier", True),)) for cluster in identified]
    match = _match(matched, identified)
    found = [
        Weighed(
            each.cluster_id,
            round(min(100 * each.score, _MOST[each.verdict]), 1),
            each.cluster_id == match,
            _features(each, each.cluster_id in identified),
        )
        for each in matched.clusters
    ]
    known = {each.cluster_id for each in matched.clusters}
    found += [
        Weighed(cluster, _NAMED_ONLY, False, (Feature("identifier", True), Feature("joins", False)))
        for cluster in identified
        if cluster not in known
    ]
    return sorted(found, key=lambda each: (not each.match, -each.score, each.cluster_id))


def _match(matched: MatchAnswer, identified: Sequence[str]) -> str:
    """Return the one cluster that the document is surely in, `""` where there is none or more than one."""
    duplicates = [each for each in matched.clusters if each.verdict == DUPLICATE]
    if len(duplicates) != 1 or not duplicates[0].joins or not matched.partitioned:
        return ""
    cluster = duplicates[0].cluster_id
    return cluster if set(identified) <= {cluster} else ""


def _features(found: MatchedCluster, is_named: bool) -> tuple[Feature, ...]:
    return (
        Feature("probability", round(found.score, 4)),
        Feature("joins", found.joins),
        Feature("identifier", is_named),
        Feature("size", found.size),
        *(Feature(f"reason_{code}", True) for code in dict.fromkeys(found.reasons)),
    )


def candidate(weighed: Weighed, cluster: ClusterAnswer) -> Candidate:
    """Return a weighed cluster as a candidate, by its document."""
    return Candidate(
        id=cluster.cluster_id,
        name=named(cluster),
        description=described(cluster),
        type=(WORK,),
        score=weighed.score,
        match=weighed.match,
        features=weighed.features,
    )


def named(cluster: ClusterAnswer) -> str:
    """Return the name of a cluster: its title, its id where it has none."""
    return cluster.document.get("title") or cluster.cluster_id


def described(cluster: ClusterAnswer) -> str:
    """Return authors, journal, year and size of a cluster on one line."""
    document = cluster.document
    authors = document.get("authors", [])
    shown = ", ".join(authors[:_AUTHORS]) + (" et al." if len(authors) > _AUTHORS else "")
    size = f"{cluster.size} record" + ("s" if cluster.size != 1 else "")
    parts = (shown, document.get("journal", ""), str(document.get("year", "")), size)
    return " · ".join(part for part in parts if part)
