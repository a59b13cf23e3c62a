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
from streams.sources.drafts import MAX_AUTHORS, MAX_TITLE, Draft, delete_marked
from streams.sources.payloads import Adapter, Json, Member, envelope, read_json

__all__ = ["ADAPTER"]

NAME = "unpaywall"


def _links(data: Json, draft: Draft) -> None:
    """The URLs of all copies; the pages of publishers say the record's own DOI, so repositories are read."""
    for item in draft.items(data.get("oa_locations"), "oa_locations", 100):
        place = draft.mapping(item, "oa_locations")
        for field in ("url_for_landing_page", "url_for_pdf", "url"):
            draft.link(place.get(field), f"oa_locations.{field}", identifies=place.get("host_type") != "publisher")
        if isinstance(name := place.get("pmh_id"), str):
            draft.link(name, "oa_locations.pmh_id")


def read(data: Json) -> Record | Delete:
    """One DOI object. Raises `PayloadError` (`source_error`, `no_identity`)."""
    if isinstance(data.get("error"), str):
        message = data.get("message")
        raise PayloadError("source_error", f"{data['error']}: {message}"[:500])
    draft = Draft(NAME)
    doi = data.get("doi") or data.get("doi_url")
    source_id = registered_doi(doi) if isinstance(doi, str) else ""
    if delete_marked(data):
        return draft.delete(source_id, "delete_marker", data.get("updated"))
    if not source_id:
        raise PayloadError("no_identity", "no usable DOI", "/doi")
    draft.identify("doi", source_id, "doi")
    _links(data, draft)
    authors, complete = names.from_items(
        draft.items(data.get("z_authors"), "z_authors", MAX_AUTHORS), draft, "z_authors"
    )
    genre = draft.text(data.get("genre"), "genre", 100).lower()
    return draft.record(
        source_id,
        title=draft.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=draft.date(data.get("published_date"), "published_date") or draft.date(data.get("year"), "year"),
        journal=draft.text(data.get("journal_name"), "journal_name"),
        publisher=draft.text(data.get("publisher"), "publisher"),
        type="paratext" if data.get("is_paratext") is True else genre,
        updated=draft.timestamp(data.get("updated"), "updated"),
    )


_ONE_OR_LIST = envelope("results")


def members(value: Any) -> Iterator[Member]:
    """The objects of a bulk reply, whose `results` are keyed by DOI, of a search answer, or the one there is."""
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
