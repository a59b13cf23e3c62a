"""Crossref: REST works and their envelopes, CSL-JSON of content negotiation, MongoDB exports.

Crossref has no deletes. Its `indexed` time moves without any change, so `deposited` is the time of
change. A record's id is the DOI in lower case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from streams.errors import PayloadError
from streams.normalize.identifiers import registered_doi
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources import dates
from streams.sources.payloads import Adapter, Json, Member, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "crossref"
# Relations Crossref states, from the record's point of view; reverse forms without a kind in `Relation` are left out.
_RELATIONS = {
    "is-preprint-of": "preprint_of",
    "has-preprint": "has_preprint",
    "is-manuscript-of": "preprint_of",
    "has-manuscript": "has_preprint",
    "is-version-of": "version_of",
    "has-version": "has_version",
    "replaces": "version_of",
    "is-replaced-by": "version_of",
    "is-variant-form-of": "version_of",
    "is-original-form-of": "version_of",
    "is-same-as": "same_as",
    "is-identical-to": "same_as",
    "is-comment-on": "comments_on",
    "is-reply-to": "comments_on",
    "is-review-of": "reviews",
    "is-supplement-to": "supplements",
    "is-part-of": "part_of",
    "has-part": "has_part",
    "is-translation-of": "translation_of",
}
_ID_TYPES = {"doi": "doi", "arxiv": "arxiv", "pmid": "pmid", "pmcid": "pmcid", "uri": "", "handle": "handle"}
_UPDATES = {
    "retraction": "retracts",
    "partial_retraction": "retracts",
    "withdrawal": "retracts",
    "removal": "retracts",
    "new_version": "version_of",
    "new_edition": "version_of",
    "expression_of_concern": "comments_on",
}
# Print before online would make two records of one paper differ less, but `issued` is Crossref's own earliest.
_DATES = ("issued", "published", "published-online", "published-print", "posted", "approved", "created")


def _date(data: Json, builder: RecordBuilder) -> str:
    """Return the first usable date: `date-parts` may be `[[null]]`, may lack month or day, may hold text."""
    for name in _DATES:
        value = data.get(name)
        parts = value.get("date-parts") if isinstance(value, dict) else None
        first = parts[0] if isinstance(parts, list) and parts else None
        if not isinstance(first, list) or not first:
            continue
        numbers = [
            int(p) for p in first[:3] if isinstance(p, (int, float, str)) and str(p).isdecimal() and len(str(p)) < 5
        ]
        if numbers and (date := dates.from_parts(*numbers)):
            return date
    return ""


def _authors(data: Json, builder: RecordBuilder) -> tuple[list[Author], bool]:
    """Read the authors, or the editors of a work that has only those."""
    authors: list[Author] = []
    complete = True
    for item in builder.items(data.get("author"), "author", MAX_AUTHORS):
        entry = builder.mapping(item, "author")
        if entry and not any(entry.get(part) for part in ("family", "given", "literal")):
            name = builder.text(entry.get("name"), "author", names.MAX_NAME)
            if name:
                authors.append(names.from_name(name, organization=True))
            continue
        found, whole = names.from_items([entry], builder, "author")
        authors += found
        complete = complete and whole
    return authors, complete


def _relations(data: Json, builder: RecordBuilder) -> None:
    for name, targets in builder.mapping(data.get("relation"), "relation").items():
        kind = _RELATIONS.get(name)
        if kind is None:
            continue
        for target in targets[:500] if isinstance(targets, list) else [targets]:
            entry = builder.mapping(target, "relation")
            id_type = entry.get("id-type")
            if isinstance(id_type, str) and id_type in _ID_TYPES:
                builder.relate(kind, _ID_TYPES[id_type], entry.get("id"), "relation")
    for update in builder.items(data.get("update-to"), "update-to", 500):
        entry = builder.mapping(update, "update-to")
        word = entry.get("type")
        # Correction, corrigendum, erratum, addendum, clarification and types that Crossref may add all mean `corrects`.
        kind = _UPDATES.get(word, "corrects") if isinstance(word, str) else "corrects"
        builder.relate(kind, "doi", entry.get("DOI"), "update-to")


def _updated(data: Json, builder: RecordBuilder) -> str:
    deposited = builder.mapping(data.get("deposited"), "deposited")
    value = deposited.get("date-time") or deposited.get("timestamp")
    return builder.timestamp(value, "deposited")


def _number(data: Json, builder: RecordBuilder) -> str:
    issue = data.get("issue")
    if not issue and isinstance(data.get("journal-issue"), dict):
        issue = data["journal-issue"].get("issue")
    return builder.text(issue, "issue")


def _type(data: Json, builder: RecordBuilder) -> str:
    kind = builder.text(data.get("type"), "type", 100).lower()
    subtype = builder.text(data.get("subtype"), "subtype", 100).lower()
    return subtype if kind == "posted-content" and subtype == "preprint" else kind


def read(data: Json) -> Record | Delete:
    """Read one work.

    Raises:
        PayloadError: `no_identity`, `not_a_paper`.

    """
    builder = RecordBuilder(NAME)
    doi = data.get("DOI") or data.get("doi")
    source_id = registered_doi(doi) if isinstance(doi, str) else ""
    if delete_marked(data):
        return builder.delete(source_id, "delete_marker", data.get("updated"))
    if not source_id:
        raise PayloadError("no_identity", "no usable DOI", "/DOI")
    builder.identify("doi", source_id, "DOI")
    titles = builder.texts(data.get("title"), "title", MAX_TITLE)
    # `short-title` is left out: publishers put the journal's abbreviation there.
    others = titles[1:] + builder.texts(data.get("original-title"), "original-title", MAX_TITLE)
    authors, complete = _authors(data, builder)
    _relations(data, builder)
    resource = data.get("resource")
    primary = resource.get("primary") if isinstance(resource, dict) else None
    if isinstance(primary, dict):
        # A publisher's page may name the book's DOI for a chapter, so it is kept but not read.
        builder.link(primary.get("URL"), "resource", identifies=False)
    builder.link(data.get("URL"), "URL", identifies=False)
    journal = builder.text(data.get("container-title"), "container-title")
    volume = builder.text(data.get("volume"), "volume")
    builder.locate(journal, volume)
    return builder.record(
        source_id,
        title=titles[0] if titles else "",
        subtitle=builder.text(data.get("subtitle"), "subtitle", MAX_TITLE),
        other_titles=others,
        authors=authors,
        authors_complete=complete,
        date=_date(data, builder),
        journal=journal,
        volume=volume,
        number=_number(data, builder),
        pages=builder.text(data.get("page") or data.get("article-number"), "page"),
        publisher=builder.text(data.get("publisher"), "publisher"),
        abstract=builder.text(data.get("abstract"), "abstract", MAX_ABSTRACT),
        type=_type(data, builder),
        language=builder.text(data.get("language"), "language", 100),
        updated=_updated(data, builder),
    )


_ANSWERS = envelope("items")


def members(value: Any) -> Iterator[Member]:
    """Return the works of an answer (`message`, `message.items`), of an array, or of a row whose `input` is a work as text."""
    if isinstance(value, dict):
        message = value.get("message")
        if isinstance(message, dict):
            yield from (member._replace(where=f"/message{member.where}") for member in _ANSWERS(message))
            return
        if isinstance(message, list) and value.get("status") == "failed":
            raise PayloadError("source_error", str(message)[:500])
        if isinstance(value.get("input"), str) and "DOI" not in value:
            try:
                yield Member("/input", orjson.loads(value["input"]))
            except orjson.JSONDecodeError as error:
                raise PayloadError("not_json", str(error), "/input") from None
            return
    yield from _ANSWERS(value)


ADAPTER = Adapter(NAME, read_json(members, read), registered_doi)
