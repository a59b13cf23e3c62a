"""What the pages before and after a correction show: the clusters that would result, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.clusters.corrections import Correction
from streams.query.answers import ClusterAnswer, PreviewAnswer, PreviewCluster
from streams.serve.corrections import CorrectionAnswer
from streams.serve.page.views.pair import CorrectionRow, correction_row
from streams.serve.page.views.search import Card, card_of

__all__ = ["Notice", "OutcomeView", "PreviewView", "ResultingCluster", "outcome_view", "preview_view", "split_sets"]

MOST_TOGETHER = 100
"""Corrections that one form may send."""
_MOST_RECORDS = 12
_MOST_CLUSTERS = 20


class ResultingCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as it would be: `shown` are some of its records with their titles, `more` is how many others it has.

    `title` is that of one of them, empty where none has one.
    """

    cluster_id: str
    title: str
    is_new: bool
    records: tuple[str, ...]
    before: tuple[str, ...]
    shown: tuple[tuple[str, str], ...]
    more: int


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """The page before. `is_other`: the result is not what the person asked for, or cannot be foreseen.

    `form` has the corrections for the form that applies them, `refused` why they would be refused, `conflicts` those in force that
    they contradict.
    """

    says: tuple[str, ...]
    form: str
    outcome: str
    is_other: bool
    clusters: tuple[ResultingCluster, ...]
    refused: str
    conflicts: tuple[CorrectionRow, ...]


class Notice(msgspec.Struct, frozen=True):
    """A sentence and the class of its style."""

    text: str
    tone: str


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """The page after. `waiting`: some were not decided yet; `undoable`: the ids of those that are in force."""

    headline: str
    notices: tuple[Notice, ...]
    cards: tuple[Card, ...]
    waiting: bool
    undoable: tuple[str, ...]


def preview_view(
    corrections: Sequence[Correction],
    answer: PreviewAnswer,
    titles: Mapping[str, str],
    wanted: Sequence[Sequence[str]] = (),
) -> PreviewView:
    """Return what the page shows before corrections are applied.

    `titles` are those of records; `wanted` are the sets of records that a person asked for, where it is a split or a merge.
    """
    refused = answer.detail or answer.refused
    outcome, is_other = _outcome(answer, wanted)
    return PreviewView(
        says=tuple(map(_says, corrections)),
        form=msgspec.json.encode([_kept(made) for made in corrections]).decode(),
        outcome=outcome,
        is_other=is_other,
        clusters=tuple(_resulting(each, titles) for each in answer.clusters[:_MOST_CLUSTERS]),
        refused=refused,
        conflicts=tuple(map(correction_row, answer.conflicts)),
    )


def outcome_view(found: Sequence[CorrectionAnswer | str], clusters: Mapping[str, ClusterAnswer]) -> OutcomeView:
    """Return what the page shows after; a text in place of a correction says why it was refused."""
    answers = [each for each in found if isinstance(each, CorrectionAnswer)]
    refused = [each for each in found if isinstance(each, str)]
    refused += [each.detail or each.code for each in answers if each.status == "refused"]
    waiting = [each for each in answers if each.status == "sent"]
    active = [each for each in answers if each.status == "active"]
    done = [each for each in answers if each.status in ("active", "done", "undone")]
    notices = [Notice(text, "bad") for text in refused]
    if waiting:
        notices.append(
            Notice(f"{_count(len(waiting))} sent; no worker has decided it yet. Look again in a moment.", "warn")
        )
    if done:
        notices.append(Notice("; ".join(_became(each) for each in done[:5]) + ("; …" if len(done) > 5 else ""), "good"))
    headline = "Refused" if refused and not done else "Sent" if waiting else "Done in part" if refused else "Done"
    return OutcomeView(
        headline=headline,
        notices=tuple(notices),
        cards=tuple(map(card_of, clusters.values())),
        waiting=bool(waiting),
        undoable=tuple(each.id for each in active),
    )


def split_sets(records: Sequence[str], parts: Mapping[str, str]) -> list[list[str]]:
    """Return the sets of records that a person asked for, the part that stays first.

    `parts` names the paper of some of a cluster's `records`; the others are in the first. Where that takes too many corrections,
    as in a large cluster, the first set is one record of it: the others stay with it by their links, which the preview shows.
    """
    sets: dict[str, list[str]] = {"1": []}
    for record in records:
        sets.setdefault(parts.get(record, "1"), []).append(record)
    stays = sets.pop("1")
    others = [sets[name] for name in sorted(sets)]
    if not others:
        return [stays]
    if len(records) > MOST_TOGETHER // 2 and stays:
        stays = [next((record for record in stays if record in parts), stays[0])]
    return [stays, *others] if stays else others


def _kept(made: Correction) -> dict[str, str]:
    fields = {"id": made.id, "action": made.action, "a": made.a, "b": made.b, "undoes": made.undoes}
    return {name: value for name, value in fields.items() if value}


def _says(made: Correction) -> str:
    if made.action == "undo":
        return f"undo correction {made.undoes}"
    return f"{made.a} and {made.b} are {'the same paper' if made.action == 'same' else 'different papers'}"


def _outcome(answer: PreviewAnswer, wanted: Sequence[Sequence[str]]) -> tuple[str, bool]:
    if answer.unknown:
        return f"Not stored, so it would wait for {', '.join(answer.unknown)}.", True
    if not answer.computed:
        return (
            "The group is too large to be divided for a preview: the clusters are known when it is applied.",
            True,
        )
    if not answer.changes:
        return "Nothing would change now; it would hold for what arrives later.", False
    now = len({before for each in answer.clusters for before in each.before})
    text = f"{_clusters(now)} would become {_clusters(len(answer.clusters))}."
    is_other = bool(wanted) and not all(
        any(set(members) <= set(each.records) for each in answer.clusters) for members in wanted
    )
    return (
        (f"{text} That is not quite what you asked for: other links or contradictions decide where records go.", True)
        if is_other
        else (text, False)
    )


def _clusters(count: int) -> str:
    return f"{count:,} cluster{'' if count == 1 else 's'}"


def _count(count: int) -> str:
    return "The correction was" if count == 1 else f"{count:,} corrections were"


def _resulting(each: PreviewCluster, titles: Mapping[str, str]) -> ResultingCluster:
    shown = tuple((record, titles.get(record, "")) for record in each.records[:_MOST_RECORDS])
    return ResultingCluster(
        cluster_id=each.cluster_id,
        title=next((title for _, title in shown if title), ""),
        is_new=each.is_new,
        records=each.records,
        before=each.before if each.before != (each.cluster_id,) else (),
        shown=shown,
        more=len(each.records) - len(shown),
    )


def _became(made: CorrectionAnswer) -> str:
    if made.action == "undo":
        return f"{made.undoes} was undone" if made.status == "done" else f"{made.undoes}: {made.status}"
    said = f"{made.a} and {made.b} are {'the same paper' if made.action == 'same' else 'different papers'}"
    return f"{said} (undone since)" if made.status == "undone" else said
