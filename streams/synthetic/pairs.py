"""Labelled pairs made from generated works: the same row format as pairs judged by people."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any

from streams.synthetic.documents import make_documents
from streams.synthetic.works import make_family

__all__ = ["labelled_pairs"]


def labelled_pairs(seed: int, works: int, *, noise: float = 1.0) -> Iterator[dict[str, Any]]:
    """Yield `{"pair", "a", "b", "label", "why"}` from about `works` works.

    Every pair of records of one work is `duplicate`; of two works of one family `distinct`: the hard ones, as
    families are traps. `why` names the trap.
    """
    made = number = 0
    while made < works:
        rng = Random(seed << 40 ^ made)  # noqa: S311 - not for secrets
        family = make_family(rng, made)
        records = [(work, document) for work in family for document in make_documents(work, rng, noise)]
        for (work, a), (other, b) in combinations(records, 2):
            label = "duplicate" if work is other else "distinct"
            number += 1
            yield {"pair": f"generated-{seed}-{number}", "a": a, "b": b, "label": label, "why": work.kind}
        made += len(family)
