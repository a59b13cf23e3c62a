"""Features and records to bytes and back, for the values of `state/record_store.py`, in the forms of `state/codec.py`."""

from __future__ import annotations

import msgspec

from streams.matching.feature_values import Features
from streams.records.record import Author, Record
from streams.state.codec import Codec, Shape
from streams.state.formats import LATEST
from streams.state.recent import Recent

__all__ = ["FEATURES", "RECORD", "RecordCodec"]

_DECODED = 8_192
"""Features that are kept decoded, about 0.8 kB each."""


_FAMILY_FIRST, _GIVEN_FIRST = "\t", "\n"
"""The beginnings of names whose parts are family and given name: `Ito, A.` and `Aya Ito`."""
_MARKS = (_FAMILY_FIRST, _GIVEN_FIRST)


def _names(authors: tuple[Author, ...]) -> list[Author | str]:
    return [_short(author) for author in authors] if authors else []


def _short(author: Author) -> Author | str:
    name, family, given = author.name, author.family, author.given
    if author.orcid or author.organization or name[:1] in _MARKS:
        return author
    if not (family or given):
        return name
    if name.partition(", ") == (family, ", ", given):
        return _FAMILY_FIRST + name
    return _GIVEN_FIRST + name if name.rpartition(" ") == (given, " ", family) else author


def _authors(names: tuple[Author | str, ...]) -> tuple[Author, ...]:
    return tuple([_author(each) if isinstance(each, str) else each for each in names])


def _author(name: str) -> Author:
    mark = name[:1]
    if mark == _FAMILY_FIRST:
        family, _, given = name[1:].partition(", ")
    elif mark == _GIVEN_FIRST:
        given, _, family = name[1:].rpartition(" ")
    else:
        return Author(name)
    return Author(name[1:], family, given)


FEATURES = Shape(Features.__struct_fields__)
"""The order of the type itself, so that features, of which very many are read, need no second step."""
RECORD = Shape(
    (
        *("source", "source_id", "authors_complete", "date", "title", "authors", "journal", "identifiers", "urls"),
        *("volume", "number", "pages", "publisher", "type", "language", "abstract", "subtitle", "other_titles"),
        *("relations", "version", "updated", "warnings"),
    ),
    ("authors", tuple[Author | str, ...], _names, _authors),
)
"""An author of whom only the name is known is that name; one whose name says family and given name is the name, marked."""


class RecordCodec:
    """Encodes features and records, and decodes them. Not safe for use from two threads at once."""

    def __init__(self, form: int = LATEST) -> None:
        """Write values of a format of the state (`state/formats.py`)."""
        self._features = Codec(Features, "features", FEATURES, form)
        self._records = Codec(Record, "document", RECORD, form)
        self._decoded = Recent[bytes, Features](_DECODED)
        self.encode_features = self._features.encode
        """Returns the bytes of features; equal features give equal bytes."""
        self.content = self._records.content
        """Returns bytes of all that a record says, the same in every format: the digest of its version is of them."""

    def features(self, blob: bytes) -> Features:
        """Read stored features; those read lately come from memory."""
        features = self._decoded.get(blob)
        if features is None:
            features = self._features.decode(blob)
            self._decoded.add(blob, features)
        return features

    def encode_record(self, record: Record, *, abstract: bool = True) -> bytes:
        """Return the bytes of a record for documents, with its abstract or without."""
        kept = record if abstract or not record.abstract else msgspec.structs.replace(record, abstract="")
        return self._records.encode(kept)

    def record(self, blob: bytes) -> Record:
        """Decode a record from the bytes that are stored for the documents of clusters."""
        return self._records.decode(blob)
