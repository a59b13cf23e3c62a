"""CSV and tab-separated tables, by the columns that databases and review tools give them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.errors import UsageError
from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    compact,
    first,
    identifier,
    page_range,
    year_of,
)

__all__ = ["entry_of", "read", "write"]

_CLUSTER, _RECORDS = "streams_cluster", "streams_records"
# Names of columns in lower case without punctuation, of Scopus, Web of Science, PubMed, Embase, Zotero, Rayyan and Covidence.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "article title", "document title", "ti", "primary title"),
    "authors": ("authors", "author", "author full names", "author names", "au"),
    "year": ("year", "publication year", "py", "published year", "date", "publication date", "cover date"),
    "journal": ("journal", "source title", "publication title", "journal book", "source", "so", "publication name"),
    "volume": ("volume", "vl"),
    "number": ("issue", "number", "is"),
    "pages": ("pages", "page range"),
    "publisher": ("publisher",),
    "abstract": ("abstract", "abstract note", "ab"),
    "language": ("language", "language of original document"),
    "doi": ("doi", "di", "digital object identifier"),
    "pmid": ("pmid", "pubmed id", "medline pmid"),
    "pmcid": ("pmcid",),
    "arxiv_id": ("arxiv id", "arxiv"),
}
_START = ("page start", "start page", "beginning page", "bp")
_END = ("page end", "end page", "ending page", "ep")
_URL = ("url", "link", "urls")
_KEY = ("eid", "ut unique wos id", "key", "id", "accession number", "pmid", "covidence #", "covidence")
_PUNCTUATION = re.compile(r"[^\w#]+")
_WRITTEN = ("title", "authors", "year", "journal", "volume", "number", "pages", "doi", "pmid", "arxiv_id", "abstract")


def read(text: str) -> Iterator[Reference]:
    """Yield the rows of a table with a line of names; comma, semicolon or tab between cells is found out.

    Raises UsageError where no column is a title.
    """
    csv.field_size_limit(10_000_000)
    lines = io.StringIO(text.lstrip("\ufeff"), newline="")
    rows = csv.DictReader(lines, dialect=_dialect(text))
    names = {_plain(name): name for name in rows.fieldnames or () if name}
    if not any(name in names for name in _COLUMNS["title"]):
        raise UsageError(f"the table has no column `title` in its first line: {', '.join(map(repr, names)) or 'empty'}")
    for row in rows:
        plain = {_plain(name): value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        if any(value.strip() for value in plain.values()):
            yield Reference(first(plain, _KEY), _document(plain), row)


def write(kept: Iterable[Kept]) -> str:
    """Return entries as a CSV table with all their columns, then `streams_cluster` and `streams_records`."""
    rows = [
        {name: value for name, value in entry.items() if name} | {_CLUSTER: cluster, _RECORDS: records}
        for entry, cluster, records in kept
    ]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in (_CLUSTER, _RECORDS)]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*names, _CLUSTER, _RECORDS], restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as a row."""
    fields = {
        **document,
        "authors": "".join(f"{name}; " for name in author_texts(document)).strip(),
        "year": str(document.get("publication_date") or "")[:4],
        "pmid": identifier(document, "pmid"),
    }
    return {name: str(fields.get(name) or "") for name in _WRITTEN}


def _plain(name: str) -> str:
    return _PUNCTUATION.sub(" ", name.strip().lower()).strip()


def _dialect(text: str) -> type[csv.Dialect]:
    """Return the dialect by the character between names that the first line has most of."""

    class Found(csv.excel):
        delimiter = max(",;\t", key=text.partition("\n")[0].count)

    return Found


def _authors(text: str) -> list[str]:
    """Return the names in a cell: `A, B.; C, D.`, or `Ada B, Cy D` where there is no semicolon; `Family, Given` is one name."""
    if ";" in text:
        return [name.strip() for name in text.split(";") if name.strip()]
    names = [name.strip() for name in text.rstrip(".").split(",") if name.strip()]
    # `Family, G., Family, G.`: every second part has nothing but initials.
    if len(names) > 1 and len(names) % 2 == 0 and all(_is_initials(name) for name in names[1::2]):
        return [f"{family}, {given}" for family, given in zip(names[::2], names[1::2], strict=True)]
    if len(names) == len(("family", "given")) and not any(" " in name for name in names):
        return [", ".join(names)]
    return names


def _is_initials(text: str) -> bool:
    letters = text.replace(".", " ").replace("-", " ").split()
    return bool(letters) and all(len(part) == 1 for part in letters)


def _document(row: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: first(row, columns) for name, columns in _COLUMNS.items()}
    fields["authors"] = _authors(fields["authors"])
    fields["year"] = year_of(fields["year"])
    fields["pages"] = fields["pages"] or page_range(first(row, _START), first(row, _END))
    if url := first(row, _URL):
        fields["urls"] = [url]
    return compact(fields)
