"""Whether harmless changes keep a pair together and decisive ones part it, on pairs of every set that are duplicates now.

    python bench/mutate.py --data DIR [--sets NAME ...] [--show CODE]

Of each set up to 200 labelled duplicates with the verdict `duplicate` are drawn, one of a work, by a seed; each change of
`bench/harmless_changes.py` and `bench/decisive_changes.py` is made alone. A decisive change is tried only where the pair without
it is still a duplicate, so that it is the change that parts. `--show` prints the pairs on which a change did what it should not.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from decisive_changes import DECISIVE
from harmless_changes import HARMLESS
from sets import OWN_SETS, load, names
from subjects import Subject
from world import World

from streams.matching.candidate_pairs import are_candidates
from streams.matching.decide import decide
from streams.matching.decision import DUPLICATE, REVIEW, Decision
from streams.matching.features import extract
from streams.records.record import Record

SEED = 20_250
PAIRS = 200


class Trial(NamedTuple):
    """What became of one change on one set: pairs tried, together, in doubt, apart, and together but never compared."""

    code: str
    name: str
    harmless: bool
    tried: int
    together: int
    doubt: int
    apart: int
    unmet: int

    @property
    def rate(self) -> float:
        """The share of pairs on which the change did what it should: kept them together, or did not."""
        right = self.together if self.harmless else self.tried - self.together
        return right / self.tried if self.tried else 1.0


class Tried(NamedTuple):
    """One change of one pair, and what came of it: `together`, `doubt`, `apart` or `unmet`."""

    code: str
    harmless: bool
    became: str
    a: Record
    b: Record
    decision: Decision


def mutate(subject: Subject, world: World) -> list[Trial]:
    """Try every change on a set."""
    counts: Counter[tuple[str, bool, str]] = Counter()
    for one in tries(subject, world):
        counts[one.code, one.harmless, one.became] += 1
    found = []
    for code, harmless in dict.fromkeys((code, harmless) for code, harmless, _ in counts):
        each = [counts[code, harmless, became] for became in ("together", "doubt", "apart", "unmet")]
        found.append(Trial(code, subject.name, harmless, sum(each), *each))
    return found


def tries(subject: Subject, world: World) -> Iterator[Tried]:
    """Make every change on the drawn pairs of a set."""
    for number, (a, b) in enumerate(_drawn(subject, world)):
        one, other = subject.record(a), subject.record(b)
        for harmless in HARMLESS:
            random = Random(f"{SEED} {subject.name} {number} {harmless.code}")  # noqa: S311
            if changed := harmless.change(other, random):
                became, decision = _became(one, changed)
                yield Tried(harmless.code, True, became, one, changed, decision)
        for decisive in DECISIVE:
            random = Random(f"{SEED} {subject.name} {number} {decisive.code}")  # noqa: S311
            trio = decisive.change(one, other, random)
            if trio and _became(trio.a, trio.same)[0] == "together":
                became, decision = _became(trio.a, trio.other)
                yield Tried(decisive.code, False, became, trio.a, trio.other, decision)


def _drawn(subject: Subject, world: World) -> list[tuple[int, int]]:
    """Return some pairs that are one work and decided so, one of a work."""
    pairs = sorted(pair for pair in subject.gold & subject.met if world.link(pair) is not None)
    Random(f"{SEED} {subject.name}").shuffle(pairs)  # noqa: S311
    return list({subject.works[pair[0]]: pair for pair in pairs}.values())[:PAIRS]


def _became(a: Record, b: Record) -> tuple[str, Decision]:
    """Return what two records are."""
    one, other = extract(a), extract(b)
    decision = decide(one, other)
    if decision.verdict == DUPLICATE:
        return "together" if are_candidates(one, other) else "unmet", decision
    return "doubt" if decision.verdict == REVIEW else "apart", decision


def main() -> None:
    """Try, and print rates by kind of change and set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--show", default="", metavar="CODE")
    options = parser.parse_args()
    for name in options.sets or names(options.data):
        subject = Subject(load(name, options.data, 1000))
        if not subject.is_labelled or (name in OWN_SETS and not options.sets):
            continue
        world = subject.world.under(subject.world.rules)
        if options.show:
            for one in tries(subject, world):
                if one.code == options.show and (one.became == "together") != one.harmless:
                    print(f"{name}: {one.became} {one.decision.score:.2f} {' '.join(one.decision.reasons)}")
                    print(
                        *(
                            f"    {r.title} | {'; '.join(a.name for a in r.authors[:3])} | {r.date} {r.journal}"
                            for r in (one.a, one.b)
                        ),
                        sep="\n",
                    )
            continue
        for trial in mutate(subject, world):
            print(
                f"{name:20s} {trial.code:20s} {trial.rate:.3f} of {trial.tried}: together {trial.together}, doubt {trial.doubt}, "
                f"apart {trial.apart}, not compared {trial.unmet}"
            )


if __name__ == "__main__":
    main()
