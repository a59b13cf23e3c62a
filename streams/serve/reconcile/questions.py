"""Reads a reconciliation query as what is asked of the index: names that lead to clusters, and a document to match. Pure.

| the query has                                   | what is asked                                    |
|-------------------------------------------------|--------------------------------------------------|
| a text that is a cluster or record id           | its cluster; properties are not used             |
| a text that is an identifier or a link          | the clusters that it names, and in the document  |
| another text                                    | a document with that title                       |
| identifiers as properties (`doi`, `pmid`, …)    | the clusters that they name, and in the document |
| other properties (`authors`, `year`, …)         | in the document                                  |

Types are not used: there is one. A property that is not known is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import UNSET

from streams.errors import PayloadError
from streams.query.documents import read_document
from streams.query.references import read_reference
from streams.records.record import Record
from streams.serve.reconcile.properties import Property, property_of
from streams.serve.reconcile.protocol import Entity, Query, QueryProperty, Value

__all__ = ["DEFAULT_LIMIT", "MOST_CANDIDATES", "MOST_NAMES", "Question", "read_query"]

DEFAULT_LIMIT = 5
MOST_CANDIDATES = 50
"""Candidates of one query, whatever limit it has."""
MOST_NAMES = 10
"""Names of one query that are looked up: 50 queries make one look-up of 500."""
_LISTS = frozenset(("authors", "urls"))
_LONGEST = 4_000
"""Characters of a value that are read; a title is cut earlier, an abstract is compared by its beginning."""


class Question(NamedTuple):
    """What a query asks of the index.

    `names` lead to clusters by themselves. `record` is the document to match, None where the query describes nothing beside
    names.
    """

    names: tuple[str, ...]
    record: Record | None
    limit: int


def read_query(query: Query) -> Question:
    """Return what a query asks; nothing at all where its text is blank and its properties are not known."""
    text = "" if query.query is UNSET else query.query.strip()[:_LONGEST]
    named = _names_something(text)
    names = [text] if named else []
    fields: dict[str, Any] = {} if named or not text else {"title": text}
    identifiers: list[dict[str, str]] = []
    for each in query.properties or ():
        found = property_of(each.pid)
        if found is not None:
            _add(found, each, names, fields, identifiers)
    described = bool(fields.keys() - {"urls"}) and not _is_own_id(text)
    limit = DEFAULT_LIMIT if query.limit is UNSET else int(min(query.limit, MOST_CANDIDATES))
    return Question(
        tuple(dict.fromkeys(names))[:MOST_NAMES],
        _record(fields, [*identifiers, *_schemes(names[:1] if named else ())]) if described else None,
        limit,
    )


def _names_something(text: str) -> bool:
    """Return whether a text is an id, an identifier or a link, and no title: `BERT: a model` is a title, `mine:7` a record id."""
    reference = read_reference(text)
    return bool(reference.cluster or reference.identifiers or (reference.record and len(text.split()) == 1))


def _is_own_id(text: str) -> bool:
    """Return whether a text is an id that Streams gave or was given, so that it needs no description beside it."""
    reference = read_reference(text)
    return _names_something(text) and not reference.identifiers


def _add(
    known: Property,
    given: QueryProperty,
    names: list[str],
    fields: dict[str, Any],
    identifiers: list[dict[str, str]],
) -> None:
    """Add the values of one property to the names that are looked up, and to the fields and identifiers of the document."""
    values = given.v if isinstance(given.v, list) else [given.v]
    texts = [text for value in values if (text := _text(value, is_name=bool(known.scheme)))]
    if known.scheme == "any":
        names.extend(text for text in texts if _names_something(text))
        identifiers.extend(_schemes(texts))
    elif known.scheme:
        names.extend(f"{known.scheme}:{text}" for text in texts)
        identifiers.extend({"scheme": known.scheme, "value": text} for text in texts)
    if not known.field or not texts:
        return
    if known.id == "title" and "title" in fields:
        fields["other_titles"] = texts
    elif known.field in _LISTS:
        # One text may hold several names, which the reader of documents divides; several texts are one name each.
        fields[known.field] = texts if len(texts) > 1 or known.field == "urls" else texts[0]
        if known.id == "author":
            fields["authors_complete"] = False
    else:
        fields.setdefault(known.field, texts[0])


def _text(value: Value, *, is_name: bool) -> str:
    """Return a value as text, `""` for a truth value; of a reconciled one its name, or its id where identifiers are wanted."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, Entity):
        value = value.id if is_name or not value.name else value.name
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet's 2015.0
    return str(value).strip()[:_LONGEST]


def _schemes(texts: Iterable[str]) -> list[dict[str, str]]:
    """Return the identifiers that texts name, as a document has them."""
    works = [work for text in texts for work in read_reference(text).identifiers]
    return [{"scheme": scheme, "value": value} for scheme, _, value in (work.partition(":") for work in works)]


def _record(fields: dict[str, Any], identifiers: list[dict[str, str]]) -> Record | None:
    try:
        return read_document({**fields, "identifiers": identifiers[: 2 * MOST_NAMES]})
    except PayloadError:
        return None
