"""What the page of a pair shows: the verdict in a sentence, the evidence, both records, and what people said. Pure."""

from __future__ import annotations

import msgspec

from streams.clusters.corrections import Correction
from streams.matching.decision import DUPLICATE, RELATED, REVIEW
from streams.query.dossier import PairDossier
from streams.records.record import Record
from streams.serve.page.views.differences import FieldRow, side_by_side
from streams.serve.page.views.evidence import Evidence, evidence

__all__ = ["CorrectionRow", "PairView", "Side", "correction_row", "pair_view"]


class CorrectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A correction in force: what a person said, of which records, when and why."""

    id: str
    says: str
    a: str
    b: str
    author: str
    time: str
    reason: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two records."""

    record: str
    source: str
    title: str
    cluster_id: str


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `headline` says what holds for the two, `why` what brought it about, `tone` is a class of the style sheet."""

    a: Side
    b: Side
    headline: str
    why: str
    tone: str
    together: bool
    evidence: Evidence
    rows: tuple[FieldRow, ...]
    corrections: tuple[CorrectionRow, ...]
    says_same: bool
    says_different: bool


def pair_view(found: PairDossier) -> PairView:
    """Return what the page shows of a pair."""
    explanation = found.explanation
    shown = evidence(explanation.explanation)
    headline, why, tone = _headline(found, shown)
    corrections = {made.id: made for made in (*explanation.same, *explanation.different)}
    return PairView(
        a=_side(found.a, found.cluster_a),
        b=_side(found.b, found.cluster_b),
        headline=headline,
        why=why,
        tone=tone,
        together=explanation.together,
        evidence=shown,
        rows=side_by_side(found.a, found.b),
        corrections=tuple(map(correction_row, corrections.values())),
        says_same=bool(explanation.same),
        says_different=bool(explanation.different),
    )


def correction_row(made: Correction) -> CorrectionRow:
    """Return a correction as it is listed."""
    says = {"same": "the same paper", "different": "different papers"}.get(made.action, made.action)
    return CorrectionRow(
        id=made.id, says=says, a=made.a, b=made.b, author=made.author, time=made.time, reason=made.reason
    )


def _side(record: Record, cluster: str) -> Side:
    return Side(record=record.id, source=record.source, title=record.title, cluster_id=cluster)


def _headline(found: PairDossier, shown: Evidence) -> tuple[str, str, str]:
    """Return what holds for the two, why, and the tone."""
    explanation, verdict = found.explanation, shown.verdict
    by_rule = shown.rule or f"The evidence adds up to {shown.percent:g} % for one paper"
    if explanation.different:
        return "Different papers", "People said so, which outranks every decision.", "bad"
    if explanation.same:
        return "The same paper", "People said so, which outranks every decision.", "good"
    if explanation.together:
        if verdict == DUPLICATE:
            return "The same paper", f"{by_rule}.", "good"
        return (
            "In one cluster, by way of other records",
            f"Alone, the two would count as {shown.verdict_words}. {by_rule}. Other records of the cluster link them.",
            "warn",
        )
    if verdict == DUPLICATE and not found.share_a_key:
        return (
            "Alike, but never compared",
            "The two share no blocking key, so a worker does not compare them. Say that they are the same, and they are joined.",
            "warn",
        )
    if verdict == DUPLICATE:
        return (
            "Alike, but kept apart",
            f"Alone, the two would count as the same paper. {by_rule}. Other records of their clusters contradict each other.",
            "warn",
        )
    if verdict == REVIEW:
        return "Doubtful", f"{by_rule}. A person has to decide.", "warn"
    if verdict == RELATED:
        relation = f"one {shown.relation} the other" if shown.relation else "one is about the other"
        return "Related, not the same", f"{relation.capitalize()}. {by_rule}.", ""
    return "Different papers", f"{by_rule}.", "bad"
