"""EndNote's XML export, by lxml; Zotero, Mendeley and Covidence write it as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from streams.errors import UsageError
from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    cluster_note,
    compact,
    identifier,
    is_given,
    title_of,
    year_of,
    year_of_document,
)

__all__ = ["entry_of", "read", "write"]

_Element = etree._Element
_KINDS = {
    "Journal Article": "journal-article",
    "Electronic Article": "journal-article",
    "Conference Proceedings": "proceedings-article",
    "Conference Paper": "proceedings-article",
    "Book": "book",
    "Book Section": "book-chapter",
    "Thesis": "dissertation",
    "Report": "report",
    "Dataset": "dataset",
}
_NAMES = {kind: name for name, kind in reversed(_KINDS.items())}
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_NO_XML = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[1245-9]|2\d|3[01]));",
    re.IGNORECASE,
)
"""Characters that XML has no way to write, and that EndNote writes where they were pasted; not tab and carriage return."""
_PUBMED = re.compile(r"pubmed|medline|\bnlm\b", re.IGNORECASE)
_PMCID = re.compile(r"PMC\d+")


def read(text: str) -> Iterator[Reference]:
    """Yield the references of an EndNote XML file. Raises UsageError where it is not XML, with the line."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
    try:
        # The text is decoded already, whatever the encoding that its declaration names.
        root = etree.fromstring(_NO_XML.sub("", _DECLARATION.sub("", text, count=1)).encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UsageError(f"not EndNote XML: {error}") from error
    for record in root.iter("record"):
        document = _document(record)
        yield Reference(_text(record, "rec-number"), document, {"xml": record})


def write(kept: Iterable[Kept]) -> str:
    """Return entries as an EndNote XML file; `custom7` names the cluster and its number of references."""
    root = etree.Element("xml")
    records = etree.SubElement(root, "records")
    for entry, cluster, count in kept:
        record = etree.fromstring(etree.tostring(entry["xml"]))
        old = _text(record, "custom7")
        for element in record.findall("custom7"):
            record.remove(element)
        etree.SubElement(record, "custom7").text = cluster_note(old, cluster, count)
        records.append(record)
    return etree.tostring(root, encoding="unicode", pretty_print=True)


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as a record of EndNote."""
    record = etree.Element("record")
    kind = _NAMES.get(document.get("type", ""), "Journal Article" if document.get("journal") else "Generic")
    etree.SubElement(record, "ref-type", name=kind)
    _put(record, "contributors/authors", "author", author_texts(document))
    _put(record, "titles", "title", [title_of(document)])
    _put(record, "titles", "secondary-title", [document.get("journal")])
    _put(record, "dates", "year", [year_of_document(document)])
    for tag, field in (("volume", "volume"), ("number", "number"), ("pages", "pages"), ("abstract", "abstract")):
        _put(record, "", tag, [document.get(field)])
    _put(record, "", "electronic-resource-num", [document.get("doi")])
    if pmid := identifier(document, "pmid"):
        _put(record, "", "accession-num", [pmid])
        _put(record, "", "remote-database-name", ["PubMed"])
    _put(record, "", "custom2", [identifier(document, "pmcid")])
    return {"xml": record}


def _put(record: _Element, path: str, tag: str, texts: Iterable[str | None]) -> None:
    """Append an element for each text below `path`, which is made where it is absent."""
    given = [text for text in texts if text]
    if not given:
        return
    below = record
    for step in filter(None, path.split("/")):
        found = below.find(step)
        below = etree.SubElement(below, step) if found is None else found
    for text in given:
        etree.SubElement(below, tag).text = _writable(text)


def _writable(text: str) -> str:
    """Return the text without the control characters that XML has no way to write."""
    return "".join(c for c in text if c >= " " or c in "\t\n")


def _text(record: _Element, path: str) -> str:
    return next(iter(_texts(record, path)), "")


def _texts(record: _Element, path: str) -> list[str]:
    found = ("".join(map(str, each.itertext())).strip() for each in record.findall(path))
    return [text for text in found if is_given(text)]


def _document(record: _Element) -> dict[str, Any]:
    kind = record.find("ref-type")
    accession = _text(record, "accession-num")
    databases = f"{_text(record, 'remote-database-name')} {_text(record, 'remote-database-provider')}"
    is_pubmed = accession.isdigit() and len(accession) <= len("12345678") and _PUBMED.search(databases)
    return compact(
        {
            "title": _text(record, "titles/title"),
            "authors": [name.rstrip(",") for name in _texts(record, "contributors/authors/author")],
            "year": year_of(_text(record, "dates/year") or _text(record, "dates/pub-dates/date")),
            "journal": _text(record, "titles/secondary-title") or _text(record, "periodical/full-title"),
            "volume": _text(record, "volume"),
            "number": _text(record, "number"),
            "pages": _text(record, "pages"),
            "publisher": _text(record, "publisher"),
            "abstract": _text(record, "abstract"),
            "language": _text(record, "language"),
            "type": _KINDS.get(str(kind.get("name", "")), "") if kind is not None else "",
            "doi": _text(record, "electronic-resource-num"),
            "pmid": accession if is_pubmed else "",
            "pmcid": pmcid if _PMCID.fullmatch(pmcid := _text(record, "custom2")) else "",
            "urls": [*_texts(record, "urls/related-urls/url"), *_texts(record, "urls/web-urls/url")],
        }
    )
