"""Matches documents that are not stored: which clusters would they join. Nothing is written.

A document takes the path of a record that arrives: features, blocking keys, prefilter, decisions, and the engine's own plan of the
groups that come together. Only what the engine stores and commits is left out. A document with the id of a stored record would
replace it, and is matched so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.clusters.group import cluster_id
from streams.clusters.merge_jobs import MergeJob, MergeRequest
from streams.errors import UsageError
from streams.matching.blocking import blocking_keys
from streams.matching.decision import DUPLICATE, RELATED, REVIEW, Decision
from streams.matching.features import extract
from streams.matching.prefilter import prefilter, signature
from streams.query.answers import MatchAnswer, MatchedCluster
from streams.query.hypothetical import Hypothetical
from streams.query.index_reader import Home, IndexReader, groups_in, homes_in
from streams.records.record import Record
from streams.records.stored import Stored, id_of
from streams.records.version import RecordVersion
from streams.state.places import count, fields, is_weak, names, places_of
from streams.state.reader import Reader

__all__ = ["MOST_CLUSTERS", "MOST_MATCHED", "match"]

MOST_MATCHED = 50
"""Documents in one call."""
MOST_CLUSTERS = 5
"""Clusters of one answer, unless another limit is asked for."""
_ORDER = {DUPLICATE: 0, REVIEW: 1, RELATED: 2}
_READ_WHOLE = 32
"""Candidates up to which all that is stored of them is read at once, before it is known which of them matter."""
_TESTED = 200
"""Records of a cluster that are asked whether they keep a duplicate out."""


class _Asked(NamedTuple):
    """A document that is matched: its record as it would be stored, and the places of its blocking keys (`state/places.py`)."""

    record: Record
    id: bytes
    stored: Stored
    signature: bytes
    places: bytes


class _Found(NamedTuple):
    """A document, the records that share a blocking key with it and pass the prefilter, and how many of its keys are full."""

    asked: _Asked
    records: Sequence[bytes]
    full_keys: int


class _Near(NamedTuple):
    """A document, the number of its candidates, the decisions other than `distinct`, and how many of its keys are full."""

    asked: _Asked
    candidates: int
    decisions: Mapping[bytes, Decision]
    full_keys: int

    @property
    def request(self) -> MergeRequest:
        """Return the changes that the document would make."""
        links = tuple((self.asked.id, other) for other, d in self.decisions.items() if d.verdict == DUPLICATE)
        return MergeRequest(frozenset((self.asked.id,)), links)


class _Outcome(NamedTuple):
    """What the plan says of a document: its cluster, `b""` for a new one, the records with it, and whether a plan was made."""

    key: bytes
    together: frozenset[bytes]
    partitioned: bool


def match(index: IndexReader, records: Sequence[Record], limit: int = MOST_CLUSTERS) -> list[MatchAnswer]:
    """Return the clusters that each document would join, were it alone, in order; at most `limit` clusters each.

    Takes two round trips for few candidates, else three: the key index, features, and what is stored of those that matter. One more
    where groups were merged, one where a cluster has records that are no candidates.

    Raises:
        UsageError: where more than `MOST_MATCHED` documents are given.

    """
    if len(records) > MOST_MATCHED:
        raise UsageError(f"{len(records)} documents at once; at most {MOST_MATCHED} are matched")
    reader = index.reader()
    found = _candidates(index, [_prepare(index, record) for record in records])
    every = {record for each in found for record in (each.asked.id, *each.records)}
    values: Mapping[bytes, bytes] = {}
    if len(every) <= _READ_WHOLE:
        values = index.read_whole(reader, every)
    else:
        reader.load(every)
    near = [_decide(index, reader, each) for each in found]
    wanted = {record for each in near for record in (each.asked.id, *each.decisions)}
    roots = index.groups.resolve(wanted, values or index.read_whole(reader, wanted))
    homes = homes_in(groups_in(roots))
    hypothetical = Hypothetical(index, reader)
    jobs = hypothetical.jobs([each.request for each in near], roots)
    answers = []
    for each, planned in zip(near, jobs, strict=True):
        outcome = _outcome(hypothetical, reader, each, planned)
        answers.append(_answer(index, reader, each, homes, outcome, limit))
    return answers


def _prepare(index: IndexReader, record: Record) -> _Asked:
    features = extract(record)
    stored_version = RecordVersion.of(index.store.content(record), version=record.version, updated=record.updated)
    stored = Stored.of(stored_version, index.store.encode_features(features))
    asked = _Asked(
        record, id_of(record.id), stored, signature(features), places_of(index.layout, blocking_keys(features))
    )
    index.decisions.cache_keys(stored.features, asked.signature, asked.places)
    return asked


def _candidates(index: IndexReader, asked: Sequence[_Asked]) -> list[_Found]:
    """Read the candidates of each document from the key index."""
    keys = [name for each in asked for name in names(each.places, index.layout.key_names)]
    width = index.layout.fingerprint_bytes
    replies = iter(index.connection.read_fields(keys, [f for each in asked for f in fields(each.places, width)]))
    found: list[_Found] = []
    for each in asked:
        met: dict[bytes, None] = {}
        full, may = 0, prefilter(each.signature)
        for place, packed in zip(range(count(each.places)), replies, strict=False):
            if packed:
                loose = is_weak(each.places, place)
                full += index.keys.is_full(packed, loose=loose)
                met.update(dict.fromkeys(index.keys.candidates(packed, may if loose else None)))
        met.pop(each.id, None)
        found.append(_Found(each, list(met), full))
    return found


def _decide(index: IndexReader, reader: Reader, found: _Found) -> _Near:
    """Decide on each candidate of a document."""
    live = [other for other in found.records if reader.is_live(other)]
    features = found.asked.stored.features
    decided = {other: index.decisions.decide(features, reader.features(other)) for other in live}
    return _Near(found.asked, len(live), {o: d for o, d in decided.items() if d.verdict in _ORDER}, found.full_keys)


def _outcome(hypothetical: Hypothetical, reader: Reader, near: _Near, jobs: Sequence[MergeJob]) -> _Outcome:
    """Plan the groups that the document would bring together, as if it had been stored."""
    asked = near.asked
    before = reader.stored().get(asked.id)
    reader.cache(asked.id, asked.stored, None)
    planned = hypothetical.plan(jobs)
    reader.forget([asked.id])
    if before is not None:
        reader.cache(asked.id, before, None)
    for job, plan in planned:
        if plan is not None and (member := plan.group.member(asked.id)) is not None:
            key = plan.group.clusters[member.cluster].key
            known = {cluster.key for group in job.groups for cluster in group.clusters}
            return _Outcome(key if key in known else b"", frozenset(plan.group.records(member.cluster)), True)
    linked = frozenset(other for other, decision in near.decisions.items() if decision.verdict == DUPLICATE)
    return _Outcome(b"", linked, False)


def _answer(
    index: IndexReader, reader: Reader, near: _Near, homes: Mapping[bytes, Home], outcome: _Outcome, limit: int
) -> MatchAnswer:
    best: dict[bytes, tuple[bytes, Decision]] = {}
    for other, decision in sorted(near.decisions.items(), key=lambda item: (*_rank(item[1]), item[0])):
        if other in homes:
            best.setdefault(homes[other].cluster.key, (other, decision))
    clusters = [
        _matched(index, reader, near.asked, homes[other], other, decision, outcome.together)
        for other, decision in best.values()
    ]
    clusters.sort(key=lambda found: (not found.joins, _ORDER[found.verdict], -found.score, found.cluster_id))
    own = homes.get(near.asked.id)
    return MatchAnswer(
        record=near.asked.record.id,
        cluster_id=cluster_id(outcome.key) if outcome.key else "",
        clusters=tuple(clusters[:limit]),
        left_out=max(len(clusters) - limit, 0),
        candidates=near.candidates,
        full_keys=near.full_keys,
        stored_in=cluster_id(own.cluster.key) if own else "",
        partitioned=outcome.partitioned,
        warnings=near.asked.record.warnings,
    )


def _rank(decision: Decision) -> tuple[int, float]:
    return _ORDER[decision.verdict], -decision.score


def _matched(
    index: IndexReader,
    reader: Reader,
    asked: _Asked,
    home: Home,
    other: bytes,
    decision: Decision,
    together: frozenset[bytes],
) -> MatchedCluster:
    record = reader.record(other) or Record(source="unknown", source_id=other.hex())
    joins = not together.isdisjoint(home.records)
    apart = "" if joins or decision.verdict != DUPLICATE else _kept_out_by(index, reader, asked, home)
    return MatchedCluster(
        cluster_id=cluster_id(home.cluster.key),
        joins=joins,
        verdict=decision.verdict,
        score=decision.score,
        reasons=decision.reasons,
        relation=decision.relation,
        record=record.id,
        title=record.title,
        size=len(home.records),
        kept_out_by=apart,
    )


def _kept_out_by(index: IndexReader, reader: Reader, asked: _Asked, home: Home) -> str:
    """Return a record of the cluster that contradicts the document, `""` where none of the first does."""
    for record in home.records[:_TESTED]:
        blob = reader.features(record)
        if blob and index.decisions.decide(asked.stored.features, blob).veto:
            reader.load_records([record])
            found = reader.record(record)
            return found.id if found else ""
    return ""
