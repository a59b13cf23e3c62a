"""Values for what one source says about one paper, in normal form.

A `Record` is the only shape the rest of Streams sees: the modules of `streams.sources` make it from
a feed's own payload, and `to_document` writes it as the `document` JSON users read and send.
Everything here is a value: frozen, comparable, free of I/O.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

__all__ = ["MAX_VERSION", "Author", "Delete", "Identifier", "Record", "Relation", "record_id", "to_document"]

MAX_VERSION = (1 << 53) - 1
"""The largest version of a record: every reader of JSON keeps it as it is."""


class Identifier(NamedTuple):
    """A normalized identifier: `scheme` is one of `streams.normalize.identifiers.SCHEMES`, `value` its normal form."""

    scheme: str
    value: str


class Relation(NamedTuple):
    """A relation to another work that a source states, from the record's point of view.

    `kind` is one of: `same_as`, `preprint_of`, `has_preprint`, `version_of`, `has_version`,
    `corrects` (erratum, corrigendum, addendum), `retracts`, `comments_on`, `reviews`,
    `supplements`, `part_of`, `has_part`, `translation_of`.
    """

    kind: str
    scheme: str
    value: str


class Author(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One author as the source wrote it.

    `name` is for display, in the source's own order; `family` and `given` are set only where the
    source says which is which. `organization` marks a collaboration or an institution.
    """

    name: str
    family: str = ""
    given: str = ""
    orcid: str = ""
    organization: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The statement of one source about one paper.

    Absent text is `""`, absent lists are empty: a value that is not known is never guessed.

    `date` is a partial ISO date that keeps its precision: `"2021"`, `"2021-11"` or `"2021-11-24"`.
    `type` is the source's own word for the kind of work, lower-case (`journal-article`, `erratum`).
    `version` is the source's version number (arXiv v3: 3), 0 where it has none; `updated` its own
    time of change as UTC ISO text that sorts (`2024-01-02T03:04:05Z`), `""` where it gives none.
    `authors_complete` is false where the list is known to be cut ("et al.", OpenAlex's first 100).
    `warnings` names each malformed field that was dropped or repaired, as `field: what`.
    """

    source: str
    source_id: str
    title: str = ""
    subtitle: str = ""
    other_titles: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()
    authors_complete: bool = True
    date: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    abstract: str = ""
    type: str = ""
    language: str = ""
    identifiers: tuple[Identifier, ...] = ()
    urls: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    version: int = 0
    updated: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The record id `source:source_id`, the same however often and whenever it arrives."""
        return record_id(self.source, self.source_id)

    @property
    def year(self) -> int:
        """The year of `date`, 0 where it is not known."""
        return int(self.date[:4]) if self.date else 0

    def identifier(self, scheme: str) -> str:
        """Return the first identifier of a `scheme`, `""` where there is none."""
        for identifier in self.identifiers:
            if identifier.scheme == scheme:
                return identifier.value
        return ""


class Delete(msgspec.Struct, frozen=True, kw_only=True):
    """A source's statement that a record is gone; `reason` says in which form the source said so."""

    source: str
    source_id: str
    reason: str
    updated: str = ""

    @property
    def id(self) -> str:
        """The id of the record that is gone."""
        return record_id(self.source, self.source_id)


def record_id(source: str, source_id: str) -> str:
    """Return the id of a record, the same in every message, key and report."""
    return f"{source}:{source_id}"


def to_document(record: Record) -> dict[str, Any]:
    """Return the record as a `document`, the JSON normal form of Streams; fields that are not known are left out."""
    named = [Identifier(scheme, record.identifier(scheme)) for scheme in ("doi", "arxiv")]
    fields: dict[str, Any] = {
        "source": record.source,
        "id": record.source_id,
        "title": record.title,
        "subtitle": record.subtitle,
        "other_titles": list(record.other_titles),
        "authors": [_author(author) for author in record.authors],
        "authors_complete": None if record.authors_complete else False,
        "publication_date": record.date,
        "year": record.year,
        "journal": record.journal,
        "volume": record.volume,
        "number": record.number,
        "pages": record.pages,
        "publisher": record.publisher,
        "type": record.type,
        "language": record.language,
        "doi": record.identifier("doi"),
        "arxiv_id": record.identifier("arxiv"),
        "identifiers": [{"scheme": i.scheme, "value": i.value} for i in record.identifiers if i not in named],
        "urls": list(record.urls),
        "relations": [{"kind": r.kind, "scheme": r.scheme, "value": r.value} for r in record.relations],
        "version": record.version,
        "updated": record.updated,
        "abstract": record.abstract,
    }
    return {name: value for name, value in fields.items() if value or value is False}


def _author(author: Author) -> str | dict[str, Any]:
    """Return the name where nothing else is known, else an object with the known fields."""
    parts = {
        "family": author.family,
        "given": author.given,
        "orcid": author.orcid,
        "organization": author.organization,
    }
    known = {name: value for name, value in parts.items() if value}
    return {"name": author.name, **known} if known else author.name
