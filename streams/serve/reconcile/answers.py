"""Asks the index: the candidates of a batch of queries, suggestions for what a person types, the clusters of an extension.

A batch is one look-up, one match and one read of clusters, however many queries it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streams.clusters.group import cluster_key
from streams.query.answers import ClusterAnswer, LookupAnswer, MatchAnswer
from streams.query.clusters import Clusters
from streams.query.index_reader import IndexReader
from streams.query.lookup import look_up
from streams.query.match import match
from streams.serve.reconcile.candidates import candidate, weigh
from streams.serve.reconcile.protocol import Candidate, Query, Result, Suggestion
from streams.serve.reconcile.questions import MOST_CANDIDATES, Question, read_query

__all__ = ["clusters_by_id", "reconcile", "suggest"]

_SUGGESTED = 20


def reconcile(index: IndexReader, queries: Mapping[str, Query]) -> dict[str, Result]:
    """Return the candidates of each query, by its key. At most `protocol.MOST_QUERIES` queries."""
    questions = {key: read_query(query) for key, query in queries.items()}
    lookups = _look_up(index, questions.values())
    matched = _match(index, questions)
    weighed = {
        key: weigh([lookups[name] for name in question.names], matched.get(key))[: question.limit]
        for key, question in questions.items()
    }
    clusters = clusters_by_id(index, {each.cluster_id for found in weighed.values() for each in found})
    results = {}
    for key, found in weighed.items():
        candidates: dict[str, Candidate] = {}
        for each in found:
            cluster = clusters.get(each.cluster_id)
            # Since it was found, a cluster may have been merged with another candidate, or lost all of its records.
            if cluster is not None and cluster.records:
                candidates.setdefault(cluster.cluster_id, candidate(each, cluster))
        results[key] = Result(tuple(candidates.values()))
    return results


def suggest(index: IndexReader, text: str, skip: int) -> list[Suggestion]:
    """Return the clusters for what a person has typed: an id, an identifier, a link or a whole title."""
    found = reconcile(index, {"typed": Query(query=text, limit=skip + _SUGGESTED)})["typed"].result
    return [Suggestion(each.id, each.name, each.description, each.type) for each in found[skip:]]


def clusters_by_id(index: IndexReader, identifiers: Iterable[str]) -> dict[str, ClusterAnswer]:
    """Return clusters by the ids that were asked for, redirects followed; those that are not known are left out."""
    keys = {}
    for identifier in identifiers:
        try:
            keys[identifier] = cluster_key(identifier)
        except (ValueError, OverflowError):
            continue
    found = Clusters(index).clusters(list(dict.fromkeys(keys.values()))) if keys else {}
    return {identifier: cluster for identifier, key in keys.items() if (cluster := found[key]) is not None}


def _look_up(index: IndexReader, questions: Iterable[Question]) -> dict[str, LookupAnswer]:
    names = list(dict.fromkeys(name for question in questions for name in question.names))
    return {answer.asked: answer for answer in look_up(index, names)} if names else {}


def _match(index: IndexReader, questions: Mapping[str, Question]) -> dict[str, MatchAnswer]:
    """Return what each document matches, with more clusters than any limit: two duplicates must be seen to be two."""
    records = {key: question.record for key, question in questions.items() if question.record is not None}
    answers = match(index, list(records.values()), MOST_CANDIDATES) if records else []
    return dict(zip(records, answers, strict=True))
