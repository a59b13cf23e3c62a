"""`document`: the normal form of Streams as JSON, for users whose feed is none of the named sources.

The record id is `source:id` with the document's own source label, so documents of any feed may share
a topic. It reads what `streams.records.record.to_document` writes; see there for the fields. Beyond those,
authors may be objects (`name`, `family`, `given`, `orcid`, `organization`) or one text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from streams.errors import PayloadError
from streams.normalize.placeholders import is_missing
from streams.records.record import MAX_VERSION, Author, Delete, Record
from streams.sources import authors as names
from streams.sources import dates
from streams.sources.payloads import Adapter, Item, Json, collect, envelope, load_json
from streams.sources.record_builder import (
    MAX_ABSTRACT,
    MAX_AUTHORS,
    MAX_RELATIONS,
    MAX_TEXT,
    MAX_TITLE,
    RecordBuilder,
    delete_marked,
)

__all__ = ["ADAPTER", "tombstone"]

NAME = "document"
_MAX_DIGITS = len(str(MAX_VERSION))
_LONGEST_LABEL = 64
_LABEL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{_LONGEST_LABEL - 1}}}")
_MIDNIGHT = re.compile(r"(\d{4})-01-01[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?")
_TEXTS = (
    ("title", MAX_TITLE),
    ("subtitle", MAX_TITLE),
    ("journal", MAX_TEXT),
    ("volume", MAX_TEXT),
    ("number", MAX_TEXT),
    ("pages", MAX_TEXT),
    ("publisher", MAX_TEXT),
    ("abstract", MAX_ABSTRACT),
    ("type", 100),
    ("language", 100),
)
_KINDS = frozenset(
    ("same_as", "preprint_of", "has_preprint", "version_of", "has_version", "corrects", "retracts", "comments_on")
) | frozenset(("reviews", "supplements", "part_of", "has_part", "translation_of"))


@lru_cache(maxsize=256)
def _is_label(text: str) -> bool:
    return _LABEL.fullmatch(text) is not None


def _label(value: Any) -> str:
    """Return the source label, `document` where there is none.

    Raises:
        PayloadError: `no_identity`.

    """
    if value is None or value == "":
        return NAME
    if isinstance(value, str) and len(value := value.strip()) <= _LONGEST_LABEL and _is_label(value):
        return value
    raise PayloadError("no_identity", "the source label needs 1 to 64 of A-Z a-z 0-9 _ . -", "/source")


def tombstone(key: str) -> Delete:
    """Return the delete for a key `label:id`; a key without a label is the id of source `document`."""
    label, colon, source_id = key.partition(":")
    if not colon or not source_id or not _LABEL.fullmatch(label):
        label, source_id = NAME, key
    builder = RecordBuilder(label)
    return builder.delete(builder.text(source_id, "id"), "tombstone")


def _authors(value: Any, builder: RecordBuilder) -> tuple[list[Author], bool]:
    if value is None:
        return [], True
    if isinstance(value, str):
        value = names.split_list(value)
    return names.from_items(builder.items(value, "authors", MAX_AUTHORS), builder)


def _date(data: Json, builder: RecordBuilder) -> str:
    """Return `publication_date`, else `year`.

    Midnight of 1 January counts as a year alone, for date libraries write a bare year so.
    """
    value = data.get("publication_date")
    if isinstance(value, str) and "-01-01" in value and (match := _MIDNIGHT.fullmatch(value.strip())):
        return dates.from_parts(int(match[1]))
    return builder.date(value, "publication_date") or builder.date(data.get("year"), "year")


def _identifiers(data: Json, builder: RecordBuilder) -> None:
    for scheme, field in (("doi", "doi"), ("arxiv", "arxiv_id"), ("pmid", "pmid"), ("pmcid", "pmcid")):
        value = data.get(field)
        if value:
            builder.identify(scheme, value, field)
    if listed := data.get("identifiers"):
        for item in builder.items(listed, "identifiers", 200):
            entry = builder.mapping(item, "identifiers")
            if isinstance(named := entry.get("scheme"), str):
                builder.identify(named, entry.get("value"), "identifiers")


def _relations(data: Json, builder: RecordBuilder) -> None:
    for item in builder.items(data.get("relations"), "relations", MAX_RELATIONS):
        entry = builder.mapping(item, "relations")
        kind, scheme = entry.get("kind"), entry.get("scheme")
        if isinstance(kind, str) and kind in _KINDS and isinstance(scheme, str):
            builder.relate(kind, scheme, entry.get("value"), "relations")
        else:
            builder.warn("relations", "unknown kind")


def _version(value: Any, builder: RecordBuilder) -> int:
    if isinstance(value, str) and (digits := value.strip().lstrip("vV")).isdecimal() and len(digits) <= _MAX_DIGITS:
        value = int(digits)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_VERSION:
        return value
    if value is not None:
        builder.warn("version", f"not a number from 0 to {MAX_VERSION}")
    return 0


def read(data: Json) -> Record | Delete:
    """Read one document.

    Raises:
        PayloadError: `no_identity`.

    """
    builder = RecordBuilder(_label(data.get("source")), is_document=True)
    source_id = builder.text(data.get("id"), "id")
    if delete_marked(data):
        return builder.delete(source_id, "delete_marker", data.get("updated"))
    get, text = data.get, builder.text
    fields: Json = {name: text(value, name, limit) for name, limit in _TEXTS if (value := get(name))}
    if "journal" in fields and is_missing(fields["journal"]):
        del fields["journal"]
    if "subtitle" in fields and is_missing(fields["subtitle"]):
        del fields["subtitle"]
    if kind := fields.get("type"):
        fields["type"] = kind.lower()
    authors, complete = _authors(get("authors"), builder)
    _identifiers(data, builder)
    if urls := get("urls"):
        for url in [urls] if isinstance(urls, str) else builder.items(urls, "urls", 200):
            builder.link(url, "urls")
    if "journal" in fields or "volume" in fields:
        builder.locate(fields.get("journal", ""), fields.get("volume", ""))
    if "relations" in data:
        _relations(data, builder)
    if others := get("other_titles"):
        titles = builder.texts(others, "other_titles", MAX_TITLE)
        fields["other_titles"] = [title for title in titles if not is_missing(title)]
    if version := get("version"):
        fields["version"] = _version(version, builder)
    if updated := get("updated"):
        fields["updated"] = builder.timestamp(updated, "updated")
    return builder.record(
        source_id,
        authors=authors,
        authors_complete=complete and get("authors_complete") is not False,
        date=_date(data, builder),
        **fields,
    )


_MEMBERS = envelope()


def read_payload(payload: bytes) -> list[Item]:
    """Read the items of a payload: one document, or an array of them."""
    value = load_json(payload)
    if isinstance(value, dict) and value:
        return [read(value)]
    return collect(_MEMBERS(value), read)


ADAPTER = Adapter(NAME, read_payload, str.strip)
