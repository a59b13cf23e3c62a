"""What was asked of matching, as numbers, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from left_out import LeftOut
from measure import Outcome
from order import Order
from peers import Peer
from reviews import Review


class Target(NamedTuple):
    """The least that precision and recall of a set are to reach, left out; None where nothing was asked."""

    precision: float | None = None
    recall: float | None = None


_REVIEWS = Target(0.998, 0.98)
TARGETS = {
    "scholarly_pairs": Target(0.99, 0.97),
    "diabetes": _REVIEWS,
    "stroke": _REVIEWS,
    "cytology_screening": _REVIEWS,
    "sr_copper": _REVIEWS,
    "dblp_scholar": Target(0.97, 0.75),
    "inspire_merges": Target(0.99, 0.82),
    "medrxiv_published": Target(0.998, 0.93),
    "preprint_abstracts": Target(0.99, 0.88),
    "mis_quarterly": Target(0.98, 0.95),
    "mis_quarterly_clean": Target(0.98, 0.95),
    "citations": Target(0.99, 0.9911),  # recall: no less than ruleset 2026.1
    "ukri_openalex": Target(0.99, 1.0),
    "sr_hard_pairs": Target(0.99, 0.9315),
    "dirty_dblp_acm": Target(0.98),
    "judged_pairs": Target(0.975, 0.80),
}
NEAR = 0.01
"""The most by which precision fitted and left out may differ."""
BEHIND = 0.003
"""The most by which F1 may be below that of the best peer."""
SAME, RECORDS = 0.5, 0.03
"""Of doubtful pairs at least this share is to be one work, and at most this share of a feed's records may have one."""
FIRM = 0.99
"""The least share of pairs of the natural feed, merged without an identifier in common, that the judged sample calls right."""

Line: TypeAlias = tuple[str, str, str, str]


class Sample(NamedTuple):
    """Pairs of a feed that share a cluster and no identifier: how many there are, and what judged pairs say of them."""

    merged: int
    right: int
    wrong: int
    open: int


def check(
    fitted: Sequence[Outcome],
    left_out: Sequence[LeftOut],
    peers: Sequence[Peer],
    orders: Sequence[Order],
    sample: Sample | None,
    one_sided: int,
) -> Iterator[Line]:
    """Return (set, asked, measured, holds) for each demand on what was measured."""
    yield from _scores(left_out)
    yield from _near(fitted, left_out)
    yield from _peers(left_out, peers)
    related = sum(sum(one.merged_related.values()) for one in left_out)
    if any(one.outcome.name == "judged_pairs" for one in left_out):
        why = ", ".join(f"{code}: {n}" for one in left_out for code, n in one.merged_related.items())
        yield "judged_pairs", "no related pair merged", f"{related} ({why})" if related else "0", yes_or_no(not related)
    yield from _reviews([*(one.outcome for one in left_out), *(one for one in fitted if one.scores is None)])
    if sample and sample.right + sample.wrong:
        right = sample.right / (sample.right + sample.wrong)
        measured = f"{right:.4f} of {sample.right + sample.wrong} judged ones ({sample.merged:,} in all)"
        yield (
            "multi_source_feed",
            f"merged without an identifier in common: ≥ {FIRM} right",
            measured,
            yes_or_no(right >= FIRM),
        )
    yield "all", "each pair decided alike both ways round", f"{one_sided} pairs are not", yes_or_no(not one_sided)
    for order in orders:
        engine = f"; engine, {order.engine[0]} orders: {order.engine[2]} records apart" if order.engine else ""
        holds = order.partitions == 1 and not (order.engine and order.engine[2])
        measured = f"{order.partitions} partition(s), {order.moved} records move{engine}"
        yield order.name, f"one partition over {order.seeds} orders", measured, yes_or_no(holds)


def _scores(left_out: Iterable[LeftOut]) -> Iterator[Line]:
    for one in left_out:
        target, scores = TARGETS.get(one.outcome.name, Target()), one.outcome.scores
        assert scores is not None
        for what, least, got in (
            ("P", target.precision, scores.pairs.precision),
            ("R", target.recall, scores.pairs.recall),
        ):
            if least is not None:
                yield one.outcome.name, f"{what} ≥ {least:g}", f"{got:.4f}", yes_or_no(got >= least)


def _near(fitted: Iterable[Outcome], left_out: Iterable[LeftOut]) -> Iterator[Line]:
    known = {one.name: one.scores.pairs.precision for one in fitted if one.scores}
    apart = [
        (abs(known[o.name] - o.scores.pairs.precision), o.name) for o, *_ in left_out if o.scores and o.name in known
    ]
    if apart:
        most, name = max(apart)
        asked = f"P fitted and left out within {NEAR:g}"
        yield "all", asked, f"at most {most:.4f} apart ({name})", yes_or_no(most <= NEAR)


def _peers(left_out: Iterable[LeftOut], peers: Sequence[Peer]) -> Iterator[Line]:
    for one in left_out:
        theirs = [(peer.scores.pairs.f1, peer.peer) for peer in peers if peer.name == one.outcome.name and peer.scores]
        if theirs and one.outcome.scores:
            best, name = max(theirs)
            mine = one.outcome.scores.pairs.f1
            asked = f"F1 no more than {BEHIND:g} below the best peer"
            yield one.outcome.name, asked, f"{mine:.4f}, {name} {best:.4f}", yes_or_no(mine >= best - BEHIND)


def _reviews(outcomes: Iterable[Outcome]) -> Iterator[Line]:
    feeds = [one for one in outcomes if one.review.is_feed]
    known, same = sum(one.review.known for one in feeds), sum(one.review.same for one in feeds)
    if known:
        yield (
            "all feeds",
            f"of doubtful pairs ≥ {SAME:.0%} one work",
            f"{same / known:.1%} of {known:,}",
            yes_or_no(same >= SAME * known),
        )
    for one in feeds:
        share = touched(one.review)
        yield one.name, f"≤ {RECORDS:.0%} of records in doubt", f"{share:.2%}", yes_or_no(share <= RECORDS)


def touched(review: Review) -> float:
    """Return the share of records that have a doubtful pair."""
    return review.touched / max(1, review.records)


def yes_or_no(holds: bool) -> str:
    """Return yes or no."""
    return "yes" if holds else "**no**"
