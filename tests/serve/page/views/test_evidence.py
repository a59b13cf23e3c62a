"""The decision on a pair in words: rows that add up, bars that meet."""

from __future__ import annotations

import math

import pytest

from streams.matching.decision import DISTINCT, Comparison, Decision, Explanation
from streams.serve.page.views.evidence import WIDTH, evidence, odds_words, strength_words


def explained(*comparisons: Comparison, prior: float = -4.0, rule: str = "", verdict: str = "review") -> Explanation:
    return Explanation(
        Decision(verdict, 0.625, ("title_exact_rare", "title_exact_rare"), "r1"), comparisons, prior, rule
    )


def test_rows_add_up_and_bars_meet() -> None:
    shown = evidence(
        explained(
            Comparison("title", "on corals", "on corals", "exact_rare", 9.0),
            Comparison("authors", "reef|ada", "", "unknown", 0.0),
            Comparison("year", "1999", "2011", "more", -3.0),
        )
    )
    assert [(row.label, row.side, row.total) for row in shown.rows] == [
        ("Title", "for", 5.0), ("Authors", "none", 5.0), ("Date", "against", 2.0),
    ]  # fmt: skip
    assert shown.total == 2.0
    assert (shown.percent, shown.verdict_words) == (62.5, "doubtful")
    assert shown.rows[1].a == "reef, ada"
    assert len(shown.reasons) == 1
    assert shown.zero == round(4 / 9 * WIDTH)
    assert (shown.prior_bar.x, shown.prior_bar.width) == (0, shown.zero)
    assert (shown.rows[0].bar.x, shown.rows[0].bar.width) == (0, WIDTH)
    end = shown.rows[2].bar
    assert end.x + end.width == WIDTH
    assert all(0 <= row.bar.x <= row.bar.x + row.bar.width <= WIDTH for row in shown.rows)


def test_a_rule_settles_it_in_words() -> None:
    shown = evidence(explained(prior=0.0, rule="title_different", verdict=DISTINCT))
    assert "titles differ" in shown.rule
    assert shown.verdict_words == "different papers"
    assert shown.zero == 0


def test_values_that_mean_nothing_to_a_reader_are_left_out() -> None:
    shown = evidence(
        explained(
            Comparison("abstract", "00ff", "", "unknown", 0.0),
            Comparison("title", "x" * 500, "", "similar", 0.0),
            Comparison("doubt", "", "", "no_such_code", -1.0),
        )
    )
    assert shown.rows[0].a == "given"
    assert len(shown.rows[1].a) == 120
    assert shown.rows[2].words == "no such code"


@pytest.mark.parametrize(
    ("bits", "strength", "odds"),
    [
        (9.0, "very strong evidence for one paper", "510 times as likely for one paper"),
        (-4.0, "strong evidence for two papers", "16 times as likely for two papers"),
        (1.5, "some evidence for one paper", "2.8 times as likely for one paper"),
        (0.0, "says nothing either way", ""),
        (40.0, "very strong evidence for one paper", "over a million times as likely for one paper"),
        (math.log2(12_345), "very strong evidence for one paper", "12,000 times as likely for one paper"),
    ],
)
def test_bits_in_words(bits: float, strength: str, odds: str) -> None:
    assert strength_words(bits) == strength
    assert odds_words(bits) == odds
