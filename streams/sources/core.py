"""CORE: works of API v3, their outputs, and hits of the retired v2.

Works and outputs number apart. A record's id is the work's number; an output that comes alone has
the id `output/<number>`. Publishers come in quotes, titles folded over lines.
"""

from __future__ import annotations

from typing import Any

from streams.normalize.identifiers import normalize
from streams.records.record import Delete, Record
from streams.sources import authors as names
from streams.sources.drafts import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, Draft, delete_marked
from streams.sources.payloads import Adapter, Json, envelope, read_json

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


def _source_id(data: Json, draft: Draft) -> str:
    """The id; what only outputs have (`repositories`, v2's `repositoryDocument`) tells an output from a work."""
    if data.get("repositoryDocument") or data.get("repositories"):
        output = draft.identify("core", data.get("id"), "id")
        return f"output/{output}" if output else ""
    return draft.identify("core_work", data.get("id"), "id")


def _identifiers(data: Json, draft: Draft) -> None:
    for field, scheme in (("doi", "doi"), ("arxivId", "arxiv"), ("pubmedId", "pmid"), ("magId", "mag")):
        if value := data.get(field):
            draft.identify(scheme, value, field)
    for item in draft.items(data.get("identifiers"), "identifiers", 100):
        if isinstance(item, dict):
            kind, value = item.get("type"), item.get("identifier")
            if isinstance(kind, str) and kind.lower() in _TYPES:
                draft.identify(_TYPES[kind.lower()], value, "identifiers")
        elif isinstance(item, str):
            draft.link(item, "identifiers")
    for name in (*draft.items(data.get("oaiIds"), "oaiIds", 50), data.get("oai")):
        if isinstance(name, str):
            draft.link(name, "oaiIds")


def _links(data: Json, draft: Draft) -> None:
    for field in ("outputs", "sourceFulltextUrls", "urls"):
        listed = data.get(field)
        for url in [listed] if isinstance(listed, str) else draft.items(listed, field, 100):
            draft.link(url, field)
    draft.link(data.get("downloadUrl") or data.get("fullTextIdentifier"), "downloadUrl")
    for item in draft.items(data.get("links"), "links", 100):
        if isinstance(item, dict) and item.get("type") in ("download", "display", "reader"):
            draft.link(item.get("url"), "links")


def _journal(data: Json, draft: Draft) -> str:
    for item in draft.items(data.get("journals"), "journals", 10):
        if title := draft.text(item.get("title") if isinstance(item, dict) else item, "journals"):
            return title
    return ""


def _language(value: Any, draft: Draft) -> str:
    return draft.text(value.get("code") if isinstance(value, dict) else value, "language", 100)


def read(data: Json) -> Record | Delete:
    """One work or output. Raises `PayloadError` (`no_identity`)."""
    draft = Draft(NAME)
    source_id = _source_id(data, draft)
    if delete_marked(data) or data.get("disabled") is True:
        reason = "disabled" if data.get("disabled") is True else "delete_marker"
        return draft.delete(source_id, reason, data.get("updatedDate"))
    _identifiers(data, draft)
    _links(data, draft)
    authors, complete = names.from_items(draft.items(data.get("authors"), "authors", MAX_AUTHORS), draft)
    date = draft.date(data.get("publishedDate") or data.get("datePublished"), "publishedDate")
    kind = data.get("documentType")
    return draft.record(
        source_id,
        title=draft.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date or draft.date(data.get("yearPublished") or data.get("year"), "yearPublished"),
        journal=_journal(data, draft),
        publisher=draft.text(data.get("publisher"), "publisher").strip("'\" "),
        abstract=draft.text(data.get("abstract") or data.get("description"), "abstract", MAX_ABSTRACT),
        type=draft.text(kind, "documentType", 100).lower(),
        language=_language(data.get("language"), draft),
        updated=draft.timestamp(data.get("updatedDate"), "updatedDate"),
    )


def source_id(key: str) -> str:
    """The id a key stands for: a work's number or URL, or `output/<number>`."""
    scheme = "core" if "output" in key else "core_work"
    identifier = normalize(scheme, key.rpartition("/")[2])
    if identifier is None:
        return ""
    return f"output/{identifier.value}" if scheme == "core" else identifier.value


ADAPTER = Adapter(NAME, read_json(envelope("results", "data", inner=("_source",)), read), source_id)
