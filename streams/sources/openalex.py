"""OpenAlex works: API answers and snapshot rows, and rows of `merged_ids`.

A publication date of 1 January is OpenAlex's guess for a year, so the year is kept. Abstracts come as
an inverted index and are put together again. List calls cut authors at 100 without a word before 2024.
"""

from __future__ import annotations

from typing import Any

from streams.normalize.identifiers import normalize
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources import dates
from streams.sources.drafts import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, Draft, delete_marked
from streams.sources.payloads import Adapter, Json, envelope, read_json

__all__ = ["ADAPTER"]

NAME = "openalex"
LIST_CUT = 100
MAX_WORDS = 20_000
_IDS = (("doi", "doi"), ("pmid", "pmid"), ("pmcid", "pmcid"), ("mag", "mag"))


def _abstract(index: Any, draft: Draft) -> str:
    """The text of `{word: [positions]}`; words without a usable position are left out."""
    if not isinstance(index, dict):
        return draft.text(index, "abstract_inverted_index", MAX_ABSTRACT)
    placed: list[tuple[int, str]] = []
    for word, positions in index.items():
        if isinstance(positions, list):
            placed += [(p, word) for p in positions[:MAX_WORDS] if isinstance(p, int)]
        if len(placed) > MAX_WORDS:
            draft.warn("abstract_inverted_index", f"cut at {MAX_WORDS} words")
            break
    placed.sort()
    return draft.text(" ".join(word for _, word in placed[:MAX_WORDS]), "abstract_inverted_index", MAX_ABSTRACT)


def _authors(data: Json, draft: Draft) -> tuple[list[Author], bool]:
    authors: list[Author] = []
    listed = data.get("authorships")
    for item in draft.items(listed, "authorships", MAX_AUTHORS):
        entry = draft.mapping(item, "authorships")
        person = draft.mapping(entry.get("author"), "authorships.author")
        # The name on this paper; the display name is that of a profile, which may be somebody else's.
        raw = entry.get("raw_author_name") or person.get("display_name")
        # An author without a given name appears as "None American Psychiatric Association".
        name = draft.text(raw, "authorships.author", names.MAX_NAME).removeprefix("None ")
        if name:
            authors.append(names.from_name(name, orcid=names.orcid(person.get("orcid") or entry.get("raw_orcid"))))
    cut = data.get("is_authors_truncated") is True or (isinstance(listed, list) and len(listed) == LIST_CUT)
    return authors, not cut


def _places(data: Json, draft: Draft) -> tuple[str, str]:
    """Take the URLs of all locations; returns journal and publisher of the first place that is not a repository."""
    primary = draft.mapping(data.get("primary_location"), "primary_location")
    places = [primary, *draft.items(data.get("locations"), "locations", 100)]
    for place in places:
        if isinstance(place, dict):
            draft.link(place.get("landing_page_url"), "locations")
            draft.link(place.get("pdf_url"), "locations")
    venue = draft.mapping(primary.get("source") or data.get("host_venue"), "primary_location.source")
    journal = draft.text(venue.get("display_name"), "source.display_name")
    publisher = draft.text(venue.get("host_organization_name") or venue.get("publisher"), "source.publisher")
    return journal, publisher


def _pages(biblio: Json, draft: Draft) -> str:
    first = draft.text(biblio.get("first_page"), "biblio.first_page")
    last = draft.text(biblio.get("last_page"), "biblio.last_page")
    return f"{first}-{last}" if first and last and first != last else first or last


def read(data: Json) -> Record | Delete:
    """One work, or one row of `merged_ids` (`id`, `merge_into_id`). Raises `PayloadError` (`no_identity`)."""
    draft = Draft(NAME)
    ids = draft.mapping(data.get("ids"), "ids")
    own = draft.identify("openalex", data.get("id") or ids.get("openalex"), "id")
    if "merge_into_id" in data:
        return draft.delete(own, "merged", data.get("merge_date"))
    if delete_marked(data):
        return draft.delete(own, "delete_marker", data.get("updated_date"))
    for field, scheme in _IDS:
        value = ids.get(field) or data.get(field)
        if value:
            draft.identify(scheme, value, f"ids.{field}")
    journal, publisher = _places(data, draft)
    draft.mention(journal)
    biblio = draft.mapping(data.get("biblio"), "biblio")
    authors, complete = _authors(data, draft)
    date = dates.without_guessed_day(draft.date(data.get("publication_date"), "publication_date"))
    return draft.record(
        own,
        title=draft.text(data.get("title") or data.get("display_name"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date or draft.date(data.get("publication_year"), "publication_year"),
        journal=journal,
        volume=draft.text(biblio.get("volume"), "biblio.volume"),
        number=draft.text(biblio.get("issue"), "biblio.issue"),
        pages=_pages(biblio, draft),
        publisher=publisher,
        abstract=_abstract(data.get("abstract_inverted_index"), draft),
        type="paratext" if data.get("is_paratext") is True else draft.text(data.get("type"), "type", 100).lower(),
        language=draft.text(data.get("language"), "language", 100),
        updated=draft.timestamp(data.get("updated_date"), "updated_date"),
    )


def source_id(key: str) -> str:
    """The W id a key stands for."""
    identifier = normalize("openalex", key)
    return identifier.value if identifier else ""


ADAPTER = Adapter(NAME, read_json(envelope("results"), read), source_id)
