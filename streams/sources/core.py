"""CORE: works of API v3, their outputs, and hits of the retired v2.

Works and outputs are numbered separately. A record's id is the work's number; an output that comes without its work has
the id `output/<number>`. Names of publishers are in quotes, titles are broken over several lines.
"""

from __future__ import annotations

from typing import Any

from streams.normalize.identifiers import normalize
from streams.records.record import Delete, Record
from streams.sources import authors as names
from streams.sources.payloads import Adapter, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "core"
_TYPES = {
    "doi": "doi",
    "arxiv_id": "arxiv",
    "arxiv": "arxiv",
    "pubmed_id": "pmid",
    "pubmed": "pmid",
    "pmid": "pmid",
    "mag_id": "mag",
    "core_id": "core",
}


def _source_id(data: Json, builder: RecordBuilder) -> str:
    """Return the id; fields that only outputs have (`repositories`, v2's `repositoryDocument`) distinguish outputs from works."""
    if data.get("repositoryDocument") or data.get("repositories"):
        output = builder.identify("core", data.get("id"), "id")
        return f"output/{output}" if output else ""
    return builder.identify("core_work", data.get("id"), "id")


def _identifiers(data: Json, builder: RecordBuilder) -> None:
    for field, scheme in (("doi", "doi"), ("arxivId", "arxiv"), ("pubmedId", "pmid"), ("magId", "mag")):
        if value := data.get(field):
            builder.identify(scheme, value, field)
    for item in builder.items(data.get("identifiers"), "identifiers", 100):
        if isinstance(item, dict):
            kind, value = item.get("type"), item.get("identifier")
            if isinstance(kind, str) and kind.lower() in _TYPES:
                builder.identify(_TYPES[kind.lower()], value, "identifiers")
        elif isinstance(item, str):
            builder.link(item, "identifiers")
    for name in (*builder.items(data.get("oaiIds"), "oaiIds", 50), data.get("oai")):
        if isinstance(name, str):
            builder.link(name, "oaiIds")


def _links(data: Json, builder: RecordBuilder) -> None:
    for field in ("outputs", "sourceFulltextUrls", "urls"):
        listed = data.get(field)
        for url in [listed] if isinstance(listed, str) else builder.items(listed, field, 100):
            builder.link(url, field)
    builder.link(data.get("downloadUrl") or data.get("fullTextIdentifier"), "downloadUrl")
    for item in builder.items(data.get("links"), "links", 100):
        if isinstance(item, dict) and item.get("type") in ("download", "display", "reader"):
            builder.link(item.get("url"), "links")


def _journal(data: Json, builder: RecordBuilder) -> str:
    for item in builder.items(data.get("journals"), "journals", 10):
        if title := builder.text(item.get("title") if isinstance(item, dict) else item, "journals"):
            return title
    return ""


def _language(value: Any, builder: RecordBuilder) -> str:
    return builder.text(value.get("code") if isinstance(value, dict) else value, "language", 100)


def read(data: Json) -> Record | Delete:
    """Read one work or output.

    Raises:
        PayloadError: `no_identity`.

    """
    builder = RecordBuilder(NAME)
    source_id = _source_id(data, builder)
    if delete_marked(data) or data.get("disabled") is True:
        reason = "disabled" if data.get("disabled") is True else "delete_marker"
        return builder.delete(source_id, reason, data.get("updatedDate"))
    _identifiers(data, builder)
    _links(data, builder)
    authors, complete = names.from_items(builder.items(data.get("authors"), "authors", MAX_AUTHORS), builder)
    date = builder.date(data.get("publishedDate") or data.get("datePublished"), "publishedDate")
    kind = data.get("documentType")
    return builder.record(
        source_id,
        title=builder.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date or builder.date(data.get("yearPublished") or data.get("year"), "yearPublished"),
        journal=_journal(data, builder),
        publisher=builder.text(data.get("publisher"), "publisher").strip("'\" "),
        abstract=builder.text(data.get("abstract") or data.get("description"), "abstract", MAX_ABSTRACT),
        type=builder.text(kind, "documentType", 100).lower(),
        language=_language(data.get("language"), builder),
        updated=builder.timestamp(data.get("updatedDate"), "updatedDate"),
    )


def source_id(key: str) -> str:
    """Return a work's id, from a topic's key: a number or URL, or `output/<number>`."""
    scheme = "core" if "output" in key else "core_work"
    identifier = normalize(scheme, key.rpartition("/")[2])
    if identifier is None:
        return ""
    return f"output/{identifier.value}" if scheme == "core" else identifier.value


ADAPTER = Adapter(NAME, read_json(envelope("results", "data", inner=("_source",)), read), source_id)
