"""Makes the canonical document of a cluster: the one description of the paper that subscribers use. Pure.

Every field comes from the best-ranked record that has it, so the document depends on the members
alone. Published versions come before preprints; among equals the sources that speak for themselves
(the registrar, the repository) come before those that copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import orjson

from streams.records.record import Author, Record

__all__ = ["SOURCE_RANK", "TEXT_FIELDS", "canonical", "chosen_authors", "is_preprint", "ranked", "render"]

SOURCE_RANK = {
    name: rank
    for rank, name in enumerate(
        (
            "crossref",
            "arxiv",
            "datacite",
            "openalex",
            "semantic_scholar",
            "internet_archive",
            "papers_with_code",
            "core",
            "unpaywall",
        )
    )
}
"""Registrars and repositories describe their own records; aggregators copy and guess (see knowledge of feeds in docs)."""

_PREPRINT_TYPES = frozenset({"preprint", "posted-content", "submitted", "draft"})
_PREPRINT_JOURNALS = ("arxiv", "biorxiv", "medrxiv", "chemrxiv", "research square", "ssrn", "corr")
_PREPRINT_DOIS = (
    "10.48550/",
    "10.1101/",
    "10.21203/rs.",
    "10.20944/preprints",
    "10.26434/chemrxiv",
    "10.36227/techrxiv",
)
_MAX_URLS = 40
_VERSIONS = "versions"
_BEFORE_ID, _BEFORE_VERSIONS = b'{"id":"', b',"versions":'
TEXT_FIELDS = (
    *((name, name) for name in ("title", "subtitle", "journal", "volume", "number", "pages", "publisher", "type")),
    ("language", "language"),
    ("publication_date", "date"),
)
"""Fields of the document, and the record's field each comes from."""
_TEXT_NAMES, _TEXT_VALUES = tuple(name for name, _ in TEXT_FIELDS), attrgetter(*(field for _, field in TEXT_FIELDS))


def is_preprint(record: Record) -> bool:
    """Return whether a record describes a preprint rather than a published version."""
    if record.source == "arxiv" or record.type in _PREPRINT_TYPES:
        return True
    if record.journal.lower().startswith(_PREPRINT_JOURNALS):
        return True
    doi = record.identifier("doi")
    return doi.startswith(_PREPRINT_DOIS) if doi else not record.journal


def canonical(cluster_id: str, records: Iterable[Record]) -> dict[str, Any]:
    """Return the canonical document of a cluster's records, with a short entry for each in `versions`, its last field."""
    members = ranked(records)
    return _of_one(cluster_id, members[0]) if len(members) == 1 else _of_several(cluster_id, members)


def _of_several(cluster_id: str, members: Sequence[Record]) -> dict[str, Any]:
    """Return the document of ranked records."""
    document: dict[str, Any] = {"id": cluster_id, "source": members[0].source}
    for name, field in TEXT_FIELDS:
        for record in members:
            if value := getattr(record, field):
                document[name] = value
                break
    if date := document.get("publication_date"):
        document["year"] = int(date[:4])
    document["authors"] = [author.name for author in chosen_authors(members)]
    for name, scheme in (("doi", "doi"), ("arxiv_id", "arxiv")):
        for record in members:
            if value := record.identifier(scheme):
                document[name] = value
                break
    document["urls"] = list(dict.fromkeys(url for record in members for url in record.urls))[:_MAX_URLS]
    if abstract := _abstract(members):
        document["abstract"] = abstract
    by_date = sorted(members, key=lambda r: (r.date or "9999", r.id))
    document["versions"] = [_version(record) for record in by_date]
    return document


def _of_one(cluster_id: str, record: Record) -> dict[str, Any]:
    """Return the document of one record, as most clusters have, without a loop over members for each field."""
    document: dict[str, Any] = {"id": cluster_id, "source": record.source}
    for name, value in zip(_TEXT_NAMES, _TEXT_VALUES(record), strict=True):
        if value:
            document[name] = value
    if record.date:
        document["year"] = int(record.date[:4])
    document["authors"] = [author.name for author in record.authors]
    if record.identifiers:
        if value := record.identifier("doi"):
            document["doi"] = value
        if value := record.identifier("arxiv"):
            document["arxiv_id"] = value
    document["urls"] = list(dict.fromkeys(record.urls))[:_MAX_URLS] if record.urls else []
    if record.abstract:
        document["abstract"] = record.abstract
    document["versions"] = [_version(record)]
    return document


def render(document: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the document as JSON, and a digest of 6 bytes of all but its id and its list of versions."""
    if next(reversed(document)) != _VERSIONS:
        document = {name: value for name, value in document.items() if name != _VERSIONS} | {
            _VERSIONS: document[_VERSIONS]
        }
    text = orjson.dumps(document)
    # In a text of JSON such quotation marks have a backslash before them.
    content = text[: text.rindex(_BEFORE_VERSIONS)] + b"}"
    # The id comes first; in another generation the same records may have another one until the clusters are compared.
    return text, blake2b(content[len(_BEFORE_ID) + len(document["id"]) :], digest_size=6).digest()


def ranked(records: Iterable[Record]) -> list[Record]:
    """Return records in the order in which a document takes its fields from them."""
    members = list(records)
    return sorted(members, key=_rank) if len(members) > 1 else members


def _rank(record: Record) -> tuple[bool, bool, int, str]:
    return (not record.title, is_preprint(record), SOURCE_RANK.get(record.source, len(SOURCE_RANK)), record.id)


def chosen_authors(members: Sequence[Record]) -> tuple[Author, ...]:
    """Return the author list of the best-ranked record whose list is whole, else the longest."""
    if len(members) == 1:
        return members[0].authors
    whole = [r.authors for r in members if r.authors and r.authors_complete]
    longest = max((len(authors) for authors in whole), default=0)
    for authors in whole:
        # A list with less than half the names others have was cut without saying so.
        if len(authors) * 2 >= longest:
            return authors
    return max((record.authors for record in members), key=len)


def _abstract(members: Sequence[Record]) -> str:
    if len(members) == 1:
        return members[0].abstract
    return max((record.abstract for record in members), key=lambda text: (len(text), text))


def _version(record: Record) -> dict[str, Any]:
    version: dict[str, Any] = {"record": record.id}
    if record.source:
        version["source"] = record.source
    if record.title:
        version["title"] = record.title
    if record.date:
        version["publication_date"] = record.date
    if record.journal:
        version["journal"] = record.journal
    if record.identifiers:
        if value := record.identifier("doi"):
            version["doi"] = value
        if value := record.identifier("arxiv"):
            version["arxiv_id"] = value
    if record.version:
        version["version"] = record.version
    if record.type:
        version["type"] = record.type
    if record.urls and record.urls[0]:
        version["url"] = record.urls[0]
    return version
