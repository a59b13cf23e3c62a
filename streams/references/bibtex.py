"""BibTeX and biblatex, by bibtexparser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bibtexparser import middlewares as m
from bibtexparser.entrypoint import parse_string, write_string
from bibtexparser.library import Library
from bibtexparser.middlewares.parsestack import default_parse_stack
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Field,
    ImplicitComment,
    ParsingFailedBlock,
)
from bibtexparser.model import Entry as BibtexEntry

from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    compact,
    first,
    identifier,
    is_given,
    lines_of,
    title_of,
    year_of_document,
)

__all__ = ["entry_of", "read", "write"]

_DECODE = m.LatexDecodingMiddleware(allow_inplace_modification=False)
_LATEX = re.compile(r"[\\$~{}]|--|``|''")
_PERCENT = re.compile(r"(?<!\\)%")
_SPECIAL = re.compile(r"([&%#_$])")
_ESCAPED = re.compile(r"\\(?:url(?=\{)|(?=[&%#_$~]))|[{}]")
_VERBATIM = frozenset(("doi", "eprint", "pmid", "pmcid", "url"))
_QUOTED = re.compile(r'"[^"]*"')
_JOINED = re.compile(r"\s*#\s*")
_ARXIV = re.compile(r"\barXiv:(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE)
_OTHERS = "others"
_BRACES = str.maketrans("", "", "{}")
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
_READ = (
    *(
        "title",
        "subtitle",
        "author",
        "date",
        "year",
        "journal",
        "journaltitle",
        "booktitle",
        "volume",
        "number",
        "issue",
    ),
    *("pages", "publisher", "school", "institution", "abstract", "language", "langid", "archiveprefix", "eprinttype"),
)
"""The fields whose LaTeX is decoded, where they have any: that of an abstract takes 3 ms."""
_SCHEMES = {"doi": "doi", "pmid": "pmid", "pmcid": "pmcid"}


def read(text: str) -> Iterator[Reference]:
    """Yield the references of a BibTeX file; LaTeX in the fields becomes Unicode in the documents, entries stay as they are.

    A block that cannot be read is a reference with its text alone. Strings (`@string`) are resolved.
    """
    library = parse_string("\n".join(lines_of(text)))
    strings = {name.lower(): str(string.value) for name, string in library.strings_dict.items()}
    unread = ""
    for block in library.blocks:
        if unread and isinstance(block, ImplicitComment):  # what follows the place where an entry could not be read on
            unread += f"\n{block.raw or ''}"
            continue
        if unread:
            yield Reference("", {}, {}, unread)
            unread = ""
        if isinstance(block, BibtexEntry):
            yield _reference(block, strings)
        elif isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            yield from (_reference(entry, strings) for entry in _resolved(block.ignore_error_block, library))
        elif isinstance(block, ParsingFailedBlock):
            unread = block.raw or ""
    if unread:
        yield Reference("", {}, {}, unread)


def _resolved(block: Block | None, library: Library) -> list[BibtexEntry]:
    """Return the entry that the library set aside, for its key came before or has a field twice, with the strings of the file."""
    alone = Library([*library.strings, *([block] if block else [])])
    for step in default_parse_stack(allow_inplace_modification=False):
        alone = step.transform(alone)
    return alone.entries


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
    fields = compact(
        {
            "title": title_of(document),
            "author": " and ".join(author_texts(document)),
            "year": year_of_document(document),
            place: document.get("journal"),
            "volume": document.get("volume"),
            "number": document.get("number"),
            "pages": str(document.get("pages") or "").replace("-", "--"),
            "publisher": document.get("publisher"),
            "doi": document.get("doi"),
            "eprint": document.get("arxiv_id"),
            "pmid": identifier(document, "pmid"),
            "pmcid": identifier(document, "pmcid"),
            "url": first(document, ("urls",)),
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


def _reference(block: BibtexEntry, strings: Mapping[str, str]) -> Reference:
    values: dict[str, str] = {}
    for field in block.fields:
        values.setdefault(field.key, _joined(str(field.value), strings))  # of a field that comes twice the first one
    entry = {"type": block.entry_type, "key": block.key, "fields": values}
    return Reference(block.key, _document(block.entry_type, _decoded(values)), entry)


def _joined(value: str, strings: Mapping[str, str]) -> str:
    """Return a value that is put together, `tides # " B"`, as one; bibtexparser leaves it as it is."""
    if "#" not in value or '"' not in value:
        return value
    parts = _JOINED.split(value)
    known = [part[1:-1] if _QUOTED.fullmatch(part) else strings.get(part.lower()) for part in parts]
    return "".join(part for part in known if part is not None) if None not in known else value


def _decoded(values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are read, by their names in lower case, without LaTeX.

    A percent sign is one: exports have it in abstracts without its backslash, after which LaTeX would see a comment.
    """
    fields = {name.lower(): value for name, value in values.items()}
    latex = [Field(name, _PERCENT.sub(r"\%", fields[name])) for name in _READ if _LATEX.search(fields.get(name, ""))]
    decoded = _DECODE.transform_block(BibtexEntry("article", "", latex), Library())
    if isinstance(decoded, BibtexEntry):
        fields |= {field.key: str(field.value) for field in decoded.fields}
    fields |= {name: _ESCAPED.sub("", fields[name]) for name in _VERBATIM if name in fields}
    return {name: " ".join(value.translate(_BRACES).split()) for name, value in fields.items()}


def _document(kind: str, fields: Mapping[str, str]) -> dict[str, Any]:
    arxiv = fields.get("eprint", "") if first(fields, ("archiveprefix", "eprinttype")).lower() == "arxiv" else ""
    if not arxiv and (
        found := _ARXIV.search(fields.get("journal", ""))
    ):  # `arXiv preprint arXiv:2101.12345`, Google Scholar
        arxiv = found[1]
    authors = [name.strip() for name in _AND.split(first(fields, ("author",))) if is_given(name)]
    complete = {} if _OTHERS not in authors[-1:] else {"authors_complete": False}
    return complete | compact(
        {
            "title": first(fields, ("title",)),
            "subtitle": first(fields, ("subtitle",)),
            "authors": authors[:-1] if complete else authors,
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
