"""The report of an evaluation as Markdown: what was asked, then the scores, then all that explains them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import order as shuffled
import report_rules
import report_texts as texts
from calibration import reliability, shares
from findings import Findings
from markdown import filled, interval, percent, table
from measure import Error
from peers import PEERS
from reviews import Review
from sets import OWN_SETS, FeedSet
from subjects import Subject
from targets import check, touched
from tasks import Fitted
from train import difference

from streams.matching.ruleset import DEFAULT, RULESET
from streams.records.record import Record

EXAMPLES = 2  # of each category
CATEGORIES = 12  # of each set
SCORES = ["set", "records", "P", "R", "F1", "P left out", "R left out", "F1 left out", "in doubt"]


def score_rows(found: Findings) -> Iterator[list[object]]:
    """Return the lines of the table of scores that is printed."""
    left_out = {one.outcome.name: one.outcome.scores for one in found.left_out}
    for fitted in found.fitted:
        outcome = fitted.outcome
        if outcome.scores is None:
            yield [outcome.name, f"{outcome.records:,}", *["–"] * 6, f"{touched(outcome.review):.2%}"]
            continue
        other = left_out.get(outcome.name)
        both = [outcome.scores.pairs, other.pairs if other else None]
        cells = [f"{x:.4f}" for p in both if p for x in (p.precision, p.recall, p.f1)]
        yield [
            outcome.name,
            f"{outcome.records:,}",
            *cells,
            *["–"] * (6 - len(cells)),
            f"{touched(outcome.review):.2%}",
        ]


def report(found: Findings, subjects: Mapping[str, Subject], *, plots: bool) -> str:
    """Return the whole report."""
    date = datetime.now(UTC).date().isoformat()
    sets = [fitted.outcome.name for fitted in found.fitted]
    parts = ["# Evaluation", texts.INTRO.format(date=date, ruleset=f"`{RULESET}`")]
    parts += _asked(found)
    parts += _scores(found)
    parts += _peers(found)
    parts += _review(found)
    parts += _calibration(found, plots=plots)
    parts += report_rules.rules(found.rows, sets)
    parts += report_rules.guards(found.alarms)
    parts += report_rules.mutations(found.trials)
    parts += _order(found)
    parts += _errors(found, subjects)
    parts += _blocking(found)
    parts += report_rules.by_set(found.rows)
    parts += report_rules.mutations_by_set(found.trials)
    return "\n\n".join(filled(part) for text in parts for part in text.split("\n\n")) + "\n"


def _asked(found: Findings) -> Iterator[str]:
    fitted, one_sided = [one.outcome for one in found.fitted], sum(one.one_sided for one in found.fitted)
    lines = list(check(fitted, found.left_out, found.peers, found.orders, found.sample, one_sided))
    yield "## What was asked"
    failed = [line for line in lines if line[-1] != "yes"]
    yield f"Scores are left out. {len(lines) - len(failed)} of {len(lines)} hold; those that do not come first."
    yield table(["set", "asked", "measured", "holds"], [*failed, *(line for line in lines if line[-1] == "yes")])


def _scores(found: Findings) -> Iterator[str]:
    yield "## Scores"
    yield texts.LEGEND
    fitted = {one.outcome.name: one.outcome.scores for one in found.fitted}
    rows = []
    for one in found.left_out:
        name, scores = one.outcome.name, one.outcome.scores
        mine = fitted.get(name)
        if mine and scores:
            rows.append(
                [
                    name,
                    f"{mine.pairs.precision:.4f}", interval(scores.pairs.precision, scores.precision),
                    f"{mine.pairs.recall:.4f}", interval(scores.pairs.recall, scores.recall),
                    f"{mine.pairs.f1:.4f}", interval(scores.pairs.f1, scores.f1),
                    scores.wrong, scores.missed,
                ]
            )  # fmt: skip
    if rows:
        head = [
            "set",
            "P fitted",
            "P left out",
            "R fitted",
            "R left out",
            "F1 fitted",
            "F1 left out",
            "wrong",
            "missed",
        ]
        yield table(head, rows)
        moved = max((one.moved, one.weight, one.outcome.name) for one in found.left_out)
        yield f"The largest move of a weight when a set is left out: {moved[0]:.2f} bits ({moved[1]}, without {moved[2]})."
    if found.learned:
        bits, weight = difference(found.learned.rules(), DEFAULT)
        yield (
            f"The shipped weights are those that `bench/train.py` fits to these sets with these rules, but for at most {bits:.2f} "
            f"bits ({weight})."
        )
    own = [(name, scores) for name, scores in fitted.items() if name in OWN_SETS and scores]
    if own:
        yield "Two sets are our own, and not used for fitting: *generated* works with known truth, and the *demo* feed."
        yield table(
            ["set", "P", "R", "F1", "wrong", "missed"],
            (
                [name, interval(s.pairs.precision, s.precision), interval(s.pairs.recall, s.recall), interval(s.pairs.f1, s.f1),
                 s.wrong, s.missed]
                for name, s in own
            ),
        )  # fmt: skip


def _peers(found: Findings) -> Iterator[str]:
    if not found.peers:
        return
    yield "## Peers"
    yield texts.PEERS
    by_set = {(peer.name, peer.peer): peer for peer in found.peers}
    left_out = {one.outcome.name: one.outcome.scores for one in found.left_out}
    rows = []
    for name in dict.fromkeys(peer.name for peer in found.peers):
        mine = left_out.get(name) or next((f.outcome.scores for f in found.fitted if f.outcome.name == name), None)
        cells = [f"{mine.pairs.precision:.3f} / {mine.pairs.recall:.3f} / {mine.pairs.f1:.3f}" if mine else "–"]
        for peer in PEERS:
            theirs = by_set.get((name, peer))
            pairs = theirs.scores.pairs if theirs and theirs.scores else None
            why = theirs.why if theirs else "not run"
            cells.append(f"{pairs.precision:.3f} / {pairs.recall:.3f} / {pairs.f1:.3f}" if pairs else why)
        rows.append([name, *cells])
    yield table(["set (P / R / F1)", "Streams, left out", *PEERS], rows)


def _review(found: Findings) -> Iterator[str]:
    yield "## What persons are asked"
    yield texts.REVIEW
    head = ["set", "records", "records asked about", "doubtful pairs", "asked", "capped", "one work", "most"]
    yield table(head, (_asked_of(name, review) for name, review in _reviews(found)))


def _asked_of(name: str, review: Review) -> list[object]:
    same = f"{percent(review.same, review.known)} of {review.known}" if review.known else "–"
    if not review.is_feed:
        return [name, f"{review.records:,}", "–", review.doubtful, review.asked, "–", same, "–"]
    share = f"{touched(review):.2%}"
    return [name, f"{review.records:,}", share, review.doubtful, review.asked, review.capped, same, review.most]


def _reviews(found: Findings) -> list[tuple[str, Review]]:
    left_out = {one.outcome.name: one.outcome.review for one in found.left_out}
    return [(one.outcome.name, left_out.get(one.outcome.name, one.outcome.review)) for one in found.fitted]


def _calibration(found: Findings, *, plots: bool) -> Iterator[str]:
    if not found.left_out:
        return
    yield "## Scores as probabilities"
    yield texts.CALIBRATION
    reviews = [one.outcome.review for one in found.left_out]
    yield table(
        ["score of a pair asked about", "pairs", "one work", "share", "each set alike"],
        shares(reviews, DEFAULT.duplicate),
    )
    yield table(
        ["score", "pairs", "mean score", "one work", "each set alike"],
        (
            [f"{low:.1f}–{low + 0.1:.1f}", f"{n:,}", f"{mean:.2f}", f"{right:.3f}", f"{alike:.3f}"]
            for low, n, mean, right, alike in reliability([one.outcome.scored for one in found.left_out])
        ),
    )
    if plots:
        yield (
            "![Precision and recall at every threshold, scores left out, by set](plots/precision-recall.svg)\n\n"
            "![Reliability of scores left out, each set alike](plots/reliability.svg)"
        )


def _order(found: Findings) -> Iterator[str]:
    orders = found.orders
    if not orders:
        return
    yield "## Order of arrival"
    yield texts.ORDER
    yield table(shuffled.HEAD, map(shuffled.row, orders))
    unstable = [order for order in orders if order.partitions > 1]
    differing = [order.name for order in orders if order.link_sets > 1]
    if unstable:
        names = ", ".join(f"{order.name} ({order.moved} of {order.records:,} records)" for order in unstable)
        yield (
            f"**It does not hold for {names}**: two records whose only common keys are full meet only if the earlier one is "
            "still kept when the later one comes."
        )
    elif differing:
        yield (
            f"The clusters are the same in all orders. In {', '.join(differing)} the links met on the way were not: a full key "
            "decided. There the clusters held because other links tie the same records; that is a fact about these records, "
            "not a promise."
        )


def _blocking(found: Findings) -> Iterator[str]:
    yield "## What brings records together, and what it costs"
    yield texts.BLOCKING
    head = [
        "set",
        "blocking recall",
        "after prefilter",
        "candidates/record",
        "compared/record",
        "B³ F1",
        "records/s",
        "decide µs",
    ]
    rows = []
    for fitted in found.fitted:
        b, is_scored = fitted.blocking, fitted.outcome.scores is not None
        rows.append(
            [
                fitted.outcome.name,
                f"{b.read:.4f}" if is_scored else "–",
                f"{b.compared:.4f}" if is_scored else "–",
                f"{b.candidates:.2f}" if b.candidates is not None else "–",
                f"{b.decided:.2f}" if b.decided is not None else "–",
                f"{fitted.b_cubed.f1:.4f}" if fitted.b_cubed else "–",
                f"{fitted.cost.per_second:,.0f}",
                f"{fitted.cost.decide_us:.0f}",
            ]
        )
    yield table(head, rows)
    yield (
        "By kind of key: candidate pairs it brings together, how many of them are compared after the prefilter, true pairs "
        "among the candidates, and true pairs that no other kind brings."
    )
    yield table(
        ["set", "key", "candidates", "compared", "true", "only here"],
        ([fitted.outcome.name, *row] for fitted in found.fitted for row in fitted.blocking.kinds),
    )


def _errors(found: Findings, subjects: Mapping[str, Subject]) -> Iterator[str]:
    yield "## Errors by category"
    yield texts.ERRORS
    yield table(["set", "error", "category", "pairs"], (row for fitted in found.fitted for row in _categories(fitted)))
    for fitted in found.fitted:
        subject = subjects[fitted.outcome.name]
        if subject.name in OWN_SETS and isinstance(subject.labelled, FeedSet):
            if subject.labelled.kinds:
                yield f"### {subject.name}: by trap"
                yield "The works are made up and their truth is known; `streams/synthetic/works.py` says what each trap is."
                yield table(["trap", "true pairs", "missed", "wrong", "left to review"], _traps(subject, fitted.errors))
            yield f"### {subject.name}: examples"
            yield "\n".join(_examples(subject, fitted.errors)) or "No errors."


def _categories(fitted: Fitted) -> Iterator[list[object]]:
    """Return the commonest categories of the errors of a set, and how many more errors there are."""
    counts = Counter((error.what, error.category) for error in fitted.errors)
    for (what, category), count in counts.most_common(CATEGORIES):
        yield [fitted.outcome.name, what, category, count]
    if left := sum(counts.values()) - sum(count for _, count in counts.most_common(CATEGORIES)):
        yield [fitted.outcome.name, "both", f"{len(counts) - CATEGORIES} more", left]


def _traps(subject: Subject, errors: Iterable[Error]) -> Iterator[tuple[str, int, int, int, int]]:
    assert isinstance(subject.labelled, FeedSet)
    kinds, names = subject.labelled.kinds, subject.world.names
    total = Counter(kinds[names[a]] for a, _ in subject.gold)
    found = Counter((kinds[names[error.pair[0]]], error.what) for error in errors)
    review = Counter(kinds[names[error.pair[0]]] for error in errors if error.category.startswith("review"))
    for kind in sorted(total, key=lambda kind: -found[kind, "missed"] - found[kind, "wrong"]):
        yield kind, total[kind], found[kind, "missed"], found[kind, "wrong"], review[kind]


def _examples(subject: Subject, errors: Iterable[Error]) -> Iterator[str]:
    by_category: dict[tuple[str, str], list[Error]] = defaultdict(list)
    for error in errors:
        by_category[error.what, error.category].append(error)
    for (what, category), some in sorted(by_category.items(), key=lambda item: -len(item[1])):
        yield f"- **{what}, {category}** ({len(some)})"
        for error in some[:EXAMPLES]:
            one, other = map(subject.record, error.pair)
            yield f"  - {shown(one)} / {shown(other)}: {error.decision.score:.2f}"


def shown(record: Record) -> str:
    """Return a record in one line."""
    authors = "; ".join(author.name for author in record.authors[:2]) or "no authors"
    return f"{record.source} “{record.title}” ({authors}, {record.year or 'no year'})"
