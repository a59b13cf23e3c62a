"""BibTeX and biblatex, by bibtexparser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bibtexparser import middlewares as m
from bibtexparser.entrypoint import parse_string, write_string
from bibtexparser.library import Library
from bibtexparser.model import DuplicateBlockKeyBlock, Field, MiddlewareErrorBlock, ParsingFailedBlock
from bibtexparser.model import Entry as BibtexEntry

from streams.references.reference import Entry, Kept, Reference, author_texts, compact, first, identifier

__all__ = ["entry_of", "read", "write"]

_DECODE = m.LatexDecodingMiddleware(allow_inplace_modification=False)
_SPECIAL = re.compile(r"([&%#_$])")
_VERBATIM = frozenset(("doi", "eprint", "pmid"))
_CLUSTER, _RECORDS = "streamscluster", "streamsrecords"
_KINDS = {
    "article": "journal-article",
    "inproceedings": "proceedings-article",
    "conference": "proceedings-article",
    "incollection": "book-chapter",
    "inbook": "book-chapter",
    "book": "book",
    "proceedings": "proceedings",
    "phdthesis": "dissertation",
    "mastersthesis": "dissertation",
    "thesis": "dissertation",
    "techreport": "report",
    "report": "report",
    "dataset": "dataset",
    "unpublished": "preprint",
}
_ENTRY_TYPES = {kind: name for name, kind in reversed(_KINDS.items())}
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_SCHEMES = {"doi": "doi", "pmid": "pmid", "pmcid": "pmcid"}


def read(text: str) -> Iterator[Reference]:
    """Yield the references of a BibTeX file; LaTeX in the fields becomes Unicode in the documents, entries stay as they are.

    A block that cannot be read is a reference with its text alone. Strings (`@string`) are resolved.
    """
    library = parse_string(text)
    for block in library.blocks:
        if isinstance(block, DuplicateBlockKeyBlock):
            # The library sets a second entry of one key aside: it is read alone, with the strings of the file.
            strings = "".join(string.raw or "" for string in library.strings)
            yield from map(_reference, parse_string(strings + (block.raw or "")).entries)
        elif isinstance(block, BibtexEntry):
            yield _reference(block)
        elif isinstance(block, MiddlewareErrorBlock | ParsingFailedBlock):
            yield Reference("", {}, {}, block.raw or "")


def write(kept: Iterable[Kept]) -> str:
    """Return entries as a BibTeX file, each with the fields `streamscluster` and `streamsrecords`."""
    texts = []
    for entry, cluster, records in kept:
        fields = dict(entry["fields"]) | {_CLUSTER: cluster, _RECORDS: str(records)}
        block = BibtexEntry(entry["type"], entry["key"], [Field(name, value) for name, value in fields.items()])
        texts.append(write_string(Library([block])))  # one by one: a library has no second entry of a key
    return "\n".join(texts)


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as an entry of BibTeX."""
    kind = _ENTRY_TYPES.get(document.get("type", ""), "article" if document.get("journal") else "misc")
    place = "booktitle" if kind in ("inproceedings", "incollection", "inbook") else "journal"
    date = str(document.get("publication_date") or "")
    fields = compact(
        {
            "title": document.get("title"),
            "author": " and ".join(author_texts(document)),
            "year": date[:4],
            place: document.get("journal"),
            "volume": document.get("volume"),
            "number": document.get("number"),
            "pages": str(document.get("pages") or "").replace("-", "--"),
            "publisher": document.get("publisher"),
            "doi": document.get("doi"),
            "eprint": document.get("arxiv_id"),
            "pmid": identifier(document, "pmid"),
            "abstract": document.get("abstract"),
        }
    )
    if "eprint" in fields:
        fields["eprinttype"] = "arxiv"
    fields = {name: value if name in _VERBATIM else _in_latex(str(value)) for name, value in fields.items()}
    return {"type": kind, "key": re.sub(r"[^\w:.-]", "_", str(document["id"])), "fields": fields}


def _in_latex(text: str) -> str:
    """Return a text with LaTeX's special characters escaped, without braces, which would have to be balanced."""
    return _SPECIAL.sub(r"\\\1", re.sub(r"[{}\\]", "", text))


def _reference(block: BibtexEntry) -> Reference:
    decoded = _DECODE.transform_block(block, Library())
    fields = _fields(decoded if isinstance(decoded, BibtexEntry) else block)
    return Reference(block.key, _document(block.entry_type, fields), _as_entry(block))


def _as_entry(block: BibtexEntry) -> Entry:
    return {
        "type": block.entry_type,
        "key": block.key,
        "fields": {field.key: str(field.value) for field in block.fields},
    }


def _fields(block: BibtexEntry) -> dict[str, str]:
    return {field.key.lower(): str(field.value).replace("{", "").replace("}", "") for field in block.fields}


def _document(kind: str, fields: Mapping[str, str]) -> dict[str, Any]:
    arxiv = fields.get("eprint", "") if first(fields, ("archiveprefix", "eprinttype")).lower() == "arxiv" else ""
    title, subtitle = first(fields, ("title",)), first(fields, ("subtitle",))
    return compact(
        {
            "title": title,
            "subtitle": subtitle,
            "authors": [name.strip() for name in _AND.split(first(fields, ("author",))) if name.strip()],
            "publication_date": first(fields, ("date",)),
            "year": first(fields, ("year",)),
            "journal": first(fields, ("journal", "journaltitle", "booktitle")),
            "volume": first(fields, ("volume",)),
            "number": first(fields, ("number", "issue")),
            "pages": first(fields, ("pages",)).replace("--", "-").replace("–", "-"),
            "publisher": first(fields, ("publisher", "school", "institution")),
            "abstract": first(fields, ("abstract",)),
            "language": first(fields, ("language", "langid")),
            "type": _KINDS.get(kind.lower(), ""),
            "arxiv_id": arxiv,
            "urls": [url] if (url := first(fields, ("url",))) else [],
            **{scheme: first(fields, (name,)) for name, scheme in _SCHEMES.items()},
        }
    )
