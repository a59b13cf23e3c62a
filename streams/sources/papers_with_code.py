"""Papers with Code: API papers, the abstracts dump and the links dump. Frozen since July 2025.

A record's id is the slug of the paper's page.
"""

from __future__ import annotations

from streams.errors import PayloadError
from streams.normalize.identifiers import normalize
from streams.records.record import Delete, Record
from streams.sources import authors as names
from streams.sources.payloads import Adapter, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "papers_with_code"


def source_id(key: str) -> str:
    """Return a paper's slug, from a topic's key or a page's URL."""
    identifier = normalize("pwc", key)
    return identifier.value if identifier else ""


def read(data: Json) -> Record | Delete:
    """Read one paper, or one row of links to code, which repeats its paper's title.

    Raises:
        PayloadError: `no_identity`.

    """
    builder = RecordBuilder(NAME)
    page = data.get("paper_url") or data.get("id")
    slug = builder.identify("pwc", page, "paper_url") if isinstance(page, str) else ""
    if delete_marked(data):
        return builder.delete(slug, "delete_marker")
    if not slug:
        raise PayloadError("no_identity", "no slug of a paper's page", "/paper_url")
    for field in ("arxiv_id", "paper_arxiv_id"):
        if value := data.get(field):
            builder.identify("arxiv", value, field)
    if value := data.get("openreview_id"):
        builder.identify("openreview", value, "openreview_id")
    for field in ("url_abs", "url_pdf", "paper_url_abs", "paper_url_pdf", "conference_url_abs", "conference_url_pdf"):
        builder.link(data.get(field), field)
    listed = data.get("authors")
    if isinstance(listed, str):
        listed = names.split_list(listed)
    authors, complete = names.from_items(builder.items(listed, "authors", MAX_AUTHORS), builder)
    return builder.record(
        slug,
        title=builder.text(data.get("title") or data.get("paper_title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=builder.date(data.get("date") or data.get("published"), "date"),
        journal=builder.text(data.get("proceeding"), "proceeding"),
        abstract=builder.text(data.get("abstract"), "abstract", MAX_ABSTRACT),
    )


ADAPTER = Adapter(NAME, read_json(envelope("results"), read), source_id)
