"""Finds clusters by whatever names a paper: a cluster id, a record id, an identifier or a link. Nothing is written.

An identifier is found by its blocking key: one read of the key index, then the features of the records there, of which those count
that have it. So its limits are those of the key index: only the first five identifiers of a record are keys (arXiv id, PMID, PMCID
and DOI before all others), a DOI without its version, an arXiv DOI as the arXiv id that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from streams.clusters.group import cluster_id
from streams.errors import UsageError
from streams.matching.blocking import Key
from streams.query.answers import Found, LookupAnswer
from streams.query.clusters import home_of_cluster
from streams.query.index_reader import Home, IndexReader, homes_in
from streams.query.references import Reference, read_reference
from streams.records.stored import ID_BYTES, id_of
from streams.state.key_index import places
from streams.state.reader import Reader

__all__ = ["MOST_ASKED", "look_up"]

MOST_ASKED = 500
"""Look-ups in one call."""
_LIMIT = "only the first five identifiers of a record are indexed: arXiv id, PMID, PMCID and DOI, then others by name"
_SHAPES = "a cluster id, a record id (source:id), an identifier (doi:10.…, pmid:…, arxiv:…) or a link"


def look_up(index: IndexReader, asked: Sequence[str]) -> list[LookupAnswer]:
    """Answer each look-up, in order.

    Takes four round trips however many are asked for: the key index, features, groups, names; one more where groups were merged.

    Raises:
        UsageError: where more than `MOST_ASKED` are asked for.

    """
    if len(asked) > MOST_ASKED:
        raise UsageError(f"{len(asked)} look-ups at once; at most {MOST_ASKED} are answered")
    references = [read_reference(text) for text in asked]
    reader = index.reader()
    entries = _entries(index, references)
    named = {id_of(reference.record) for reference in references if reference.record}
    reader.load([*named, *(record for found, _ in entries.values() for record in found)])
    have = {work: _those_with(index, reader, work, found) for work, (found, _) in entries.items()}
    founders = {reference.cluster[:ID_BYTES] for reference in references if reference.cluster}
    groups = index.groups_of({*named, *founders, *(record for found in have.values() for record in found)})
    homes = homes_in(groups)
    reader.load_records(record for record in homes if reader.is_live(record))
    full = {work for work, (_, is_full) in entries.items() if is_full}
    answers = []
    for text, reference in zip(asked, references, strict=True):
        if reference.cluster:
            key = reference.cluster
            answers.append(_by_cluster(text, key, home_of_cluster(groups[key[:ID_BYTES]], key)))
        else:
            answers.append(_by_records(text, reference, have, full, homes, reader))
    return answers


def _entries(index: IndexReader, references: Iterable[Reference]) -> dict[str, tuple[list[bytes], bool]]:
    """Return the records under the blocking key of each identifier, and whether that key is full."""
    works = list(dict.fromkeys(work for reference in references for work in reference.identifiers))
    where = places(index.layout, [Key("id", work) for work in works])
    replies = index.connection.execute(index.keys.get(where))
    return {
        work: (index.keys.candidates(packed), index.keys.is_full(packed, loose=False))
        for work, reply in zip(works, replies, strict=True)
        for packed in [reply or b""]
    }


def _those_with(index: IndexReader, reader: Reader, work: str, records: Iterable[bytes]) -> list[bytes]:
    """Return the live records that have an identifier; others are under its key for a relation, or by a collision of keys."""
    return [r for r in records if (blob := reader.features(r)) and work in index.store.features(blob).ids]


def _by_cluster(text: str, key: bytes, home: Home | None) -> LookupAnswer:
    if home is None:
        detail = f"no cluster {cluster_id(key)} is known"
        return LookupAnswer(asked=text, read_as=("cluster",), code="unknown_cluster", detail=detail)
    name = cluster_id(home.cluster.key)
    return LookupAnswer(
        asked=text, read_as=("cluster",), clusters=(name,), merged_into=name if key != home.cluster.key else ""
    )


def _by_records(
    text: str,
    reference: Reference,
    have: Mapping[str, Sequence[bytes]],
    full: set[str],
    homes: Mapping[bytes, Home],
    reader: Reader,
) -> LookupAnswer:
    if reference.is_empty:
        return LookupAnswer(asked=text, code="malformed", detail=f"{text!r} names nothing; expected {_SHAPES}")
    wanted = [id_of(reference.record)] if reference.record else []
    wanted += [record for work in reference.identifiers for record in have[work]]
    found = {
        (record.id, cluster_id(homes[key].cluster.key))
        for key in wanted
        if key in homes and reader.is_live(key) and (record := reader.record(key)) is not None
    }
    answer = LookupAnswer(
        asked=text,
        read_as=(*((reference.record,) if reference.record else ()), *reference.identifiers),
        clusters=tuple(sorted({cluster for _, cluster in found})),
        records=tuple(Found(*each) for each in sorted(found)),
        key_full=not full.isdisjoint(reference.identifiers),
    )
    return answer if found else _not_found(answer, reference)


def _not_found(answer: LookupAnswer, reference: Reference) -> LookupAnswer:
    code, detail = "unknown_record", f"no record {reference.record!r} is known"
    if reference.identifiers:
        code, detail = "unknown_identifier", f"no record with {' or '.join(reference.identifiers)} was found; {_LIMIT}"
    return LookupAnswer(asked=answer.asked, read_as=answer.read_as, key_full=answer.key_full, code=code, detail=detail)
