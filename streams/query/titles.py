"""The titles of records, for lists that name records."""

from __future__ import annotations

from collections.abc import Sequence

from streams.query.index_reader import IndexReader
from streams.records.stored import id_of

__all__ = ["titles_of"]


def titles_of(index: IndexReader, records: Sequence[str]) -> dict[str, str]:
    """Return the titles of those records that are stored and have one, by record id, in one round trip. Raises RedisError."""
    wanted = list(dict.fromkeys(records))
    documents = index.connection.execute([index.store.get_document(id_of(record)) for record in wanted])
    found = zip(wanted, documents, strict=True)
    titles = {record: index.store.record(document).title for record, document in found if document}
    return {record: title for record, title in titles.items() if title}
