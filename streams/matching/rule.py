"""A rule: one fact that settles a pair or sends it to review, as a row of a table.

The rows are in `identity.py`, `contradictions.py`, `affirmations.py` and `review_rules.py`, in the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from streams.matching.pair import Pair

__all__ = [
    "BY_IDENTIFIER",
    "BY_PLACE",
    "BY_WORDS",
    "DISTINCT",
    "DUPLICATE",
    "RELATED",
    "REVIEW",
    "VETO",
    "Rule",
    "Test",
    "first",
]

BY_IDENTIFIER, BY_PLACE, BY_WORDS = 3, 2, 1
"""The evidence of an opposition, strongest first; see `streams.clusters.partition`."""

DUPLICATE = "duplicate"
RELATED = "related"
REVIEW = "review"
DISTINCT = "distinct"
VETO = "veto"


Test = Callable[[Pair], bool]


class Rule(NamedTuple):
    """One rule for a pair of records.

    - `code`: the reason code that decisions carry, stable over releases;
    - `effect`: `duplicate`, `related`, `review`, `distinct`, or `veto` (distinct, and no chain through other records
      may put the two into one cluster);
    - `score`: the score of a decision that the rule settles, 0 to 1; a review rule has no score but a fitted weight in bits
      (`[doubt]` in `weights.toml`);
    - `test`: tells whether the rule holds for a pair; symmetric;
    - `meaning`, `example`, `source`: documentation of the rule for people;
    - `opposes`: whether the rule speaks against the two sides that a pair would join (`clusters/partition.py`), and by what.
    """

    code: str
    effect: str
    score: float
    test: Test
    meaning: str
    example: str
    source: str
    opposes: int = 0


def first(rules: tuple[Rule, ...], pair: Pair) -> Rule | None:
    """Return the first rule that holds for a pair."""
    for rule in rules:
        if rule.test(pair):
            return rule
    return None
