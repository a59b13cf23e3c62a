"""arXiv: JSON rows of the metadata snapshot; its XML is read in `streams.sources.arxiv_xml`.

A record's id is the arXiv id without version, its date that of the first version.
"""

from __future__ import annotations

from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import ArxivId, parse_arxiv
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources.arxiv_xml import read_xml
from streams.sources.payloads import Adapter, Item, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked, written

__all__ = ["ADAPTER"]

NAME = "arxiv"


def _id(value: Any) -> ArxivId | None:
    if isinstance(value, float):  # 704.0001: a table tool took the id for a number
        value = written("arxiv", value)
    return parse_arxiv(value) if isinstance(value, str) else None


def _parsed_authors(data: Json, builder: RecordBuilder) -> tuple[list[Author], bool]:
    """Read the authors of a row, and tell whether the list is whole.

    `authors_parsed` has rows of family name, given names, suffix and perhaps affiliations; without it `authors` is free text.
    """
    parsed: list[Author] = []
    for row in builder.items(data.get("authors_parsed"), "authors_parsed", MAX_AUTHORS):
        parts = [
            builder.text(part, "authors_parsed", names.MAX_NAME) for part in builder.items(row, "authors_parsed")[:3]
        ]
        family, given, suffix = (*parts, "", "", "")[:3]
        if family or given:
            parsed.append(names.from_parts(family, given, suffix=suffix))
    if parsed:
        return parsed, True
    text = builder.text(data.get("authors"), "authors", names.MAX_NAME * MAX_AUTHORS)
    return names.split_free_text(text, builder) if text else ([], True)


def _versions(data: Json, builder: RecordBuilder) -> tuple[int, str]:
    """Return the number of the last version and the date of the first."""
    listed = [v for v in builder.items(data.get("versions"), "versions", 500) if isinstance(v, dict)]
    if not listed:
        return 0, ""
    label = builder.text(listed[-1].get("version"), "versions", 10).lstrip("v")
    return (int(label) if label.isdecimal() else len(listed)), builder.date(listed[0].get("created"), "versions")


def read(data: Json) -> Record | Delete:
    """Read one row of the snapshot.

    Raises:
        PayloadError: `no_identity`.

    """
    builder = RecordBuilder(NAME)
    arxiv = _id(data.get("id"))
    if delete_marked(data):
        return builder.delete(arxiv.base if arxiv else "", "delete_marker", data.get("update_date"))
    if arxiv is None:
        raise PayloadError("no_identity", "no usable arXiv id", "/id")
    builder.identify("arxiv", arxiv.base, "id")
    if doi := data.get("doi"):
        builder.identify_dois(doi, "doi")
    authors, complete = _parsed_authors(data, builder)
    version, date = _versions(data, builder)
    return builder.record(
        arxiv.base,
        title=builder.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date,
        journal=builder.text(data.get("journal-ref"), "journal-ref"),
        abstract=builder.text(data.get("abstract"), "abstract", MAX_ABSTRACT),
        type="preprint",
        version=version or arxiv.version,
        updated=builder.timestamp(data.get("update_date"), "update_date"),
    )


_read_rows = read_json(envelope("results", "data"), read)


def read_payload(payload: bytes) -> list[Item]:
    """Read the items of a payload: XML where it begins like XML, else JSON."""
    start = payload[:100].lstrip(b"\xef\xbb\xbf \t\r\n\x00")[:1]
    if start == b"<" or payload[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return read_xml(payload)
    return _read_rows(payload)


def source_id(key: str) -> str:
    """Return a paper's arXiv id, from a topic's key in any spelling of the id."""
    found = parse_arxiv(key)
    return found.base if found else ""


ADAPTER = Adapter(NAME, read_payload, source_id)
