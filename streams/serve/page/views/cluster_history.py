"""The history of a cluster as a timeline. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from streams.query.cluster_events import BoundedHistory
from streams.query.history import PublishedEvent
from streams.serve.page.views.reason_words import words_of

__all__ = ["HistoryRow", "HistoryView", "history_view"]

_MOST_RECORDS = 12
_MOST_REASONS = 4
_OWN = frozenset(("id", "source", "year"))
"""Fields of the document that are the cluster's own, or said by others."""
_RECORDS = "the list of records"
_NAMES = {
    "versions": _RECORDS,
    "arxiv_id": "arXiv id",
    "doi": "DOI",
    "publication_date": "date",
    "urls": "links",
}
_TYPES = {
    "created": "Begun",
    "record_added": "A record joined",
    "record_updated": "A record changed",
    "record_removed": "A record left",
    "merged": "Merged",
    "split": "Split",
    "canonical_changed": "The document changed",
    "relation_added": "A relation was added",
    "relation_removed": "A relation was removed",
}
_OTHERS = (
    ("merged_from", "Took in {}"),
    ("merged_into", "Merged into {}"),
    ("split_into", "Split into {}"),
    ("split_from", "Split from {}"),
)


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event: what happened, to which records, for which reasons. `time` is Unix time in seconds; `people` is what they said.

    `fields` are those of the document that it changed. `last_revision` is that of a following event that says no more: it names the
    change of the document that came with the event before it.
    """

    time: float
    cluster_id: str
    revision: int
    last_revision: int
    type: str
    words: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: int
    size: int
    reasons: tuple[str, ...]
    people: tuple[str, ...]
    fields: tuple[str, ...]
    cause: str


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """The timeline, newest first. `several`: it has events of more than one cluster. `missing` says which events are gone."""

    cluster_id: str
    rows: tuple[HistoryRow, ...]
    several: bool
    merged_into: str
    missing: tuple[str, ...]
    is_whole: bool


def history_view(found: BoundedHistory) -> HistoryView:
    """Return a history as a timeline."""
    history = found.history
    before: dict[str, Mapping[str, Any]] = {}
    rows: list[HistoryRow] = []
    for published in history.events:
        name, document = published.event["cluster_id"], published.event.get("document") or {}
        row = _row(published, _changed(before.get(name), document))
        before[name] = document
        if rows and _says_no_more(row, rows[-1]):
            rows[-1] = msgspec.structs.replace(rows[-1], last_revision=row.revision)
        else:
            rows.append(row)
    missing = tuple(
        f"{name}, up to revision {last}" if last else f"{name}, all of them"
        for name, last in sorted(history.lost.items())
    )
    return HistoryView(
        cluster_id=history.cluster_id,
        rows=tuple(reversed(rows)),
        several=len({row.cluster_id for row in rows}) > 1,
        merged_into=history.merged_into,
        missing=missing,
        is_whole=found.is_whole,
    )


def _row(published: PublishedEvent, fields: tuple[str, ...]) -> HistoryRow:
    event = published.event
    before, after = set(event.get("before", ())), set(event.get("after", ()))
    added, removed = sorted(after - before), sorted(before - after)
    codes = dict.fromkeys(reason for each in event.get("evidence", ()) for reason in each.get("reasons", ()))
    return HistoryRow(
        time=published.time / 1000,
        cluster_id=event["cluster_id"],
        revision=event["revision"],
        last_revision=event["revision"],
        type=event.get("type", ""),
        words=_words(event),
        added=tuple(added[:_MOST_RECORDS]),
        removed=tuple(removed[:_MOST_RECORDS]),
        left_out=max(len(added) - _MOST_RECORDS, 0) + max(len(removed) - _MOST_RECORDS, 0),
        size=len(after),
        reasons=tuple(dict.fromkeys(map(words_of, codes)))[:_MOST_REASONS] if added or removed else (),
        people=tuple(map(_said, event.get("corrections", ()))),
        fields=tuple(name for name in fields if name != _RECORDS) if added or removed else fields,
        cause=_cause(event.get("causes", ())),
    )


def _says_no_more(row: HistoryRow, before: HistoryRow) -> bool:
    """Return whether an event only names the change of the document that came with the event before it."""
    is_next = row.cluster_id == before.cluster_id and row.revision == before.last_revision + 1
    return is_next and row.type == "canonical_changed" and not (row.fields or row.people or row.cause)


def _changed(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields in which two documents of a cluster differ; none where one of them is not known."""
    if not before or not after:
        return ()
    names = dict.fromkeys([*before, *after])
    return tuple(_NAMES.get(name, name) for name in names if name not in _OWN and before.get(name) != after.get(name))


def _words(event: Mapping[str, Any]) -> str:
    for name, words in _OTHERS:
        if event.get(name):
            return words.format(", ".join(event[name]))
    kind = str(event.get("type", ""))
    return _TYPES.get(kind, kind.replace("_", " "))


def _said(correction: Mapping[str, Any]) -> str:
    a, b = correction.get("a", ""), correction.get("b", "")
    saying = {
        "same": f"{a} and {b} are the same paper",
        "different": f"{a} and {b} are different papers",
        "undo": f"undid {correction.get('undoes', 'a correction')} on {a} and {b}",
    }.get(str(correction.get("action")), "")
    reason = f" — {correction['reason']}" if correction.get("reason") else ""
    return f"{correction.get('author', '')}: {saying}{reason}"


def _cause(causes: Any) -> str:
    """Return what brought an event about where it is not a message about one of its records."""
    for cause in causes:
        kind, _, name = str(cause).partition(":")
        if kind == "rebuild":
            return f"a rebuild under other rules ({name})"
        if kind == "forgotten":
            return "Redis had lost writes in a failover"
    return ""
