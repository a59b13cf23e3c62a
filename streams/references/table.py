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
    lines_of,
    page_range,
    title_of,
    year_of,
    year_of_document,
)

__all__ = ["entry_of", "is_table", "read", "write"]

_CLUSTER, _RECORDS = "streams_cluster", "streams_records"
# Names of columns in lower case without punctuation, of Scopus, Web of Science (its table of tags as well), PubMed, Embase, EBSCO,
# IEEE, Dimensions, Lens, Zotero, Rayyan and Covidence.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "article title", "document title", "ti", "primary title"),
    "authors": ("authors", "author", "author s", "author full names", "author names", "af", "au"),
    "year": (
        *("year", "publication year", "pubyear", "py", "published year", "date", "publication date", "date published"),
        "cover date",
    ),
    "journal": (
        *("journal", "source title", "publication title", "journal title", "journal book", "source", "so"),
        "publication name",
    ),
    "volume": ("volume", "vl"),
    "number": ("issue", "issue number", "number", "is"),
    "pages": ("pages", "page range", "pagination"),
    "publisher": ("publisher",),
    "abstract": ("abstract", "abstract note", "ab"),
    "language": ("language", "language of original document", "la"),
    "type": ("document type", "item type", "publication type", "dt"),
    "doi": ("doi", "di", "digital object identifier"),
    "pmid": ("pmid", "pubmed id", "medline pmid", "pm"),
    "pmcid": ("pmcid", "pmc id"),
    "arxiv_id": ("arxiv id", "arxiv"),
}
_KINDS = {
    "article": "journal-article",
    "journal article": "journal-article",
    "journalarticle": "journal-article",
    "review": "journal-article",
    "conference paper": "proceedings-article",
    "conferencepaper": "proceedings-article",
    "proceedings paper": "proceedings-article",
    "conference proceedings article": "proceedings-article",
    "book": "book",
    "book chapter": "book-chapter",
    "booksection": "book-chapter",
    "erratum": "erratum",
    "correction": "erratum",
    "preprint": "preprint",
    "thesis": "dissertation",
    "dissertation": "dissertation",
    "report": "report",
    "dataset": "dataset",
}
_START = ("page start", "start page", "first page", "beginning page", "bp")
_END = ("page end", "end page", "last page", "ending page", "ep")
_URL = ("url", "link", "urls")
_KEY = (
    "eid",
    "ut unique wos id",
    "ut",
    "key",
    "lens id",
    "publication id",
    "accession number",
    "pmid",
    "covidence #",
    "id",
)
_PUNCTUATION = re.compile(r"[^\w#]+|_")
_SCOPUS_AUTHOR = re.compile(r" ?\(\d{6,}\)")
_AND = re.compile(r"\s*,?\s+and\s+")
_LAST = re.compile(r"others|et al\.?", re.IGNORECASE)
_FIRST_LINES = 5
_LONGEST_NAMES = 64 * 1024
"""How many lines may come before that of the names: `sep=;` of Excel, what Dimensions says about its data."""
_WRITTEN = ("title", "authors", "year", "journal", "volume", "number", "pages", "doi", "pmid", "arxiv_id", "abstract")


def is_table(beginning: str) -> bool:
    """Return whether a text begins as a table of references: with names of columns for a title, and for authors or a year."""
    names = {_plain(name) for name in _cells(next(iter(lines_of(beginning)), ""))}
    return all(not names.isdisjoint(wanted) for wanted in (_COLUMNS["title"], _COLUMNS["authors"] + _COLUMNS["year"]))


def read(text: str) -> Iterator[Reference]:
    """Yield the rows of a table with a line of names; comma, semicolon or tab between cells is found out.

    Raises UsageError where no column is a title, and where the last cell has a quotation mark without its end: it would have all
    rows that follow.
    """
    csv.field_size_limit(10_000_000)
    start = _start_of_names(text)
    lines = io.StringIO(text[start:].replace("\0", ""), newline="")
    taken: list[str] = []
    rows = csv.DictReader(_noted(lines, taken), dialect=_dialect(text[start:]))
    names = {_plain(name): name for name in rows.fieldnames or () if name}
    if not any(name in names for name in _COLUMNS["title"]):
        raise UsageError(f"the table has no column `title` in its first line: {', '.join(map(repr, names)) or 'empty'}")
    taken.clear()
    for row in rows:
        if len(taken) > 1 and taken[-1] == "" and "".join(taken).count('"') % 2:
            raise UsageError(f"a quotation mark is never closed in the row that begins with {taken[0][:40].strip()!r}")
        taken.clear()
        plain = {_plain(name): value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        if "source title" in plain:
            plain.pop("source", None)  # that of the row: `Scopus`
        if any(value.strip() for value in plain.values()):
            yield Reference(first(plain, _KEY), _document(plain), row)


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """Yield lines, and note each in `taken`; the end of the file is an empty line."""
    for line in lines:
        taken.append(line)
        yield line
    taken.append("")


def _start_of_names(text: str) -> int:
    """Return where the line of names begins: the first line with a title among the first few, else the first line."""
    at = 0
    for line in text[:_LONGEST_NAMES].splitlines(keepends=True)[:_FIRST_LINES]:
        if not {_plain(name) for name in _cells(line)}.isdisjoint(_COLUMNS["title"]):
            return at
        at += len(line)
    return 0


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
        "title": title_of(document),
        "authors": "".join(f"{name}; " for name in author_texts(document)).strip(),
        "year": year_of_document(document),
        "pmid": identifier(document, "pmid"),
    }
    return {name: str(fields.get(name) or "") for name in _WRITTEN}


def _plain(name: str) -> str:
    return _PUNCTUATION.sub(" ", name.strip().lower()).strip()


def _dialect(text: str) -> type[csv.Dialect]:
    """Return the dialect by the character between names that the first line has most of."""

    class Found(csv.excel):
        delimiter = _delimiter(lines_of(text)[0])

    return Found


def _delimiter(names: str) -> str:
    return max(",;\t", key=names.count)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line.strip("\r\n")], delimiter=_delimiter(line)), [])


def _authors(text: str) -> list[str]:
    """Return the names in a cell: `A, B.; C, D.`, or `Ada B, Cy D` where there is no semicolon; `Family, Given` is one name."""
    return [
        name for part in _names(_SCOPUS_AUTHOR.sub("", text)) if (name := part.strip()) and not _LAST.fullmatch(name)
    ]


def _names(text: str) -> list[str]:
    if ";" in text or "|" in text:
        return re.split(r"[;|]", text)
    joined = _AND.split(text)
    if len(joined) > 1 and all("," in name for name in joined):
        return joined
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
    fields["type"] = _KINDS.get(fields["type"].lower(), "")
    fields["pages"] = fields["pages"] or page_range(first(row, _START), first(row, _END))
    if url := first(row, _URL):
        fields["urls"] = [url]
    return compact(fields)
