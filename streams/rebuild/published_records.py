"""Records made from canonical documents, where `records.*` no longer have the payload: as far as the document tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.records.record import Author, Identifier, Record
from streams.records.version import RecordVersion

__all__ = ["record_from", "version_of"]

_SHARED = ("subtitle", "volume", "number", "pages", "publisher", "language", "abstract")
"""Fields of a document that `versions` do not repeat: they are of one record where the cluster has no other."""


def record_from(record_id: str, document: Mapping[str, Any]) -> Record:
    """Return a record of a cluster with this canonical document.

    Its entry in `versions` has title, date, journal, DOI, arXiv id and one URL; the authors are those of the cluster. What the
    document does not name is left out.
    """
    source, _, source_id = record_id.partition(":")
    versions = [dict(version) for version in document.get("versions", ())]
    own = next((version for version in versions if version.get("record") == record_id), {})
    alone = len(versions) <= 1
    texts: dict[str, Any] = {name: str(document[name]) for name in _SHARED if name in document} if alone else {}
    names = (("doi", "doi"), ("arxiv", "arxiv_id"))
    return Record(
        source=source,
        source_id=source_id,
        title=str(own.get("title", document.get("title", "") if alone else "")),
        authors=tuple(Author(str(name)) for name in document.get("authors", ())),
        date=str(own.get("publication_date", "")),
        journal=str(own.get("journal", "")),
        type=str(own.get("type", "")),
        identifiers=tuple(Identifier(scheme, str(own[name])) for scheme, name in names if own.get(name)),
        urls=tuple(map(str, document.get("urls", ()))) if alone else tuple(str(own[n]) for n in ("url",) if n in own),
        version=int(own.get("version", 0)),
        **texts,
    )


def version_of(record: Record, content: bytes) -> RecordVersion:
    """Return a record version that every payload of the record replaces, and no payload of an earlier version."""
    return RecordVersion.of(content, version=max(record.version - 1, 0), taken=1)
