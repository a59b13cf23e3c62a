"""Puts the decision on a pair into rows that a curator reads: each comparison in words, its bits, and a bar of a waterfall. Pure.

A bit of match weight doubles the odds that two records are one paper: +3 bits are eight times as likely, -3 an eighth.
"""

from __future__ import annotations

import msgspec

from streams.matching.decision import Comparison, Explanation
from streams.serve.page.views.reason_words import FIELDS, RELATIONS, VERDICTS, level_words, words_of

__all__ = ["Bar", "Evidence", "EvidenceRow", "evidence", "odds_words", "strength_words"]

WIDTH = 1000
"""Of a bar's drawing, in units of its own."""
_STRENGTHS = ((8.0, "very strong"), (4.0, "strong"), (1.5, "some"), (0.3, "slight"))
_MOST_VALUE = 120


class Bar(msgspec.Struct, frozen=True):
    """A bar from the sum before to the sum after, in units of `WIDTH`."""

    x: int
    width: int


class EvidenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison: what was found in words, both values as compared, its bits and the sum of bits up to it.

    `side` is `for` one paper, `against` it, or `none` where the row only informs. `strength` and `odds` say the bits in words.
    """

    field: str
    label: str
    words: str
    a: str
    b: str
    bits: float
    total: float
    side: str
    strength: str
    odds: str
    bar: Bar


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on a pair. `rule` says in words what settled it, empty where the bits did; they only inform then.

    `zero` is the place in the drawing where both are equally likely, `percent` the score of 0 to 100.
    """

    verdict: str
    verdict_words: str
    score: float
    percent: float
    prior: float
    prior_bar: Bar
    total: float
    zero: int
    rows: tuple[EvidenceRow, ...]
    reasons: tuple[str, ...]
    rule: str
    relation: str
    is_veto: bool
    ruleset: str


def evidence(explanation: Explanation) -> Evidence:
    """Return the decision on a pair as rows."""
    decision = explanation.decision
    sums = [explanation.prior]
    for comparison in explanation.comparisons:
        sums.append(sums[-1] + comparison.weight)
    low, high = min(0.0, *sums), max(0.0, *sums)
    scale = WIDTH / ((high - low) or 1.0)

    def bar(before: float, after: float) -> Bar:
        start, end = sorted((round((before - low) * scale), round((after - low) * scale)))
        return Bar(start, end - start)

    rows = tuple(
        _row(comparison, after, bar(before, after))
        for comparison, before, after in zip(explanation.comparisons, sums, sums[1:], strict=False)
    )
    return Evidence(
        verdict=decision.verdict,
        verdict_words=VERDICTS.get(decision.verdict, decision.verdict),
        score=decision.score,
        percent=round(100 * decision.score, 1),
        prior=explanation.prior,
        prior_bar=bar(0.0, explanation.prior),
        total=sums[-1],
        zero=round(-low * scale),
        rows=rows,
        reasons=tuple(dict.fromkeys(map(words_of, decision.reasons))),
        rule=words_of(explanation.rule) if explanation.rule else "",
        relation=RELATIONS.get(decision.relation, decision.relation),
        is_veto=decision.veto,
        ruleset=decision.ruleset,
    )


def strength_words(bits: float) -> str:
    """Return how strong so many bits are as evidence, and for what."""
    for least, words in _STRENGTHS:
        if abs(bits) >= least:
            return f"{words} evidence {'for one paper' if bits > 0 else 'for two papers'}"
    return "says nothing either way"


def odds_words(bits: float) -> str:
    """Return how much likelier so many bits make one paper, or two."""
    times = 2 ** abs(bits)
    if times < 1.2:
        return ""
    number = f"{times:.1f}" if times < 3 else f"{round(times)}" if times < 20 else f"{float(f'{times:.2g}'):,.0f}"
    if times > 1_000_000:
        number = "over a million"
    return f"{number} times as likely for {'one paper' if bits > 0 else 'two papers'}"


def _row(comparison: Comparison, total: float, bar: Bar) -> EvidenceRow:
    weight = comparison.weight
    field = comparison.field
    return EvidenceRow(
        field=field,
        label=FIELDS.get(field, field),
        words=level_words(field, comparison.level),
        a=_value(field, comparison.a),
        b=_value(field, comparison.b),
        bits=weight,
        total=total,
        side="for" if weight > 0 else "against" if weight < 0 else "none",
        strength=strength_words(weight),
        odds=odds_words(weight),
        bar=bar,
    )


def _value(field: str, value: str) -> str:
    if field == "abstract":  # compared by fingerprint, which means nothing to a reader
        return "given" if value else ""
    value = value.replace("|", ", ")  # names are kept as family|given
    return value if len(value) <= _MOST_VALUE else value[: _MOST_VALUE - 1] + "…"
