"""Sorts what the messages of a micro-batch hold: records to store, corrections to decide, and dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from streams.clusters.corrections import Correction
from streams.engine.messages import Incoming
from streams.engine.prepare import CorrectionItem, Prepared, Rejected
from streams.engine.statistics import Statistics
from streams.errors import PayloadError
from streams.events import Outgoing

__all__ = ["Admitted", "admit"]


class Admitted(NamedTuple):
    """The records to store, the corrections with their messages, and the dead letters of all that could not be read."""

    records: list[Prepared]
    corrections: list[tuple[Incoming, Correction]]
    letters: list[Outgoing]
    statistics: Statistics


def admit(messages: Sequence[Incoming], prepared: Sequence[Sequence[Prepared | Rejected | CorrectionItem]]) -> Admitted:
    """Sort the items of messages; `prepared` holds those of each message, in the same order."""
    records: list[Prepared] = []
    corrections: list[tuple[Incoming, Correction]] = []
    letters: list[Outgoing] = []
    parsed: Counter[str] = Counter()
    unread: Counter[tuple[str, str]] = Counter()
    rejected: Counter[tuple[str, str]] = Counter()
    for message, items in zip(messages, prepared, strict=True):
        for item in items:
            if isinstance(item, Prepared):
                records.append(item)
                parsed[item.source] += 1
                if item.unread:
                    unread.update((item.source, field) for field in item.unread)
            elif isinstance(item, CorrectionItem):
                corrections.append((message, item.correction))
            else:
                letters.append(message.letter(PayloadError(item.code, item.detail, item.where)))
                rejected[message.source, item.code] += 1
    return Admitted(records, corrections, letters, Statistics(parsed=parsed, unread=unread, rejected=rejected))
