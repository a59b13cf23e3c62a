"""RIS, as reference managers and databases export it, by rispy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import rispy

from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    compact,
    first,
    page_range,
    split_page_range,
    year_of,
)

__all__ = ["entry_of", "read", "write"]

_KINDS = {
    "JOUR": "journal-article",
    "EJOUR": "journal-article",
    "MGZN": "journal-article",
    "CONF": "proceedings-article",
    "CPAPER": "proceedings-article",
    "BOOK": "book",
    "EBOOK": "book",
    "CHAP": "book-chapter",
    "ECHAP": "book-chapter",
    "THES": "dissertation",
    "RPRT": "report",
    "DATA": "dataset",
    "UNPB": "preprint",
}
_TYPES = {kind: name for name, kind in reversed(_KINDS.items())}
_PUBMED = re.compile(r"pubmed|medline", re.IGNORECASE)
_START = re.compile(r"TY {1,2}- ?")
_END = re.compile(r"ER {1,2}-\s*")


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """rispy's writer without a number before each reference, which some programs take for a part of it."""

    def set_header(self, count: int) -> str:
        """Return nothing."""
        del count
        return ""


def read(text: str) -> Iterator[Reference]:
    """Yield the references of a RIS file. A reference that lacks its end (`ER`) ends where the next one begins."""
    for entry in rispy.loads("\n".join(_ended(text.splitlines())), enforce_list_tags=False):
        yield Reference(first(entry, ("id", "accession_number")), _document(entry), entry)


def write(kept: Iterable[Kept]) -> str:
    """Return entries as a RIS file; `C8`, the last of the custom fields, names the cluster and its number of references."""
    entries = [{**entry, "custom8": f"Streams cluster {cluster} ({records})"} for entry, cluster, records in kept]
    return str(rispy.dumps(entries, implementation=_Writer, enforce_list_tags=False))


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as an entry of RIS."""
    start, end = split_page_range(str(document.get("pages") or ""))
    return compact(
        {
            "type_of_reference": _TYPES.get(document.get("type", ""), "JOUR" if document.get("journal") else "GEN"),
            "title": document.get("title"),
            "authors": author_texts(document),
            "year": str(document.get("publication_date") or "")[:4],
            "secondary_title": document.get("journal"),
            "volume": document.get("volume"),
            "number": document.get("number"),
            "start_page": start,
            "end_page": end,
            "publisher": document.get("publisher"),
            "doi": document.get("doi"),
            "abstract": document.get("abstract"),
            "urls": list(document.get("urls") or ()),
            "id": str(document["id"]),
        }
    )


def _ended(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines with an end before each begin of a reference that has none: rispy would make one of the two."""
    is_open = False
    for number, line in enumerate(lines):
        bare = line.lstrip("\ufeff") if not number else line
        if _START.match(bare):
            if is_open:
                yield "ER  - "
            is_open = True
        elif _END.fullmatch(bare):
            is_open = False
        yield bare
    if is_open:
        yield "ER  - "


def _texts(entry: Entry, names: Iterable[str]) -> list[str]:
    """Return the texts of the first of the named fields that is there."""
    for name in names:
        if value := entry.get(name):
            return [value] if isinstance(value, str) else [text for text in value if text]
    return []


def _document(entry: Entry) -> dict[str, Any]:
    accession = first(entry, ("accession_number",))
    is_pubmed = _PUBMED.search(first(entry, ("name_of_database", "database_provider"))) and accession.isdigit()
    start, end = first(entry, ("start_page",)), first(entry, ("end_page",))
    return compact(
        {
            "title": first(entry, ("title", "primary_title")),
            "authors": _texts(entry, ("authors", "first_authors")),
            "year": year_of(first(entry, ("year", "publication_year", "date"))),
            "journal": first(
                entry, ("secondary_title", "journal_name", "alternate_title3", "alternate_title2", "alternate_title1")
            ),
            "volume": first(entry, ("volume",)),
            "number": first(entry, ("number",)),
            "pages": page_range(start, end),
            "publisher": first(entry, ("publisher",)),
            "abstract": first(entry, ("abstract", "notes_abstract")),
            "language": first(entry, ("language",)),
            "type": _KINDS.get(first(entry, ("type_of_reference",)), ""),
            "doi": first(entry, ("doi",)),
            "pmid": accession if is_pubmed else "",
            "urls": _texts(entry, ("urls",)),
        }
    )
