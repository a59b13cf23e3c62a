"""A reference of a file, and the values that all forms read in the same way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "Entry",
    "Kept",
    "Reference",
    "author_texts",
    "cluster_note",
    "compact",
    "entry_id",
    "first",
    "identifier",
    "is_given",
    "lines_of",
    "page_range",
    "split_page_range",
    "title_of",
    "year_of",
    "year_of_document",
]

Entry = Mapping[str, Any]
"""An entry as its form has it: tags, columns or fields by name."""
_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_PLAIN_KEY = re.compile(r"[!-~]{1,100}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_GIVEN = re.compile(
    r"\[(?:no [^\]]+ (?:available|supplied|provided)|anonymous)\]|no abstract available\.?", re.IGNORECASE
)
"""What databases write where there is nothing: `[No abstract available]` (Scopus), `[Anonymous]` (Web of Science)."""
_NOTE = re.compile(r"(?:; )?Streams cluster \S* \(\d+\)")
_PAGES = re.compile(r"\s*([A-Za-z]?\d+[A-Za-z]?)\s*(?:-{1,3}|–|—)\s*([A-Za-z]?\d+[A-Za-z]?)\s*")


class Reference(NamedTuple):
    """A reference of a file.

    `key` is the reference's own id in its file (a BibTeX key, a PMID, an accession number), empty where it has none. `document`
    has the fields of the source `document` without `id` and `source`. `entry` is the reference as its form has it. A reference that
    cannot be read has neither: its `text` is all there is.
    """

    key: str
    document: dict[str, Any]
    entry: Entry
    text: str = ""


class Kept(NamedTuple):
    """An entry to write: `cluster` is the id of its cluster, `records` the number of references in it."""

    entry: Entry
    cluster: str
    records: int


def entry_id(reference: Reference) -> str:
    """Return the reference's key, where that is plain text.

    Else it is a short hash of what the reference contains, which is the same whenever the file is read again.
    """
    if _PLAIN_KEY.fullmatch(reference.key):
        return reference.key
    content = reference.key + repr(sorted(reference.document.items())) + reference.text
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def lines_of(text: str) -> list[str]:
    """Return the lines of a file of any system; other characters that Unicode breaks lines at are part of a text."""
    return _LINE_END.split(text.removeprefix("\ufeff"))


def is_given(text: str) -> bool:
    """Return whether a text says something, and not that there is nothing."""
    return bool(text.strip()) and not _NOT_GIVEN.fullmatch(text.strip())


def first(entry: Entry, names: Iterable[str]) -> str:
    """Return the first of the named fields that has text, without the space around it; of a list its first text."""
    for name in names:
        value = entry.get(name)
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        for text in values:
            if isinstance(text, str) and is_given(text):
                return text.strip()
    return ""


def year_of(text: str) -> str:
    """Return the year in a text such as `2021 Mar 3`, `2021/03/03/` or `(2021)`; empty where there is none."""
    found = _YEAR.search(text)
    return found[0] if found else ""


def page_range(start: str, end: str) -> str:
    """Return `start-end`, or the one of them that is there."""
    return f"{start}-{end}" if start and end and start != end else start or end


def split_page_range(pages: str) -> tuple[str, str]:
    """Return first and last page of `12-19` or `12--19`; a text that is no range is the first page."""
    found = _PAGES.fullmatch(pages)
    return (found[1], found[2]) if found else (pages.strip(), "")


def author_texts(document: Mapping[str, Any]) -> list[str]:
    """Return the authors of a document as `Family, Given`, or as they are."""
    texts = []
    for author in document.get("authors") or ():
        if isinstance(author, str):
            texts.append(author)
        elif author.get("family"):
            texts.append(", ".join(filter(None, (author["family"], author.get("given", "")))))
        elif author.get("name"):
            texts.append(author["name"])
    return texts


def identifier(document: Mapping[str, Any], scheme: str) -> str:
    """Return the identifier of a scheme that a document has, as a field or among its `identifiers`; empty where there is none."""
    listed = document.get("identifiers") or ()
    return str(document.get(scheme) or next((one["value"] for one in listed if one.get("scheme") == scheme), ""))


def title_of(document: Mapping[str, Any]) -> str:
    """Return title and subtitle of a document as one text."""
    return ": ".join(str(document[name]) for name in ("title", "subtitle") if document.get(name))


def year_of_document(document: Mapping[str, Any]) -> str:
    """Return the year of a document; empty where it has none."""
    return year_of(str(document.get("publication_date") or document.get("year") or ""))


def cluster_note(field: str, cluster: str, records: int) -> str:
    """Return the text of a field that names a cluster and its number of references, after what else the field has."""
    others = _NOTE.sub("", field).strip()
    return "; ".join(filter(None, (others, f"Streams cluster {cluster} ({records})")))


def compact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value}
