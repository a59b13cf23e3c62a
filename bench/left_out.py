"""Each set judged by weights and a table of words that were made without it: what the rules do on records they never saw.

Left out are all records of the set, with its variants. A labelled pair of another set is left out with it where one of its
records stands in the set, by id and title, and a pair of a feed where it is a labelled pair of the set; so some pairs of
judged_pairs go with the feed they were drawn from. The rules themselves were written with all sets in view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from measure import Outcome, outcome
from subjects import Subject
from train import difference, examples, fit, teachers
from word_counts import Titles, swapped, table
from world import World

from streams.matching.ruleset import DEFAULT


class LeftOut(NamedTuple):
    """What is made of a set by rules that were fitted without it.

    `moved` is the largest difference of a weight to the shipped ones, `weight` its name. `merged_related` counts the rules
    or reasons by which pairs labelled `related` are put together.
    """

    outcome: Outcome
    moved: float
    weight: str
    merged_related: dict[str, int]


def leave_out(base: str, subjects: Sequence[Subject], titles: Titles, listed: Iterable[int]) -> list[LeftOut]:
    """Fit without a set, and measure the set and its variants; `listed` are the entries of words that lists give."""
    with swapped(table(titles.without(base), (), listed)):
        given = [example for one in teachers(subjects) if one.base != base for example in examples(one, base)]
        rules = fit(given).rules()
        moved, weight = difference(rules, DEFAULT)
        found = []
        for subject in subjects:
            if subject.base == base and subject.is_labelled:
                world = subject.world.under(rules)
                found.append(LeftOut(outcome(subject, world), moved, weight, _merged_related(subject, world)))
        return found


def _merged_related(subject: Subject, world: World) -> dict[str, int]:
    pairs = (pair for pair, given in subject.labels.items() if given.label == "related" and pair in subject.met)
    return Counter(world.decide(pair).reasons[0] for pair in pairs if world.link(pair) is not None)
