"""A rule: one fact that settles a pair or keeps it in doubt, as a row of a table.

The rows are in `identity.py`, `contradictions.py`, `affirmations.py` and `doubts.py`, in the order they are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from streams.matching.pair import Pair

__all__ = [
    "APART",
    "BY_IDENTIFIER",
    "BY_PLACE",
    "BY_WORDS",
    "DISTINCT",
    "DUPLICATE",
    "RELATED",
    "REVIEW",
    "Rule",
    "Test",
    "first",
]

BY_IDENTIFIER, BY_PLACE, BY_WORDS = 3, 2, 1
"""What an opposition rests on; see `streams.clusters.partition`."""

DUPLICATE = "duplicate"
RELATED = "related"
REVIEW = "review"
DISTINCT = "distinct"
APART = "apart"


Test = Callable[[Pair], bool]


class Rule(NamedTuple):
    """One row.

    - `code`: the reason code that decisions carry, stable over releases;
    - `effect`: `duplicate`, `related`, `review`, `distinct`, or `apart` (distinct, and no chain through other records
      may put the two into one cluster);
    - `score`: the score of a decision it settles, 0 to 1; a doubt has none, its bits are fitted (`[doubt]` in `weights.toml`);
    - `test`: whether it holds for a pair; symmetric;
    - `meaning`, `example`, `source`: what a person should know of it;
    - `opposes`: whether it speaks against the two sides a pair would join (`clusters/partition.py`), and by what.
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
