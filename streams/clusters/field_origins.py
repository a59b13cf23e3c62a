"""Tells from which record each field of a canonical document comes. Pure.

`canonical.py` does not keep it, for it makes a document at every change; a person asks now and then. The ranking and the choice of
authors are its own functions, and a test holds that both modules agree for any records.
"""

from __future__ import annotations

from collections.abc import Iterable

from streams.clusters.canonical import TEXT_FIELDS, chosen_authors, ranked
from streams.records.record import Record

__all__ = ["field_origins"]

_IDENTIFIERS = (("doi", "doi"), ("arxiv_id", "arxiv"))


def field_origins(records: Iterable[Record]) -> dict[str, tuple[str, ...]]:
    """Return, for each field of the canonical document, the ids of the records that its value comes from.

    It is one record, but for `urls`, which are those of all records. The other fields of the document, `id` and `versions`, come
    from the cluster.
    """
    members = ranked(records)
    origins: dict[str, tuple[str, ...]] = {"source": (members[0].id,)}
    for name, field in TEXT_FIELDS:
        if found := [record.id for record in members if getattr(record, field)]:
            origins[name] = (found[0],)
    if dated := origins.get("publication_date"):
        origins["year"] = dated
    authors = chosen_authors(members)
    origins["authors"] = tuple(record.id for record in members if authors and record.authors == authors)[:1]
    for name, scheme in _IDENTIFIERS:
        if found := [record.id for record in members if record.identifier(scheme)]:
            origins[name] = (found[0],)
    origins["urls"] = tuple(record.id for record in members if record.urls)
    longest = max(members, key=lambda record: (len(record.abstract), record.abstract))
    if longest.abstract:
        origins["abstract"] = (longest.id,)
    return {name: named for name, named in origins.items() if named}
