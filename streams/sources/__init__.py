"""Adapters that turn payloads of feeds into records: one module a source, `parse` for all of them.

`parse` never raises for the content of a payload. Every payload gives at least one item, so that nothing
is lost in silence:

- `Record`: one for each paper; malformed fields are dropped or repaired and named in its `warnings`.
- `Delete`: the source says that a record is gone: an empty value under a key (tombstone), arXiv's OAI
  `status="deleted"`, a fatcat state `deleted` or `redirect`, a row of OpenAlex's merged ids, CORE's
  `disabled`, or the id with a marker (see `streams.sources.record_builder.delete_marked`). Crossref has none.
- `PayloadError`: a member that cannot be a record, with a stable `code` and its place (`where`) in the payload:
  `not_json`, `not_xml`, `xml_doctype`, `too_deep` (nothing could be read), `empty_page` (well-formed
  but without records), `source_error` (the source's own error message), `not_a_paper` (a row of some
  other kind), `null_member`, `no_identity` (no id that stays the same, or neither a title nor an
  identifier of the work), `unknown_source`, `too_large`, `adapter_failed` (a fault of the adapter).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from streams.errors import PayloadError
from streams.records.record import Delete
from streams.sources import (
    arxiv,
    core,
    crossref,
    datacite,
    document,
    internet_archive,
    openalex,
    papers_with_code,
    semantic_scholar,
    unpaywall,
)
from streams.sources.payloads import Adapter, Item
from streams.sources.record_builder import RecordBuilder, fold

__all__ = ["MAX_PAYLOAD", "SOURCES", "Adapter", "Item", "parse"]

MAX_PAYLOAD = 64 * 1024 * 1024
"""Bytes beyond which a payload is refused unread; supported brokers accept no message so large."""

SOURCES: Mapping[str, Adapter] = MappingProxyType(
    {
        module.ADAPTER.name: module.ADAPTER
        for module in (
            arxiv,
            semantic_scholar,
            crossref,
            openalex,
            core,
            unpaywall,
            internet_archive,
            papers_with_code,
            datacite,
            document,
        )
    }
)
"""The adapter of each source by the source's name."""


def parse(source: str, payload: bytes | None, key: bytes | None = None) -> list[Item]:
    """Parse one message of a source's topic into items: at least one, and no exception for bad content.

    An empty payload under a `key` is a tombstone. The key is the source id in any spelling, with or
    without the source's name before it; for `document` it is `label:id`, the record's id.
    """
    adapter = SOURCES.get(source)
    if adapter is None:
        return [PayloadError("unknown_source", f"no adapter for source {source!r}; known: {', '.join(SOURCES)}")]
    try:
        if not payload:
            return [_tombstone(adapter, key)]
        if len(payload) > MAX_PAYLOAD:
            return [PayloadError("too_large", f"{len(payload)} bytes; at most {MAX_PAYLOAD} are read")]
        return adapter.read(payload)
    except PayloadError as error:
        # A new error, for the one that was raised refers to its frames, and these to the payload.
        return [PayloadError(error.code, error.detail, error.where)]
    except RecursionError:
        return [PayloadError("too_deep", "values are nested too deeply")]
    except (
        Exception
    ) as error:  # Nothing is lost: even a fault of an adapter ends in a dead letter and never stops the worker.
        return [PayloadError("adapter_failed", f"{type(error).__name__}: {error}")]


def _tombstone(adapter: Adapter, key: bytes | None) -> Delete:
    text = fold(key.decode("utf-8", "replace")) if key else ""
    if not text:
        raise PayloadError("no_identity", "an empty value without a key says nothing")
    if adapter.name == document.NAME:
        return document.tombstone(text)
    source_id = adapter.source_id(text.removeprefix(f"{adapter.name}:"))
    if not source_id:
        raise PayloadError("no_identity", f"the key {text[:100]!r} is no id of {adapter.name}")
    return RecordBuilder(adapter.name).delete(source_id, "tombstone")
