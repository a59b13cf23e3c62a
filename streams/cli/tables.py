"""Format decisions and scores as rich tables, plain where the output is no terminal or NO_COLOR is set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streams.evaluation.scores import B3, LABELS, VERDICTS, ClusterScores, CrossScores, DecisionScores, Pairwise
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Comparison, Explanation
from streams.matching.reasons import meaning

__all__ = [
    "cluster_table",
    "cross_table",
    "decision_table",
    "explanation_table",
    "score_cells",
    "score_table",
]

VERDICT_STYLES = {DUPLICATE: "bold green", REVIEW: "bold yellow", RELATED: "bold cyan", DISTINCT: "bold red"}
_BAR = 25  # characters of the waterfall
_VALUE = 28  # characters of a compared value
_EXAMPLES = 5


def explanation_table(explanation: Explanation, *, title: str = "") -> RenderableType:
    """Format the comparisons of a pair as a waterfall: each field adds its match weight, in bits, to a running sum.

    A bar to the right is evidence for one paper, a bar to the left against it; the dotted line is zero, where both are equally
    likely.
    """
    table = Table(title=title or None, title_justify="left", pad_edge=False)
    for name in ("field", "a", "b", "level"):
        table.add_column(name, overflow="fold")
    for name in ("bits", "sum"):
        table.add_column(name, justify="right")
    low, high = _span(explanation)
    table.add_column("evidence against | for", no_wrap=True)
    start = _bar(0.0, explanation.prior, low, high)
    table.add_row("before looking", "", "", "", f"{explanation.prior:+.1f}", f"{explanation.prior:+.1f}", start)
    total = explanation.prior
    for comparison in explanation.comparisons:
        before, total = total, total + comparison.weight
        table.add_row(*_comparison(comparison), f"{total:+.1f}", _bar(before, total, low, high))
    return Group(table, _verdict(explanation, total))


def _comparison(comparison: Comparison) -> tuple[str, str, str, str, str]:
    weight = f"{comparison.weight:+.1f}" if comparison.weight else "·"
    a, b = (_shown(comparison.field, value) for value in (comparison.a, comparison.b))
    return comparison.field, a, b, comparison.level.replace("_", " "), weight


def _shown(field: str, value: str) -> str:
    if field == "abstract":  # compared by fingerprint, which means nothing to a reader
        return "given" if value else ""
    value = value.replace("|", ", ")  # names are kept as family|given
    return value if len(value) <= _VALUE else value[: _VALUE - 1] + "…"


def _span(explanation: Explanation) -> tuple[float, float]:
    sums = [0.0, explanation.prior]
    for comparison in explanation.comparisons:
        sums.append(sums[-1] + comparison.weight)
    return min(sums), max(sums)


def _bar(before: float, after: float, low: float, high: float) -> Text:
    scale = (_BAR - 1) / ((high - low) or 1)
    start, end, zero = (round((value - low) * scale) for value in (before, after, 0.0))
    bar = Text()
    for place in range(_BAR):
        inside = min(start, end) <= place <= max(start, end) and before != after
        if inside:
            bar.append("█" if after > before else "▒", "green" if after > before else "red")
        elif place == zero:
            bar.append("┊", "dim")
        elif place == end:
            bar.append("│", "dim")
        else:
            bar.append(" ")
    return bar


def _verdict(explanation: Explanation, total: float) -> Text:
    decision = explanation.decision
    text = Text()
    text.append(decision.verdict, VERDICT_STYLES[decision.verdict])
    if decision.relation:
        text.append(f" ({decision.relation.replace('_', ' ')})")
    text.append(f", score {decision.score:.3f}")
    summed = 1 / (1 + 2 ** -max(-60.0, min(60.0, total)))
    if explanation.rule:
        text.append(f", by the rule {explanation.rule}: {meaning(explanation.rule)} (the sum alone: {summed:.3f})")
    elif summed - decision.score > 0.01:
        text.append(f" (the sum alone: {summed:.3f}; a doubt holds it below a duplicate)")
    if decision.veto:
        text.append("; the two may never share a cluster")
    text.append(f"\nreasons: {', '.join(decision.reasons) or 'none'}\nruleset: {decision.ruleset}")
    return text


def score_cells(scores: Pairwise | B3) -> tuple[str, str, str]:
    """Format precision, recall and F1 with four decimals."""
    return f"{scores.precision:.4f}", f"{scores.recall:.4f}", f"{scores.f1:.4f}"


def score_table(rows: Iterable[tuple[str, Pairwise | B3]]) -> Table:
    """Format precision, recall, F1 and counts, one line for each named score."""
    table = Table(pad_edge=False)
    table.add_column("")
    for name in ("precision", "recall", "F1", "correct", "predicted", "gold"):
        table.add_column(name, justify="right")
    for name, scores in rows:
        counts = (scores.correct, scores.predicted, scores.gold) if isinstance(scores, Pairwise) else ()
        table.add_row(name, *score_cells(scores), *(f"{count:,}" for count in counts))
    return table


def cluster_table(scores: ClusterScores) -> RenderableType:
    """Format pairwise and B-cubed scores, with the first over- and under-merged clusters."""
    facts = Text(f"{scores.records:,} records, {scores.clusters:,} clusters, {scores.gold_clusters:,} in gold")
    if scores.missing:
        facts.append(f"; {scores.missing:,} gold records are in no cluster", "yellow")
    if scores.unlabelled:
        facts.append(f"; {scores.unlabelled:,} records gold does not know were left out")
    return Group(
        score_table((("pairs", scores.pairs), ("B-cubed", scores.b_cubed))),
        facts,
        _groups("over-merged", "clusters that hold several papers", scores.over_merged),
        _groups("under-merged", "papers spread over several clusters", scores.under_merged),
    )


def cross_table(scores: CrossScores) -> RenderableType:
    """Format scores of pairs between two sources, with the first missed ones."""
    facts = Text(f"{scores.records:,} records, {scores.clusters:,} clusters; only cross-source pairs are counted")
    groups = tuple(((a,), (b,)) for a, b in scores.missed)
    return Group(score_table([("pairs", scores.pairs)]), facts, _groups("missed", "gold pairs apart", groups))


def _groups(name: str, meaning: str, groups: Sequence[Sequence[Sequence[str]]]) -> Text:
    text = Text(f"{name} ({meaning}): {len(groups):,}", "bold" if groups else "")
    for parts in groups[:_EXAMPLES]:
        text.append("\n  " + "  |  ".join(", ".join(part) for part in parts), "not bold")
    if len(groups) > _EXAMPLES:
        text.append(f"\n  … and {len(groups) - _EXAMPLES:,} more (--json lists all)", "not bold dim")
    return text


def decision_table(scores: DecisionScores) -> RenderableType:
    """Format scores of verdicts against labels, with the confusion table."""
    confusion = Table(title="verdicts by label", title_justify="left", pad_edge=False)
    confusion.add_column("label")
    for verdict in VERDICTS:
        confusion.add_column(verdict, justify="right")
    for label in LABELS:
        counts = [scores.confusion.get((label, verdict), 0) for verdict in VERDICTS]
        if any(counts):
            confusion.add_row(label, *(f"{count:,}" for count in counts))
    facts = f"{scores.total:,} pairs judged; left for review: {scores.review:,} ({scores.review_share:.1%})"
    ignored = f"; {scores.unsure:,} labelled unsure were left out" if scores.unsure else ""
    return Group(score_table([("duplicate", scores.pairs)]), Text(facts + ignored), confusion)
