"""The report of an evaluation as Markdown: tables of scores, keys, errors and order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import order as shuffled
from heldout import Scored, reliability, verdicts
from measure import Error, Result
from order import Order
from sets import OWN_SETS, Feed
from targets import check

from streams.matching.ruleset import DEFAULT, RULESET
from streams.records import Record

EXAMPLES = 2  # of each category
HEAD = [
    "set", "records", "P", "R", "F1", "B³ F1", "review", "blocking recall", "after screen",
    "candidates/record", "compared/record", "records/s",
]  # fmt: skip

INTRO = """\
Measured on {date} with ruleset {ruleset} by `make evaluate DATA=../shared/data`, in one process and without servers,
by the rules of the product: two records are compared when they meet in the key index (at most 64 under a key, the
smallest ids; pairs under loose keys alone need the signatures' consent), they are linked when the verdict is `duplicate`,
and each group of linked records is divided by `clusters.partition`, contradictions between any two members kept.

**The weights were fitted on these labelled sets, and the rules written while looking at errors on them.** So this table
shows the fit; what they do on pairs they were not fitted on is under [Held out](#held-out). *generated* and *demo* are our
own and were not used for fitting."""

LEGEND = """\
P and R count pairs of records: within clusters where the set is a feed (dblp_scholar: pairs across the two sources alone),
verdicts where it is a list of labelled pairs, those labelled `unsure` left out. *review*: share of compared pairs left to a
person. *blocking recall*: share of true pairs that meet under a key at all; *after screen*: that are compared.
*candidates*: pairs read under keys, *compared*: what is left of them after the screen; both per record that arrives (each
pair counted once; counted at both ends it is twice as many). *records/s*: extraction to clusters, on a shared machine."""

ASKED = """\
Precision, recall, F1 and review are those of the table above, with the shipped weights. The command is the same,
`make evaluate DATA=../shared/data`; alone: `python bench/evaluate.py --data ../shared/data --sets NAME` for one set,
`python bench/order.py --data ../shared/data --seeds 20 --sets NAME` for the order. Times are per call of `decide` on the pairs
compared, features at hand, guards included, the median of each set."""


def report(
    results: list[Result],
    feeds: Mapping[str, Feed],
    scores: tuple[list[Scored], list[Scored]],
    orders: list[Order],
    *,
    plots: bool,
) -> str:
    """The whole report."""
    date = datetime.now(UTC).date().isoformat()
    parts = ["# Evaluation", INTRO.format(date=date, ruleset=f"`{RULESET}`")]
    parts += [table(HEAD, map(score_row, results)), LEGEND]
    parts += ["## What was asked", ASKED, table(["set", "asked", "measured", "holds"], check(results, orders))]
    parts += list(_held_out(scores, plots=plots))
    parts += list(_order(orders))
    parts += list(_keys(results))
    parts += list(_errors(results, feeds))
    return "\n\n".join(parts) + "\n"


def score_row(result: Result) -> list[object]:
    """One line of the table of scores."""
    return [
        result.name,
        f"{result.records:,}",
        f"{result.pairs.precision:.4f}",
        f"{result.pairs.recall:.4f}",
        f"{result.pairs.f1:.4f}",
        f"{result.b_cubed.f1:.4f}" if result.b_cubed else "–",
        f"{result.review_share:.2%}",
        f"{result.blocking:.4f}",
        f"{result.screened:.4f}",
        f"{result.candidates:.2f}" if result.candidates is not None else "–",
        f"{result.compared:.2f}" if result.compared is not None else "–",
        f"{result.per_second:,.0f}",
    ]


def _held_out(scores: tuple[list[Scored], list[Scored]], *, plots: bool) -> Iterator[str]:
    held, shipped = scores
    if not held:
        return
    yield "## Held out"
    yield (
        "Five folds by groups of titles, as in `bench/train.py --data DIR`: each pair is judged by weights fitted without "
        "its fold. Only candidate pairs which identifiers and contradictions leave open are counted here, verdict by verdict, "
        "without clusters. Beside them the shipped weights on the same pairs, on which they were fitted. What is "
        "held out are the weights; levels, doubts and guards were written with all pairs in view."
    )
    fitted = {source: rest for source, *rest in verdicts(shipped)}
    yield table(
        ["set", "P held out", "R held out", "F1 held out", "P fitted", "R fitted", "F1 fitted"],
        ([source, *(f"{value:.4f}" for value in (*rest, *fitted[source]))] for source, *rest in verdicts(held)),
    )
    yield "Reliability of held-out scores, the sets weighted as in the fit:"
    yield table(
        ["mean score", "share of duplicates", "share of weight"],
        ((f"{mean:.2f}", f"{right:.2f}", f"{weight:.1%}") for mean, right, weight in reliability(held)),
    )
    if plots:
        yield (
            "![Precision and recall at every threshold, held-out scores, by set](plots/precision-recall.svg)\n\n"
            "![Reliability of held-out scores; the labels give the share of weight](plots/reliability.svg)"
        )
    yield f"The verdict `duplicate` begins at {DEFAULT.duplicate:g}; the curves are of the score alone, without doubts."


def _order(orders: list[Order]) -> Iterator[str]:
    if not orders:
        return
    yield "## Order of arrival"
    yield (
        "Each set (of pair sets: their documents) shuffled again and again (`bench/order.py`), and the clusters compared. "
        "In memory the key index is simulated exactly; sets of fewer than 3,000 records also went through the real engine on a "
        "real Redis, in batches of random size, compared with the simulation. *records that move*: records whose cluster is "
        "not the same in every order. *keys over the cap*: keys with more than 64 members, the only place where the order "
        "can decide whether two records meet; *different sets of links* counts what was met in the orders."
    )
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


def _keys(results: list[Result]) -> Iterator[str]:
    yield "## What each kind of key adds"
    yield (
        "Candidate pairs a kind brings together, how many of them are compared after the screen, true pairs among the "
        "candidates, and true pairs that no other kind brings."
    )
    for result in results:
        if result.kinds:
            yield f"### {result.name}"
            yield table(["key", "candidates", "compared", "true", "only here"], result.kinds)


def _errors(results: list[Result], feeds: Mapping[str, Feed]) -> Iterator[str]:
    yield "## Errors by category"
    yield (
        "*missed*: pairs that are one paper and were not put together; *wrong*: the other way round. The category is the verdict "
        "on the pair with its first reason ([what the codes mean](matching.md#rules)). Of the data of others only "
        "numbers are shown. Labels we do not follow are named in [Matching](matching.md#labels-we-do-not-follow)."
    )
    rows = [
        (result.name, what, category, count)
        for result in results
        for (what, category), count in Counter((error.what, error.category) for error in result.errors).most_common()
    ]
    yield table(["set", "error", "category", "pairs"], rows)
    for result in results:
        if result.name in OWN_SETS and result.name in feeds:
            feed = feeds[result.name]
            if feed.kinds:
                yield f"### {result.name}: by trap"
                yield "The works are made up and their truth is known; `streams/testing/works.py` says what each trap is."
                yield table(["trap", "true pairs", "missed", "wrong", "left to review"], _traps(result, feed))
            yield f"### {result.name}: examples"
            yield "\n".join(_examples(result.errors, feed.records)) or "No errors."


def _traps(result: Result, feed: Feed) -> Iterator[tuple[str, int, int, int, int]]:
    total = Counter(feed.kinds[a] for a, _ in feed.gold_pairs())
    told = Counter((feed.kinds[error.a], error.what) for error in result.errors)
    review = Counter(feed.kinds[error.a] for error in result.errors if error.category.startswith("review"))
    for kind in sorted(total, key=lambda kind: -told[kind, "missed"] - told[kind, "wrong"]):
        yield kind, total[kind], told[kind, "missed"], told[kind, "wrong"], review[kind]


def _examples(errors: Iterable[Error], records: Mapping[str, Record]) -> Iterator[str]:
    by_category: dict[tuple[str, str], list[Error]] = defaultdict(list)
    for error in errors:
        by_category[error.what, error.category].append(error)
    for (what, category), some in sorted(by_category.items(), key=lambda item: -len(item[1])):
        yield f"- **{what}, {category}** ({len(some)})"
        for error in some[:EXAMPLES]:
            yield f"  - {shown(records[error.a])} / {shown(records[error.b])}: {error.decision.score:.2f}"


def shown(record: Record) -> str:
    """A record in one line."""
    authors = "; ".join(author.name for author in record.authors[:2]) or "no authors"
    return f"{record.source} “{record.title}” ({authors}, {record.year or 'no year'})"


def table(head: list[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table, its columns padded so that a terminal shows it well too."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
