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
from streams.sources.payloads import Adapter, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

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


def relate(item: Any, builder: RecordBuilder, field: str, *, preprint: bool) -> None:
    """Add one related identifier; `preprint` says that this record is a preprint server's own."""
    entry = builder.mapping(item, field)
    word, id_type = entry.get("relationType"), entry.get("relatedIdentifierType")
    kind = _KINDS.get(word) if isinstance(word, str) else None
    if kind is None or not isinstance(id_type, str) or id_type.lower() not in _ID_TYPES:
        return
    if preprint and word == "IsVersionOf":
        kind = "preprint_of"
    builder.relate(kind, _ID_TYPES[id_type.lower()], entry.get("relatedIdentifier"), field)


def _titles(data: Json, builder: RecordBuilder) -> tuple[str, str, list[str]]:
    """Return the title, the subtitle, and all other titles."""
    title, subtitle, others = "", "", []
    listed = data.get("titles")
    for item in builder.items(listed, "titles", 50):
        entry = item if isinstance(item, dict) else {"title": item}
        text = builder.text(entry.get("title"), "titles", MAX_TITLE)
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


def _authors(data: Json, builder: RecordBuilder) -> tuple[list[Author], bool]:
    authors: list[Author] = []
    complete = True
    for item in builder.items(data.get("creators"), "creators", MAX_AUTHORS):
        entry = item if isinstance(item, dict) else {"name": item}
        name = builder.text(entry.get("name"), "creators", names.MAX_NAME)
        family = builder.text(entry.get("familyName"), "creators", names.MAX_NAME)
        given = builder.text(entry.get("givenName"), "creators", names.MAX_NAME)
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


def _date(data: Json, preprint: bool, builder: RecordBuilder) -> str:
    """Return the date of publication; of a preprint the date of its first version, for `publicationYear` moves with updates."""
    found: dict[str, str] = {}
    for item in builder.items(data.get("dates"), "dates", 50):
        entry = builder.mapping(item, "dates")
        kind = entry.get("dateType")
        if isinstance(kind, str) and kind not in found and (date := builder.date(entry.get("date"), "dates")):
            found[kind] = date
    order = ("Submitted", *_DATES) if preprint else _DATES[:1]
    exact = next((found[kind] for kind in order if kind in found), "")
    year = builder.date(data.get("publicationYear") or data.get("published"), "publicationYear")
    if exact or not year:
        return exact or next((found[kind] for kind in _DATES if kind in found), "")
    # Of the other dates one that agrees with the year of publication makes it more precise.
    return next((found[kind] for kind in _DATES if found.get(kind, "").startswith(year)), year)


def _identifiers(data: Json, builder: RecordBuilder) -> None:
    listed = data.get("identifiers")
    for item in builder.items(listed, "identifiers", 50):
        if isinstance(item, dict) and isinstance(kind := item.get("identifierType"), str):
            scheme = _ID_TYPES.get(kind.lower())
            # A second DOI there is an alias of some other deposit as often as not.
            if scheme and scheme != "doi":
                builder.identify(scheme, item.get("identifier"), "identifiers")


def read(resource: Json) -> Record | Delete:
    """Read one DOI.

    Raises:
        PayloadError: `no_identity`, `not_a_paper`.

    """
    builder = RecordBuilder(NAME)
    data = builder.mapping(resource.get("attributes"), "attributes") or resource
    doi = data.get("doi") or resource.get("id")
    source_id = registered_doi(doi) if isinstance(doi, str) else ""
    if delete_marked(resource) or delete_marked(data):
        return builder.delete(source_id, "delete_marker", data.get("updated"))
    if not source_id:
        raise PayloadError("no_identity", "no usable DOI", "/attributes/doi")
    builder.identify("doi", source_id, "doi")
    preprint = bool(builder.first("arxiv"))
    _identifiers(data, builder)
    for item in builder.items(data.get("relatedIdentifiers"), "relatedIdentifiers", 1_000):
        relate(item, builder, "relatedIdentifiers", preprint=preprint)
    builder.link(data.get("url"), "url", identifies=False)
    title, subtitle, others = _titles(data, builder)
    authors, complete = _authors(data, builder)
    container = builder.mapping(data.get("container"), "container")
    publisher = data.get("publisher")
    return builder.record(
        source_id,
        title=title,
        subtitle=subtitle,
        other_titles=others,
        authors=authors,
        authors_complete=complete,
        date=_date(data, preprint, builder),
        journal=builder.text(container.get("title"), "container.title"),
        volume=builder.text(container.get("volume"), "container.volume"),
        number=builder.text(container.get("issue"), "container.issue"),
        pages=_pages(container, builder),
        publisher=builder.text(publisher.get("name") if isinstance(publisher, dict) else publisher, "publisher"),
        abstract=_abstract(data, builder),
        type=_type(data, builder),
        language=builder.text(data.get("language"), "language", 100),
        updated=builder.timestamp(data.get("updated"), "updated"),
    )


def _pages(container: Json, builder: RecordBuilder) -> str:
    first = builder.text(container.get("firstPage"), "container.firstPage")
    last = builder.text(container.get("lastPage"), "container.lastPage")
    return f"{first}-{last}" if first and last and first != last else first or last


def _abstract(data: Json, builder: RecordBuilder) -> str:
    for item in builder.items(data.get("descriptions"), "descriptions", 50):
        if isinstance(item, dict) and item.get("descriptionType") == "Abstract":
            return builder.text(item.get("description"), "descriptions", MAX_ABSTRACT)
    return ""


def _type(data: Json, builder: RecordBuilder) -> str:
    types = builder.mapping(data.get("types"), "types")
    general = builder.text(types.get("resourceTypeGeneral"), "types", 100)
    # `Text` says nothing; the repository's own word then does.
    specific = builder.text(types.get("resourceType"), "types", 100)
    return (specific if general in ("", "Text", "Other") and specific else general).lower()


ADAPTER = Adapter(NAME, read_json(envelope("data"), read), registered_doi)
