"""DataCite DOIs: JSON:API resources and answers.

arXiv's own records state the published DOI by `IsVersionOf`, which for them means a preprint of it,
while other repositories use the same word for versions of one deposit.
"""

from __future__ import annotations

from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import registered_doi
from streams.normalize.placeholders import is_missing
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources.drafts import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, Draft, delete_marked
from streams.sources.payloads import Adapter, Json, envelope, read_json

__all__ = ["ADAPTER", "relate"]

NAME = "datacite"
_KINDS = {
    "IsIdenticalTo": "same_as",
    "IsVersionOf": "version_of",
    "HasVersion": "has_version",
    "IsNewVersionOf": "version_of",
    "IsPreviousVersionOf": "version_of",
    "IsVariantFormOf": "version_of",
    "IsOriginalFormOf": "version_of",
    "Obsoletes": "version_of",
    "IsObsoletedBy": "version_of",
    "IsSupplementTo": "supplements",
    "IsPartOf": "part_of",
    "IsPublishedIn": "part_of",
    "HasPart": "has_part",
    "Reviews": "reviews",
    "IsTranslationOf": "translation_of",
}
_ID_TYPES = {"doi": "doi", "arxiv": "arxiv", "pmid": "pmid", "pmcid": "pmcid", "handle": "handle", "url": ""}
_DATES = ("Issued", "Available", "Submitted", "Created", "Accepted", "Copyrighted")


def relate(item: Any, draft: Draft, field: str, *, preprint: bool) -> None:
    """Take one related identifier; `preprint` says that this record is a preprint server's own."""
    entry = draft.mapping(item, field)
    word, id_type = entry.get("relationType"), entry.get("relatedIdentifierType")
    kind = _KINDS.get(word) if isinstance(word, str) else None
    if kind is None or not isinstance(id_type, str) or id_type.lower() not in _ID_TYPES:
        return
    if preprint and word == "IsVersionOf":
        kind = "preprint_of"
    draft.relate(kind, _ID_TYPES[id_type.lower()], entry.get("relatedIdentifier"), field)


def _titles(data: Json, draft: Draft) -> tuple[str, str, list[str]]:
    """The title, the subtitle, and all other titles."""
    title, subtitle, others = "", "", []
    listed = data.get("titles")
    for item in draft.items(listed, "titles", 50):
        entry = item if isinstance(item, dict) else {"title": item}
        text = draft.text(entry.get("title"), "titles", MAX_TITLE)
        kind = entry.get("titleType")
        if kind == "Subtitle":
            subtitle = subtitle or text
        elif not title and kind is None:
            title = text
        elif text:
            others.append(text)
    if not title and others:
        title, others = others[0], others[1:]
    return title, subtitle, others


def _authors(data: Json, draft: Draft) -> tuple[list[Author], bool]:
    authors: list[Author] = []
    complete = True
    for item in draft.items(data.get("creators"), "creators", MAX_AUTHORS):
        entry = item if isinstance(item, dict) else {"name": item}
        name = draft.text(entry.get("name"), "creators", names.MAX_NAME)
        family = draft.text(entry.get("familyName"), "creators", names.MAX_NAME)
        given = draft.text(entry.get("givenName"), "creators", names.MAX_NAME)
        if names.is_et_al(name):
            complete = False
            continue
        if is_missing(name) or is_missing(family):
            continue
        person = _orcid(entry.get("nameIdentifiers"))
        group = entry.get("nameType") == "Organizational" and not given
        if family and not group:
            authors.append(names.from_parts(family, given, name=name, orcid=person))
        elif name or given:
            authors.append(names.from_name(name or given, orcid=person, organization=group))
    return authors, complete


def _orcid(identifiers: Any) -> str:
    for item in identifiers[:10] if isinstance(identifiers, list) else ():
        if isinstance(item, dict) and (found := names.orcid(item.get("nameIdentifier"))):
            return found
    return ""


