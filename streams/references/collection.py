"""The references of several files together, each with the id of its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from streams.records.record import record_id
from streams.references.forms import Form
from streams.references.reading import form_of_file, label_of, read
from streams.references.reference import Reference, entry_id

__all__ = ["Collected", "collect"]


class Collected(NamedTuple):
    """A reference of a collection: its record's source (the file's label) and id there, its form and file."""

    source: str
    source_id: str
    form: Form
    path: str
    reference: Reference

    @property
    def record_id(self) -> str:
        """The id of the record that is made of it."""
        return record_id(self.source, self.source_id)

    @property
    def document(self) -> dict[str, Any]:
        """The document of it, as the source `document` reads it."""
        return {"source": self.source, "id": self.source_id, **self.reference.document}

    @property
    def payload(self) -> bytes:
        """The message of it; of a reference that cannot be read its text, which becomes a dead letter."""
        return self.reference.text.encode() or orjson.dumps(self.document)


def collect(paths: Iterable[str]) -> Iterator[Collected]:
    """Yield the references of all files in order. Every one has a record id of its own.

    A file's label is its name; a second file of that name gets a number. A key that comes twice in a file gets a number, too, for
    two references are two records until a decision says otherwise. Raises UsageError where a file cannot be read.
    """
    labels: Counter[str] = Counter()
    for path in paths:
        label = _numbered(labels, label_of(path))
        form = form_of_file(path)
        keys: Counter[str] = Counter()
        for reference in read(path, form):
            key = _numbered(keys, entry_id(reference))
            if form is not None:
                yield Collected(label, key, form, path, reference)


def _numbered(seen: Counter[str], name: str) -> str:
    """Return a name that was not returned before: the name itself, then with a number."""
    seen[name] += 1
    while seen[name] > 1:
        other = f"{name}-{seen[name]}"
        if not seen[other]:
            seen[other] += 1
            return other
        seen[name] += 1
    return name
