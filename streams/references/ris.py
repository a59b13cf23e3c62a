"""RIS, as reference managers and databases export it, by rispy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import rispy
from rispy.config import LIST_TYPE_TAGS

from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    cluster_note,
    compact,
    first,
    identifier,
    is_given,
    lines_of,
    page_range,
    split_page_range,
    title_of,
    year_of,
    year_of_document,
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
_PUBMED = re.compile(r"pubmed|medline|\bnlm\b", re.IGNORECASE)
_PMCID = re.compile(r"PMC\d+")
_DOI_LINK = re.compile(r"https?://(?:dx\.)?doi\.org/(10\..+)", re.IGNORECASE)
_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*)|$)")
_LOOSE_TAG = re.compile(r"([A-Z][A-Z0-9]) {0,2}- ?(.*)")
_LOOSE_START = re.compile(r"TY {0,2}- ?[A-Z]{3,8} *")
_START, _END = "TY", "ER"
_PLACES = ("secondary_title", "journal_name", "alternate_title3", "alternate_title2", "alternate_title1")


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """rispy's writer without a number before each reference, which some programs take for a part of it."""

    def set_header(self, count: int) -> str:
        """Return nothing."""
        del count
        return ""


def read(text: str) -> Iterator[Reference]:
    """Yield the references of a RIS file.

    A reference that lacks its end (`ER`) ends where the next one begins, tags may have fewer blanks than two and one around their
    hyphen, and lines without a tag continue the one before.
    """
    for entry in rispy.loads("\n".join(_regular(lines_of(text))), enforce_list_tags=False):
        yield Reference(first(entry, ("id", "accession_number")), _document(entry), entry)


def write(kept: Iterable[Kept]) -> str:
    """Return entries as a RIS file; `C8`, the last of the custom fields, names the cluster and its number of references."""
    entries = [
        {**entry, "custom8": cluster_note(first(entry, ("custom8",)), cluster, records)}
        for entry, cluster, records in kept
    ]
    return str(rispy.dumps(entries, implementation=_Writer, enforce_list_tags=False))


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as an entry of RIS."""
    start, end = split_page_range(str(document.get("pages") or ""))
    return compact(
        {
            "type_of_reference": _TYPES.get(document.get("type", ""), "JOUR" if document.get("journal") else "GEN"),
            "title": title_of(document),
            "authors": author_texts(document),
            "year": year_of_document(document),
            "secondary_title": document.get("journal"),
            "volume": document.get("volume"),
            "number": document.get("number"),
            "start_page": start,
            "end_page": end,
            "publisher": document.get("publisher"),
            "doi": document.get("doi"),
            "abstract": document.get("abstract"),
            "urls": list(document.get("urls") or ()),
            "accession_number": identifier(document, "pmid"),
            "name_of_database": "PubMed" if identifier(document, "pmid") else "",
            "custom2": identifier(document, "pmcid"),
            "id": str(document["id"]),
        }
    )


def _regular(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of references as rispy expects them: each with a tag and its blanks, each reference with its end.

    A line that continues a tag is put behind it, or is a value of its own where the tag has several. What programs write before and
    between references is left out.
    """
    tags, tag, value = _TAG, "", ""
    for line in lines:
        if _LOOSE_START.fullmatch(line):
            tags = _TAG if _TAG.fullmatch(line) else _LOOSE_TAG
        found = tags.fullmatch(line)
        if found and (tag or found[1] == _START):
            if tag:
                yield f"{tag}  - {value}"
            if tag and found[1] == _START:
                yield f"{_END}  - "
            tag, value = found[1], (found[2] or "").strip()
            if tag == _END:
                yield f"{_END}  - "
                tag = ""
        elif tag and (more := line.strip()):
            if tag in LIST_TYPE_TAGS:
                yield f"{tag}  - {value}"
                value = more
            else:
                value = f"{value} {more}".strip()
    if tag:
        yield from (f"{tag}  - {value}", f"{_END}  - ")


def _texts(entry: Entry, names: Iterable[str]) -> list[str]:
    """Return the texts of the first of the named fields that is there."""
    for name in names:
        if value := entry.get(name):
            return [text for text in ([value] if isinstance(value, str) else value) if is_given(text)]
    return []


def _doi(entry: Entry) -> str:
    """Return the DOI, which Ovid writes as a link to a file (`L3`)."""
    unknown = entry.get("unknown_tag", {})
    found = (_DOI_LINK.fullmatch(text.strip()) for tag in ("L3", "LK") for text in unknown.get(tag, ()))
    return first(entry, ("doi",)) or next((match[1] for match in found if match), "")


def _document(entry: Entry) -> dict[str, Any]:
    accession = first(entry, ("accession_number",))
    is_pubmed = _PUBMED.search(first(entry, ("name_of_database", "database_provider"))) and accession.isdigit()
    start, end = first(entry, ("start_page",)), first(entry, ("end_page",))
    kind = _KINDS.get(first(entry, ("type_of_reference",)).upper(), "")
    return compact(
        {
            "title": first(entry, ("title", "primary_title")),
            "authors": _texts(entry, ("authors", "first_authors")),
            "year": year_of(first(entry, ("year", "publication_year", "date"))),
            "journal": first(entry, (*_PLACES, "custom3") if kind == "proceedings-article" else _PLACES),
            "volume": first(entry, ("volume",)),
            "number": first(entry, ("number",)),
            "pages": page_range(start, end),
            "publisher": first(entry, ("publisher",)),
            "abstract": first(entry, ("abstract", "notes_abstract")),
            "language": first(entry, ("language",)),
            "type": kind,
            "doi": _doi(entry),
            "pmid": accession if is_pubmed else "",
            "pmcid": pmcid if _PMCID.fullmatch(pmcid := first(entry, ("custom2",))) else "",
            "urls": _texts(entry, ("urls",)),
        }
    )