def _date(data: Json, preprint: bool, draft: Draft) -> str:
    """The date of publication; of a preprint that of its first version, for `publicationYear` moves with updates."""
    found: dict[str, str] = {}
    for item in draft.items(data.get("dates"), "dates", 50):
        entry = draft.mapping(item, "dates")
        kind = entry.get("dateType")
        if isinstance(kind, str) and kind not in found and (date := draft.date(entry.get("date"), "dates")):
            found[kind] = date
    order = ("Submitted", *_DATES) if preprint else _DATES[:1]
    exact = next((found[kind] for kind in order if kind in found), "")
    year = draft.date(data.get("publicationYear") or data.get("published"), "publicationYear")
    if exact or not year:
        return exact or next((found[kind] for kind in _DATES if kind in found), "")
    # Of the other dates one that agrees with the year of publication makes it more precise.
    return next((found[kind] for kind in _DATES if found.get(kind, "").startswith(year)), year)


def _identifiers(data: Json, draft: Draft) -> None:
    listed = data.get("identifiers")
    for item in draft.items(listed, "identifiers", 50):
        if isinstance(item, dict) and isinstance(kind := item.get("identifierType"), str):
            scheme = _ID_TYPES.get(kind.lower())
            # A second DOI there is an alias of some other deposit as often as not.
            if scheme and scheme != "doi":
                draft.identify(scheme, item.get("identifier"), "identifiers")


def read(resource: Json) -> Record | Delete:
    """One DOI. Raises `PayloadError` (`no_identity`, `not_a_paper`)."""
    draft = Draft(NAME)
    data = draft.mapping(resource.get("attributes"), "attributes") or resource
    doi = data.get("doi") or resource.get("id")
    source_id = registered_doi(doi) if isinstance(doi, str) else ""
    if delete_marked(resource) or delete_marked(data):
        return draft.delete(source_id, "delete_marker", data.get("updated"))
    if not source_id:
        raise PayloadError("no_identity", "no usable DOI", "/attributes/doi")
    draft.identify("doi", source_id, "doi")
    preprint = bool(draft.first("arxiv"))
    _identifiers(data, draft)
    for item in draft.items(data.get("relatedIdentifiers"), "relatedIdentifiers", 1_000):
        relate(item, draft, "relatedIdentifiers", preprint=preprint)
    draft.link(data.get("url"), "url", identifies=False)
    title, subtitle, others = _titles(data, draft)
    authors, complete = _authors(data, draft)
    container = draft.mapping(data.get("container"), "container")
    publisher = data.get("publisher")
    return draft.record(
        source_id,
        title=title,
        subtitle=subtitle,
        other_titles=others,
        authors=authors,
        authors_complete=complete,
        date=_date(data, preprint, draft),
        journal=draft.text(container.get("title"), "container.title"),
        volume=draft.text(container.get("volume"), "container.volume"),
        number=draft.text(container.get("issue"), "container.issue"),
        pages=_pages(container, draft),
        publisher=draft.text(publisher.get("name") if isinstance(publisher, dict) else publisher, "publisher"),
        abstract=_abstract(data, draft),
        type=_type(data, draft),
        language=draft.text(data.get("language"), "language", 100),
        updated=draft.timestamp(data.get("updated"), "updated"),
    )


def _pages(container: Json, draft: Draft) -> str:
    first = draft.text(container.get("firstPage"), "container.firstPage")
    last = draft.text(container.get("lastPage"), "container.lastPage")
    return f"{first}-{last}" if first and last and first != last else first or last


def _abstract(data: Json, draft: Draft) -> str:
    for item in draft.items(data.get("descriptions"), "descriptions", 50):
        if isinstance(item, dict) and item.get("descriptionType") == "Abstract":
            return draft.text(item.get("description"), "descriptions", MAX_ABSTRACT)
    return ""


def _type(data: Json, draft: Draft) -> str:
    types = draft.mapping(data.get("types"), "types")
    general = draft.text(types.get("resourceTypeGeneral"), "types", 100)
    # `Text` says nothing; the repository's own word then does.
    specific = draft.text(types.get("resourceType"), "types", 100)
    return (specific if general in ("", "Text", "Other") and specific else general).lower()


ADAPTER = Adapter(NAME, read_json(envelope("data"), read), registered_doi)
