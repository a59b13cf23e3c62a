"""Decision on one pair of records: the only result that the rest of Streams takes from matching."""

from __future__ import annotations

import msgspec

__all__ = ["DISTINCT", "DUPLICATE", "RELATED", "REVIEW", "Comparison", "Decision", "Explanation"]

DUPLICATE = "duplicate"
REVIEW = "review"
RELATED = "related"
DISTINCT = "distinct"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The verdict on one pair of records, symmetric and dependent on the two records alone.

    `score` is the probability, 0 to 1, that the two describe the same work. `reasons` are stable codes,
    strongest first (their meanings: `streams.matching.reasons`). `veto` (a cannot-link) says that the two
    contradict each other so clearly that no chain through other records may put them into one
    cluster. `relation` names the kind where the verdict is `related` (`corrects`, `part_of`, …). `opposes` says whether the
    pair speaks against the sides it would join, and by what: 0 no, 1 words or authors, 2 place or date, 3 identifiers.
    `strength` of a duplicate: 2 where an identifier is shared, 0 where only the title agrees, else 1 (`clusters/partition.py`).
    """

    verdict: str
    score: float
    reasons: tuple[str, ...]
    ruleset: str
    veto: bool = False
    relation: str = ""
    opposes: int = 0
    strength: int = 1


class Comparison(msgspec.Struct, frozen=True):
    """One row of an explanation: a field, both values as compared, the level reached and its match weight.

    `weight` is in bits (log2 of the likelihood ratio) where the score uses it; 0 where the row only informs.
    """

    field: str
    a: str
    b: str
    level: str
    weight: float


class Explanation(msgspec.Struct, frozen=True):
    """A decision with the comparisons that led to it.

    `prior` is the prior match weight in bits. Where `rule` is `""`, prior and weights add up to the score (held below
    the threshold of a duplicate where one of the rows is a review rule); else the named rule settled the pair, and the weights
    only inform.
    """

    decision: Decision
    comparisons: tuple[Comparison, ...]
    prior: float
    rule: str = ""
