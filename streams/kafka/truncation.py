"""Truncate messages too large for the broker, so that one of them never stops the rest. Pure.

Only what a reader can get elsewhere is left out, and the message says that it is truncated:

- a dead letter loses the end of its payload; the header `streams-size` says how large it is. The whole is at its
  origin for as long as the feed's topic keeps it.
- an event or a state of a cluster loses details of its document, the most dispensable first, and the end of its list of
  relations; the document names them in `truncated`. Then an event loses its evidence, which `dedup.decisions` has. Ids,
  revision, `before` and `after` stay, so the clusters can still be folded from it.

Any other message is small, or is a payload sent to workers, which is refused rather than truncated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from streams import events
from streams.events import Outgoing

__all__ = ["LARGE_BYTES", "RELATIONS_BYTES", "SIZE", "bounded", "fit", "size"]

SIZE = "streams-size"
LARGE_BYTES, RELATIONS_BYTES = 4 * 1024 * 1024, 1024 * 1024
"""Largest document and list of relations published: parts of the largest message that leave room for two lists of members."""

_OVERHEAD_BYTES = 512  # of a record and the batch around it, with room to spare
_MARK = "truncated"
_WHOLE = frozenset(("id", "source", "doi", "arxiv_id", "publication_date"))
"""Half of these would be wrong, not short."""
_Document = dict[str, Any]


def size(message: Outgoing) -> int:
    """Return the bytes that a message takes on the wire at most."""
    headers = sum(len(name) + len(value) + 16 for name, value in message.headers)
    return len(message.key) + len(message.value or b"") + headers + _OVERHEAD_BYTES


def bounded(message: Outgoing) -> Outgoing:
    """Return the message with at most `LARGE_BYTES` of document and `RELATIONS_BYTES` of relations, for any broker.

    An event and the state it leads to are truncated alike, so that folding the events still gives the states.
    """
    if message.topic not in (events.EVENTS, events.CLUSTERS) or len(message.value or b"") <= RELATIONS_BYTES:
        return message
    return _trimmed(message, LARGE_BYTES, RELATIONS_BYTES)


def fit(message: Outgoing, most: int) -> Outgoing | None:
    """Return the message truncated to `most` bytes on the wire; None where its meaning would be lost."""
    if message.topic == events.DEAD_LETTER:
        cut = _letter(message, most)
    elif message.topic in (events.EVENTS, events.CLUSTERS) and message.value is not None:
        cut = _trimmed(message, most // 4, most // 16)
        if size(cut) > most:
            cut = _without_evidence(cut)
    else:
        cut = message
    return cut if size(cut) <= most else None


def _letter(message: Outgoing, most: int) -> Outgoing:
    payload = message.value or b""
    headers = message.headers
    if SIZE not in dict(headers):
        headers = (*headers, (SIZE, str(len(payload)).encode()))
    empty = message._replace(value=b"", headers=headers)
    if size(empty) > most:  # a key of megabytes; the one at the origin is whole
        headers = tuple((name, b"" if name == "streams-key" else value) for name, value in headers)
        empty = empty._replace(headers=headers)
    return empty._replace(value=payload[: max(most - size(empty), 0)])


def _trimmed(message: Outgoing, most: int, most_relations: int) -> Outgoing:
    """Return the message with a document of at most `most` bytes and relations of at most `most_relations`."""
    fields = orjson.loads(message.value or b"")
    if "document" not in fields:
        return message
    document = _shortened(fields["document"], most)
    relations = kept = fields.get("relations", [])
    while len(orjson.dumps(kept)) > most_relations:
        kept = kept[: len(kept) // 2]
    if len(kept) < len(relations):
        document = _marked(document, {"relations"})
        fields["relations"] = kept
    if document is fields["document"]:
        return message
    return message._replace(value=orjson.dumps(fields | {"document": document}))


def _without_evidence(message: Outgoing) -> Outgoing:
    fields = orjson.loads(message.value or b"")
    return message._replace(value=orjson.dumps(fields | {"evidence": []})) if "evidence" in fields else message


def _shortened(document: _Document, most: int) -> _Document:
    """Return the document in at most `most` bytes, or as few as leaving out details achieves."""
    given = document
    for step in _STEPS:
        if len(orjson.dumps(document)) <= most:
            break
        document = step(document)
    missing = {name for name in given if given[name] != document.get(name)} - {_MARK}
    return _marked(document, missing | set(given.get(_MARK, ()))) if missing else document


def _marked(document: _Document, missing: set[str]) -> _Document:
    return document | {_MARK: sorted(missing | set(document.get(_MARK, ())))}


def _bare_versions(document: _Document) -> _Document:
    kept = [{name: version[name] for name in ("record", "source")} for version in document["versions"]]
    return document | {"versions": kept}


def _without_abstract(document: _Document) -> _Document:
    return {name: value for name, value in document.items() if name != "abstract"}


def _shorter(most_members: int, most_letters: int) -> Callable[[_Document], _Document]:
    """Return a step that keeps the first members of every list and the first letters of every text; addresses stay whole."""

    def cut(name: str, value: Any) -> Any:
        if name == "urls":
            return [url for url in value if len(url) <= most_letters][:most_members]
        if isinstance(value, list):
            return [cut(name, member) for member in value[:most_members]]
        if isinstance(value, str) and name not in _WHOLE:
            return value[:most_letters]
        return value

    def step(document: _Document) -> _Document:
        return {name: cut(name, value) for name, value in document.items()}

    return step


_STEPS: tuple[Callable[[_Document], _Document], ...] = (
    _bare_versions,
    _without_abstract,
    _shorter(1000, 2000),
    _shorter(100, 500),
    _shorter(10, 100),
    _shorter(1, 50),
)
