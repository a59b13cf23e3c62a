"""arXiv's XML: OAI-PMH in the formats arXiv, arXivRaw and oai_dc, and the Atom of its API.

Elements are found by local name, for the spelling of the namespaces changed over the years, and any of the
inner elements may be the root: harvesters cut pages into bare `<record>`s.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from streams.errors import PayloadError
from streams.normalize.identifiers import ArxivId, find_arxiv, parse_arxiv
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources.payloads import Item, load_xml
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder

__all__ = ["read_xml"]

NAME = "arxiv"
_Element = etree._Element
_FORMATS = ("arXiv", "arXivRaw", "arXivOld", "dc")
_SINGLE = ("record", "entry", *_FORMATS)


def _name(element: _Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _children(element: _Element, name: str) -> list[_Element]:
    return [child for child in element if _name(child) == name]


def _child(element: _Element, name: str) -> _Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: _Element | None) -> str:
    return "".join(str(piece) for piece in element.itertext()) if element is not None else ""


def _value(element: _Element, name: str) -> str:
    return _text(_child(element, name)).strip()


def read_xml(payload: bytes) -> list[Item]:
    """Read the items of an OAI-PMH or Atom payload.

    Raises:
        PayloadError: where the payload cannot be read as a whole.

    """
    root = load_xml(payload)
    items: list[Item] = []
    for where, element in _members(root):
        try:
            items.append(_read(element))
        except PayloadError as error:
            items.append(PayloadError(error.code, error.detail, where + error.where))
        except Exception as error:  # A fault of this module costs one item, never the worker.
            items.append(PayloadError("adapter_failed", f"{type(error).__name__}: {error}", where))
    return items or [PayloadError("empty_page", "the payload is well-formed but holds no record")]


def _members(root: _Element) -> Iterator[tuple[str, _Element]]:
    """Return the records or entries below a root, each with its place in the payload.

    Raises:
        PayloadError: where the root has none.

    """
    name = _name(root)
    if name in _SINGLE:
        yield "", root
        return
    if name == "feed":
        yield from ((f"/entry[{i}]", entry) for i, entry in enumerate(_children(root, "entry"), start=1))
        return
    if name == "OAI-PMH":
        error = _child(root, "error")
        if error is not None:
            code = error.get("code", "")
            if code == "noRecordsMatch":
                return
            raise PayloadError("source_error", f"{code}: {_text(error).strip()}"[:500], "/error")
    verbs = ("ListRecords", "GetRecord", "ListIdentifiers")
    found = [root] if name in verbs else [child for child in root if _name(child) in verbs]
    if not found:
        raise PayloadError("not_a_paper", f"<{name}> holds no records", f"/{name}")
    for verb in found:
        place = "record" if _name(verb) != "ListIdentifiers" else "header"
        for i, element in enumerate(_children(verb, place), start=1):
            yield f"/{_name(verb)}/{place}[{i}]", element


def _read(element: _Element) -> Record | Delete:
    name = _name(element)
    if name == "entry":
        return _read_entry(element)
    if name in _FORMATS:
        return _read_metadata(element, "", "")
    header = element if name == "header" else _child(element, "header")
    identifier = _value(header, "identifier") if header is not None else ""
    updated = _value(header, "datestamp") if header is not None else ""
    if header is not None and header.get("status") == "deleted":
        found = parse_arxiv(identifier)
        return RecordBuilder(NAME).delete(found.base if found else "", "oai_deleted", updated)
    metadata = _child(element, "metadata")
    inner = next((child for child in metadata if _name(child) in _FORMATS), None) if metadata is not None else None
    if inner is None:
        raise PayloadError("not_a_paper", "no metadata in a format known", "/metadata")
    return _read_metadata(inner, identifier, updated)


def _read_metadata(element: _Element, oai_id: str, updated: str) -> Record | Delete:
    if _name(element) == "dc":
        return _read_dc(element, oai_id, updated)
    return _read_arxiv(element, oai_id, updated)


def _identity(builder: RecordBuilder, *texts: str) -> ArxivId:
    """Return the arXiv id in the first text that has one.

    Raises:
        PayloadError: `no_identity`.

    """
    for text in texts:
        if text and (found := parse_arxiv(text)):
            builder.identify("arxiv", found.base, "id")
            return found
    raise PayloadError("no_identity", "no usable arXiv id", "/id")


def _read_arxiv(element: _Element, oai_id: str, updated: str) -> Record | Delete:
    """Read a record in the formats arXiv (authors with parts, no versions) or arXivRaw (free text, all versions).

    A paper whose last version was withdrawn is read as deleted, for arXiv has no text of it any more (ADR 20).
    """
    builder = RecordBuilder(NAME)
    arxiv = _identity(builder, _value(element, "id"), oai_id)
    if dois := _value(element, "doi"):
        builder.identify_dois(dois, "doi")
    versions = _children(element, "version")
    number, date = 0, builder.date(_value(element, "created"), "created")
    if versions:
        label = versions[-1].get("version", "").lstrip("v")
        number = int(label) if label.isdecimal() and len(label) < 4 else len(versions)
        date = builder.date(_value(versions[0], "date"), "version/date")
        if _value(versions[-1], "source_type") == "I":
            return builder.delete(arxiv.base, "arxiv_withdrawn", updated)
    authors, complete = _authors(element, builder)
    return builder.record(
        arxiv.base,
        title=builder.text(_value(element, "title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date,
        journal=builder.text(_value(element, "journal-ref"), "journal-ref"),
        abstract=builder.text(_value(element, "abstract"), "abstract", MAX_ABSTRACT),
        type="preprint",
        version=number,
        updated=builder.timestamp(updated or _value(element, "updated"), "datestamp"),
    )


def _authors(element: _Element, builder: RecordBuilder) -> tuple[list[Author], bool]:
    listed = _child(element, "authors")
    if listed is None:
        return [], True
    rows = builder.items(_children(listed, "author"), "authors", MAX_AUTHORS)
    if not rows:
        text = builder.text(_text(listed), "authors", names.MAX_NAME * MAX_AUTHORS)
        return names.split_free_text(text, builder) if text else ([], True)
    authors = []
    for row in rows:
        parts = (_value(row, "keyname"), _value(row, "forenames"), _value(row, "suffix"))
        family, given, suffix = (builder.text(part, "authors", names.MAX_NAME) for part in parts)
        if family or given:
            authors.append(names.from_parts(family, given, suffix=suffix))
    return authors, True


def _read_dc(element: _Element, oai_id: str, updated: str) -> Record:
    """Read a record in oai_dc.

    DOI, page and journal reference are all in `identifier`, abstract and comments in `description`,
    the days of the first and the last version in `date`.
    """
    builder = RecordBuilder(NAME)
    listed = [_text(child).strip() for child in _children(element, "identifier")]
    pages = [text for text in listed if "arxiv.org/" in text.lower()]
    arxiv = _identity(builder, oai_id, *pages)
    journal = ""
    for text in listed:
        if text in pages:
            continue
        if text.lower().startswith("doi:") or "doi.org/" in text.lower():
            builder.identify_dois(text, "identifier")
        else:
            journal = journal or builder.text(text, "identifier")
    creators = [_text(child) for child in _children(element, "creator")]
    authors, complete = names.from_items(builder.items(creators, "creator", MAX_AUTHORS), builder, "creator")
    descriptions = [
        builder.text(_text(child), "description", MAX_ABSTRACT) for child in _children(element, "description")
    ]
    days = sorted(day for child in _children(element, "date") if (day := builder.date(_text(child), "date")))
    return builder.record(
        arxiv.base,
        title=builder.text(_value(element, "title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=days[0] if days else "",
        journal=journal,
        abstract=next((text for text in descriptions if not text.startswith("Comment:")), ""),
        type="preprint",
        updated=builder.timestamp(updated or (days[-1] if days else ""), "datestamp"),
    )


def _read_entry(element: _Element) -> Record:
    """Read an entry of the API's Atom feed.

    Raises:
        PayloadError: `source_error`, for the API sends its errors as entries too.

    """
    page = _value(element, "id")
    if "/api/errors" in page:
        raise PayloadError("source_error", _value(element, "summary")[:500])
    builder = RecordBuilder(NAME)
    found = find_arxiv(page)
    if found is None:
        raise PayloadError("no_identity", "no usable arXiv id", "/id")
    builder.identify("arxiv", found.base, "id")
    if dois := _value(element, "doi"):
        builder.identify_dois(dois, "doi")
    people = [_value(author, "name") for author in _children(element, "author")]
    people = [builder.text(name, "author", names.MAX_NAME) for name in builder.items(people, "author", MAX_AUTHORS)]
    complete = not any(names.is_et_al(name) for name in people)
    authors = [names.from_name(name) for name in people if name and not names.is_et_al(name)]
    return builder.record(
        found.base,
        title=builder.text(_value(element, "title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=builder.date(_value(element, "published"), "published"),
        journal=builder.text(_value(element, "journal_ref"), "journal_ref"),
        abstract=builder.text(_value(element, "summary"), "summary", MAX_ABSTRACT),
        type="preprint",
        version=found.version,
        updated=builder.timestamp(_value(element, "updated"), "updated"),
    )
