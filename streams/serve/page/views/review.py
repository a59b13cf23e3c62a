"""The page of the review queue: one doubtful pair with both records side by side, what was decided last, and the queue around it.

Pure: made of what `streams/serve/review.py` and `streams/serve/deciding.py` return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from streams.curation.review_queue import Facets, Filters, Order
from streams.matching.decision import Explanation
from streams.query.answers import PreviewAnswer
from streams.query.doubts import Side
from streams.records.record import Record
from streams.serve.corrections import CorrectionAnswer
from streams.serve.deciding import Decided, Foreseen, Further, Settled
from streams.serve.page.views.differences import FieldRow, side_by_side
from streams.serve.page.views.evidence import Evidence, evidence
from streams.serve.page.views.reason_words import words_of
from streams.serve.review import OpenPair

__all__ = [
    "ORDERS", "BulkRow", "BulkView", "DoneView", "FurtherView", "ItemView", "MineRow", "OutcomeRow", "Part", "QueueView",
    "SideView", "bulk_view", "done_view", "further_view", "item_view", "mine_rows", "outcome_rows", "queue_view", "settled_words",
]  # fmt: skip

_MOST_FURTHER = 50

ORDERS: Mapping[Order, str] = {
    "worth": "most worthwhile first",
    "doubt": "most doubtful first",
    "new": "asked last first",
    "effect": "largest clusters first",
}


class Part(NamedTuple):
    """The part of the queue that a person works through, as it is in addresses: an order, filters, and the place `after`."""

    order: Order = "worth"
    source: str = ""
    reason: str = ""
    low: float = 0.0
    high: float = 1.0
    after: str = ""

    @property
    def filters(self) -> Filters:
        """The filters as the queue takes them."""
        return Filters(self.source, self.reason, self.low, self.high)

    @property
    def is_filtered(self) -> bool:
        """Whether pairs are left out."""
        return self.filters != Filters()

    def address(self, path: str = "/review", **more: str) -> str:
        """Return the address of a page about this part, with further parameters; those with their usual value are left out."""
        usual = Part()
        given = {name: f"{value}" for name, value in self._asdict().items() if value != getattr(usual, name)}
        query = urlencode({name: value for name, value in (given | more).items() if value})
        return f"{path}?{query}" if query else path


class SideView(msgspec.Struct, frozen=True):
    """A record of the pair: where it comes from, and its cluster with its number of records."""

    record: str
    source: str
    title: str
    cluster_id: str
    size: int


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """The pair that is shown. `claimed_by` is another person who looks at it, `claimed_until` a Unix time in seconds."""

    id: str
    a: SideView
    b: SideView
    rows: tuple[FieldRow, ...]
    evidence: Evidence
    why: tuple[str, ...]
    asked: float
    effect: int
    same_words: str
    different_words: str
    claimed_by: str
    claimed_until: float


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """The queue around the item: how many pairs are open in the part, and the filters that may be chosen, each with its count."""

    count: int
    is_all: bool
    sources: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str, int], ...]
    is_current: bool


class DoneView(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided just now: in words, what it settled, and the correction that an undo names."""

    action: str
    words: str
    settled: str
    pair: str
    a: str
    b: str
    titles: tuple[str, ...]
    clusters: tuple[str, ...]
    percent: float
    correction: str
    is_waiting: bool


class MineRow(msgspec.Struct, frozen=True):
    """A decision of the person that is in force. `titles` are those of the two records, once where they are the same."""

    id: str
    action: str
    a: str
    b: str
    titles: tuple[str, ...]
    time: str
    reason: str


class BulkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that one decision would be sent for; `refused` says why it would not take effect."""

    id: str
    a: SideView
    b: SideView
    percent: float
    why: str
    refused: str


class FurtherView(msgspec.Struct, frozen=True, kw_only=True):
    """Open pairs that decisions on others settle: in words, and the first of them as pairs of records."""

    words: str
    pairs: tuple[tuple[SideView, SideView], ...]
    left_out: int


class BulkView(msgspec.Struct, frozen=True, kw_only=True):
    """What one decision on several pairs would do. `is_cut`: more pairs pass the filters than are decided at once."""

    rows: tuple[BulkRow, ...]
    accepted: int
    refused: int
    result: str
    further: FurtherView
    is_cut: bool


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the decision on one pair; `kind` is good, warn or bad."""

    pair: str
    a: str
    b: str
    kind: str
    words: str
    correction: str


def item_view(pair: OpenPair, a: Record, b: Record, explanation: Explanation, person: str) -> ItemView:
    """Return the pair that is shown, as `person` sees it."""
    shown, doubt = evidence(explanation), pair.doubt
    is_others = pair.claim.claimant not in ("", person)
    is_plural = doubt.effect != 2
    return ItemView(
        id=pair.asked.id,
        a=_side(doubt.a),
        b=_side(doubt.b),
        rows=side_by_side(a, b),
        evidence=shown,
        why=tuple(dict.fromkeys(map(words_of, doubt.decision.reasons))),
        asked=pair.asked.asked / 1000,
        effect=doubt.effect,
        same_words=f"one cluster of {doubt.effect} records",
        different_words=f"two clusters, {doubt.a.size} and {doubt.b.size} records"
        if is_plural
        else "two clusters of a record each",
        claimed_by=pair.claim.claimant if is_others else "",
        claimed_until=pair.claim.until / 1000 if is_others else 0.0,
    )


