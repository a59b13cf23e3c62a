"""OpenAlex works: API answers and snapshot rows, and rows of `merged_ids`.

A publication date of 1 January is OpenAlex's guess for a year, so the year is kept. Abstracts come as
an inverted index and are put together again. Before 2024 list calls cut authors at 100 without saying so.
"""

from __future__ import annotations

from typing import Any

from streams.normalize.identifiers import normalize
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources import dates
from streams.sources.payloads import Adapter, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "openalex"
LIST_CUT = 100
MAX_WORDS = 20_000
_IDS = (("doi", "doi"), ("pmid", "pmid"), ("pmcid", "pmcid"), ("mag", "mag"))


def _abstract(index: Any, builder: RecordBuilder) -> str:
    """Return the text of `{word: [positions]}`; words without a usable position are left out."""
    if not isinstance(index, dict):
        return builder.text(index, "abstract_inverted_index", MAX_ABSTRACT)
    placed: list[tuple[int, str]] = []
    for word, positions in index.items():
        if isinstance(positions, list):
            placed += [(p, word) for p in positions[:MAX_WORDS] if isinstance(p, int)]
        if len(placed) > MAX_WORDS:
            builder.warn("abstract_inverted_index", f"cut at {MAX_WORDS} words")
            break
    placed.sort()
    return builder.text(" ".join(word for _, word in placed[:MAX_WORDS]), "abstract_inverted_index", MAX_ABSTRACT)


def _authors(data: Json, builder: RecordBuilder) -> tuple[list[Author], bool]:
    authors: list[Author] = []
    listed = data.get("authorships")
    for item in builder.items(listed, "authorships", MAX_AUTHORS):
        entry = builder.mapping(item, "authorships")
        person = builder.mapping(entry.get("author"), "authorships.author")
        # The name on this paper; the display name is that of a profile, which may be another person's.
        raw = entry.get("raw_author_name") or person.get("display_name")
        # An author without a given name appears as "None American Psychiatric Association".
        name = builder.text(raw, "authorships.author", names.MAX_NAME).removeprefix("None ")
        if name:
            authors.append(names.from_name(name, orcid=names.orcid(person.get("orcid") or entry.get("raw_orcid"))))
    cut = data.get("is_authors_truncated") is True or (isinstance(listed, list) and len(listed) == LIST_CUT)
    return authors, not cut


def _places(data: Json, builder: RecordBuilder) -> tuple[str, str]:
    """Add the URLs of all locations; return journal and publisher of the first location that is not a repository."""
    primary = builder.mapping(data.get("primary_location"), "primary_location")
    places = [primary, *builder.items(data.get("locations"), "locations", 100)]
    for place in places:
        if isinstance(place, dict):
            builder.link(place.get("landing_page_url"), "locations")
            builder.link(place.get("pdf_url"), "locations")
    venue = builder.mapping(primary.get("source") or data.get("host_venue"), "primary_location.source")
    journal = builder.text(venue.get("display_name"), "source.display_name")
    publisher = builder.text(venue.get("host_organization_name") or venue.get("publisher"), "source.publisher")
    return journal, publisher


def _pages(biblio: Json, builder: RecordBuilder) -> str:
    first = builder.text(biblio.get("first_page"), "biblio.first_page")
    last = builder.text(biblio.get("last_page"), "biblio.last_page")
    return f"{first}-{last}" if first and last and first != last else first or last


def read(data: Json) -> Record | Delete:
    """Read one work, or one row of `merged_ids` (`id`, `merge_into_id`).

    Raises:
        PayloadError: `no_identity`.

    """
    builder = RecordBuilder(NAME)
    ids = builder.mapping(data.get("ids"), "ids")
    own = builder.identify("openalex", data.get("id") or ids.get("openalex"), "id")
    if "merge_into_id" in data:
        return builder.delete(own, "merged", data.get("merge_date"))
    if delete_marked(data):
        return builder.delete(own, "delete_marker", data.get("updated_date"))
    for field, scheme in _IDS:
        value = ids.get(field) or data.get(field)
        if value:
            builder.identify(scheme, value, f"ids.{field}")
    journal, publisher = _places(data, builder)
    builder.mention(journal)
    biblio = builder.mapping(data.get("biblio"), "biblio")
    authors, complete = _authors(data, builder)
    date = dates.without_guessed_day(builder.date(data.get("publication_date"), "publication_date"))
    return builder.record(
        own,
        title=builder.text(data.get("title") or data.get("display_name"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date or builder.date(data.get("publication_year"), "publication_year"),
        journal=journal,
        volume=builder.text(biblio.get("volume"), "biblio.volume"),
        number=builder.text(biblio.get("issue"), "biblio.issue"),
        pages=_pages(biblio, builder),
        publisher=publisher,
        abstract=_abstract(data.get("abstract_inverted_index"), builder),
        type="paratext" if data.get("is_paratext") is True else builder.text(data.get("type"), "type", 100).lower(),
        language=builder.text(data.get("language"), "language", 100),
        updated=builder.timestamp(data.get("updated_date"), "updated_date"),
    )


def source_id(key: str) -> str:
    """Return a work's W id, from a topic's key."""
    identifier = normalize("openalex", key)
    return identifier.value if identifier else ""


ADAPTER = Adapter(NAME, read_json(envelope("results"), read), source_id)
