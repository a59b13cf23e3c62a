"""Unpaywall: DOI objects of the API, changefiles and snapshots, and bulk replies keyed by DOI.

`z_authors` changed its shape over the years: null, Crossref's family and given, or `raw_author_name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import registered_doi
from streams.records.record import Delete, Record
from streams.sources import authors as names
from streams.sources.payloads import Adapter, Json, Member, envelope, read_json
from streams.sources.record_builder import MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "unpaywall"


def _links(data: Json, builder: RecordBuilder) -> None:
    """Add the URLs of all copies, and read identifiers in those of repositories only.

    The pages of publishers repeat the record's own DOI.
    """
    for item in builder.items(data.get("oa_locations"), "oa_locations", 100):
        place = builder.mapping(item, "oa_locations")
        for field in ("url_for_landing_page", "url_for_pdf", "url"):
            builder.link(place.get(field), f"oa_locations.{field}", identifies=place.get("host_type") != "publisher")
        if isinstance(name := place.get("pmh_id"), str):
            builder.link(name, "oa_locations.pmh_id")


def read(data: Json) -> Record | Delete:
    """Read one DOI object.

    Raises:
        PayloadError: `source_error`, `no_identity`.

    """
    if isinstance(data.get("error"), str):
        message = data.get("message")
        raise PayloadError("source_error", f"{data['error']}: {message}"[:500])
    builder = RecordBuilder(NAME)
    doi = data.get("doi") or data.get("doi_url")
    source_id = registered_doi(doi) if isinstance(doi, str) else ""
    if delete_marked(data):
        return builder.delete(source_id, "delete_marker", data.get("updated"))
    if not source_id:
        raise PayloadError("no_identity", "no usable DOI", "/doi")
    builder.identify("doi", source_id, "doi")
    _links(data, builder)
    authors, complete = names.from_items(
        builder.items(data.get("z_authors"), "z_authors", MAX_AUTHORS), builder, "z_authors"
    )
    genre = builder.text(data.get("genre"), "genre", 100).lower()
    return builder.record(
        source_id,
        title=builder.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=builder.date(data.get("published_date"), "published_date") or builder.date(data.get("year"), "year"),
        journal=builder.text(data.get("journal_name"), "journal_name"),
        publisher=builder.text(data.get("publisher"), "publisher"),
        type="paratext" if data.get("is_paratext") is True else genre,
        updated=builder.timestamp(data.get("updated"), "updated"),
    )


_ONE_OR_LIST = envelope("results")


def members(value: Any) -> Iterator[Member]:
    """Return the objects of a bulk reply (`results` keyed by DOI), of a search answer, or the single object."""
    results = value.get("results") if isinstance(value, dict) else None
    if isinstance(results, dict):
        for doi, member in results.items():
            yield Member(f"/results/{doi.replace('/', '~1')}", member)
    elif isinstance(results, list):
        for index, hit in enumerate(results):
            inner = hit.get("response") if isinstance(hit, dict) else None
            yield Member(f"/results/{index}", inner if isinstance(inner, dict) else hit)
    elif isinstance(value, dict) and "doi" in value:
        yield Member("", value)
    else:
        yield from _ONE_OR_LIST(value)


ADAPTER = Adapter(NAME, read_json(members, read), registered_doi)