def queue_view(facets: Facets, *, is_current: bool) -> QueueView:
    """Return the queue around an item."""
    return QueueView(
        count=facets.pairs,
        is_all=facets.is_all,
        sources=tuple(facets.sources),
        reasons=tuple((code, words_of(code), count) for code, count in facets.reasons),
        is_current=is_current,
    )


def settled_words(action: str, settled: Settled) -> str:
    """Return in a sentence what a decision settled."""
    before, after = len(settled.before), len(settled.after)
    if not before or not after:
        clusters = "The clusters follow when a worker has decided it"
    elif before == after:
        clusters = "They are one cluster" if after == 1 else "They stay in two clusters"
    else:
        size = settled.after[0].size
        clusters = f"{before} clusters became one, of {size} records" if after == 1 else "1 cluster became 2"
    if action == "undo" or not settled.pairs:
        return f"{clusters}."
    least = "" if settled.is_all else "at least "
    pairs = (
        "1 further open pair is settled" if settled.pairs == 1 else f"{settled.pairs} further open pairs are settled"
    )
    return f"{clusters}; {least}{pairs}."


def done_view(decided: Decided, titles: Mapping[str, str]) -> DoneView | None:
    """Return what was decided just now; None where the decision ended with a problem. `titles` are those of records."""
    made = decided.correction
    if made is None:
        return None
    is_waiting = made.status == "sent"
    words = {"same": "The same paper", "different": "Different papers", "undo": "Undone"}[made.action]
    return DoneView(
        action=made.action,
        words=words,
        settled="No worker has decided it yet: it takes effect when one does."
        if is_waiting
        else settled_words(made.action, decided.settled),
        pair=decided.pair,
        a=decided.a,
        b=decided.b,
        titles=_titles(decided.a, decided.b, titles),
        clusters=tuple(each.cluster_id for each in decided.settled.after),
        percent=round(100 * decided.score, 1),
        correction=made.id if made.action != "undo" else "",
        is_waiting=is_waiting,
    )


def mine_rows(decisions: Sequence[CorrectionAnswer], titles: Mapping[str, str]) -> tuple[MineRow, ...]:
    """Return the last decisions of a person. `titles` are those of records."""
    return tuple(
        MineRow(made.id, made.action, made.a, made.b, _titles(made.a, made.b, titles), made.time, made.reason)
        for made in decisions
    )


def bulk_view(pairs: Sequence[OpenPair], action: str, foreseen: Foreseen, *, is_cut: bool) -> BulkView:
    """Return what one decision on several pairs would do."""
    refused, result = foreseen.refused, foreseen.result
    rows = tuple(
        BulkRow(
            id=pair.asked.id,
            a=_side(pair.doubt.a),
            b=_side(pair.doubt.b),
            percent=round(100 * pair.doubt.decision.score, 1),
            why="; ".join(dict.fromkeys(map(words_of, pair.doubt.decision.reasons[:2]))),
            refused=refused[pair.asked.id].detail if pair.asked.id in refused else "",
        )
        for pair in pairs
    )
    accepted = len(rows) - len(refused)
    return BulkView(
        rows=rows,
        accepted=accepted,
        refused=len(refused),
        result=_result_words(pairs, action, result, accepted),
        further=further_view(foreseen.further, is_done=False, is_known=result.computed),
        is_cut=is_cut,
    )


def further_view(further: Further, *, is_done: bool, is_known: bool = True) -> FurtherView:
    """Return the open pairs that decisions on others have settled, or would settle."""
    count = len(further.pairs)
    is_one = count < 2
    verb = ("is settled" if is_one else "are settled") if is_done else "would be settled"
    if not is_known:
        words = "Which further pairs this settles is not known before it is sent."
    elif not count:
        words = f"No further open pair {verb}." if further.is_all else f"Of the further pairs looked at none {verb}."
    else:
        least = "" if further.is_all else "At least "
        words = f"{least}{count:,} further open pair{'' if is_one else 's'} {verb} as well."
    shown = further.pairs[:_MOST_FURTHER]
    return FurtherView(
        words=words, pairs=tuple((_side(doubt.a), _side(doubt.b)) for _, doubt in shown), left_out=count - len(shown)
    )


def outcome_rows(decided: Sequence[Decided]) -> tuple[OutcomeRow, ...]:
    """Return what became of each of several decisions."""
    return tuple(map(_outcome, decided))


def _outcome(decided: Decided) -> OutcomeRow:
    made = decided.correction
    if made is None:
        kind, words = "bad", decided.problem
    elif made.status == "sent":
        kind, words = "warn", "sent; no worker has decided it yet"
    else:
        kind, words = "good", "the same paper: in force" if made.action == "same" else "different papers: in force"
    return OutcomeRow(
        pair=decided.pair, a=decided.a, b=decided.b, kind=kind, words=words, correction=made.id if made else ""
    )


def _result_words(pairs: Sequence[OpenPair], action: str, result: PreviewAnswer, accepted: int) -> str:
    if not accepted:
        return "Nothing would change."
    if not result.computed:
        return "A group is too large for a preview of its clusters."
    now = len({side.cluster_id for pair in pairs for side in (pair.doubt.a, pair.doubt.b)})
    if action == "different" or not result.changes:
        return f"The {now} clusters of today stay as they are, and no later record can join the pairs."
    joined = {before for cluster in result.clusters for before in cluster.before}
    return f"{len(joined)} clusters of today become {len(result.clusters)}."


def _titles(a: str, b: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(titles[record] for record in (a, b) if record in titles))


def _side(side: Side) -> SideView:
    return SideView(side.record, side.record.partition(":")[0], side.title, side.cluster_id, side.size)
