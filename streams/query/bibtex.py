"""Reads one BibTeX entry as a document that can be matched. Pure, but for the import of the parser when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from streams.errors import PayloadError

__all__ = ["looks_like_bibtex", "read_bibtex"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COPIED = {
    "title": "title",
    "subtitle": "subtitle",
    "volume": "volume",
    "number": "number",
    "publisher": "publisher",
    "abstract": "abstract",
    "language": "language",
    "doi": "doi",
    "pmid": "pmid",
    "pmcid": "pmcid",
}
"""Fields of an entry, and the field of a document that each becomes."""
_JOURNALS = ("journal", "journaltitle", "booktitle")
_TYPES = {
    "article": "journal-article",
    "inproceedings": "proceedings-article",
    "conference": "proceedings-article",
    "phdthesis": "dissertation",
    "mastersthesis": "dissertation",
    "thesis": "dissertation",
    "incollection": "book-chapter",
    "inbook": "book-chapter",
}
"""Types of entries, as the sources of records name them; others are named by the entry."""


def looks_like_bibtex(text: str) -> bool:
    """Return whether a text is meant as BibTeX."""
    start = text.lstrip()
    return start.startswith("@") and "{" in start[:60]


def read_bibtex(text: str) -> dict[str, Any]:
    """Return the first entry of a BibTeX text as a document, without an id.

    Raises:
        PayloadError: where there is no entry that can be read, or the parser is not installed.

    """
    entry_type, fields = _first_entry(text)
    document: dict[str, Any] = {ours: fields[theirs] for theirs, ours in _COPIED.items() if fields.get(theirs)}
    document["type"] = _TYPES.get(entry_type, entry_type)
    if authors := fields.get("author"):
        names = [" ".join(name.split()) for name in " ".join(authors.split()).split(" and ")]
        document["authors"] = [name for name in names if name and name.casefold() != "others"]
        document["authors_complete"] = len(document["authors"]) == len(names)
    if journal := next((fields[name] for name in _JOURNALS if fields.get(name)), ""):
        document["journal"] = journal
    if pages := fields.get("pages"):
        document["pages"] = pages.replace("--", "-").replace("–", "-")
    if date := _date(fields):
        document["publication_date"] = date
    if url := fields.get("url"):
        document["urls"] = [url]
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    if (eprint := fields.get("eprint")) and archive.casefold() in ("", "arxiv"):
        document["arxiv_id"] = eprint
    return document


def _first_entry(text: str) -> tuple[str, Mapping[str, str]]:
    try:
        from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 - a tenth of a second, for a few
        from bibtexparser.middlewares import LatexDecodingMiddleware  # noqa: PLC0415
    except ImportError:
        raise PayloadError(
            "not_a_paper", "BibTeX needs the extra `serve`: pip install 'streams-dedup[serve]'"
        ) from None
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it logs what strangers paste
    try:
        library = parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    except Exception as error:  # the parser promises no error of its own for a malformed text
        raise PayloadError("not_a_paper", f"this BibTeX cannot be read: {error}") from None
    if not library.entries:
        raise PayloadError("not_a_paper", "no BibTeX entry can be read here; is a brace or a comma missing?")
    entry = library.entries[0]
    return entry.entry_type.lower(), {field.key.lower(): str(field.value).strip() for field in entry.fields}


def _date(fields: Mapping[str, str]) -> str:
    if date := fields.get("date"):
        return date
    year, month = fields.get("year", ""), fields.get("month", "")
    name = month[:3].lower()
    number = _MONTHS.index(name) + 1 if name in _MONTHS else int(month) if month.isdecimal() and len(month) <= 2 else 0
    return f"{year}-{number:02}" if year and 1 <= number <= 12 else year
