"""Guards: single facts that outweigh any likeness, as a table of rules.

A guard looks at a pair whose titles are alike and says why the two may still be two works. Its effect is
- `apart`: distinct, and no chain through other records may join the two (veto);
- `distinct`: distinct, without veto;
- `doubt`: at best `review`.
Related works (an erratum and what it corrects) are found by `relation_between`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from streams.matching.features import Features
from streams.text import word_set

__all__ = ["GUARDS", "Difference", "Guard", "difference", "relation_between"]


class Difference(NamedTuple):
    """The words each title has and the other has not, in order."""

    a: tuple[str, ...]
    b: tuple[str, ...]


class Guard(NamedTuple):
    """A rule: stable `code`, `effect`, what it means, an example, where it comes from, and its test."""

    code: str
    effect: str
    meaning: str
    example: str
    source: str
    test: Callable[[Features, Features, Difference], bool]


def difference(one: str, two: str) -> Difference:
    """The words by which two titles differ."""
    words_a, words_b = one.split(" "), two.split(" ")
    set_a, set_b = set(words_a), set(words_b)
    return Difference(tuple(w for w in words_a if w not in set_b), tuple(w for w in words_b if w not in set_a))


_NEGATIONS = frozenset(("no", "not", "non", "without", "never", "un", "neither", "nor", "cannot"))
_NUMBERED = re.compile(r"\d")
_NO_PART = re.compile(r"(?:19|20)\d\d|\d+(?:st|nd|rd|th)")  # years, ordinals of conferences
# Groups of words of which a study has one: the other word is another study (bib-dedupe sim.py).
_ALTERNATIVES: tuple[frozenset[str], ...] = tuple(
    word_set(words)
    for words in (
        "men women man woman male female males females boys girls",
        "child children adult adults adolescent adolescents infants elderly",
        "rat rats mouse mice rabbit rabbits dog dogs pig pigs human humans monkey monkeys cat cats",
        "vivo vitro silico situ", "even odd", "upper lower", "left right", "acute chronic", "internal external",
        "mild moderate severe", "linear nonlinear", "homogeneous inhomogeneous nonhomogeneous",
        "first second third fourth fifth", "north south east west northern southern eastern western", "early late", "short long",
        "before after", "increases decreases increased decreased", "positive negative", "maternal paternal",
        "systolic diastolic", "primary secondary tertiary", "spring summer autumn winter", "parabolic elliptic hyperbolic",
        "discrete continuous",
    )
)  # fmt: skip
_DESIGN = word_set(
    "protocol pilot rationale feasibility appendix supplement supplementary corrigendum erratum reply rejoinder comment addendum "
    "thesis slides poster dataset"
)


_LOCATION = frozenset(("volume", "vol", "pp", "pages", "issue", "no"))


def _numbers(words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word.isdigit()]


def _numbers_differ(a: Features, b: Features, diff: Difference) -> bool:
    return bool(_numbers(diff.a) and _numbers(diff.b))


def _ends_with_number(features: Features, words: tuple[str, ...]) -> bool:
    """Whether the title or its main part ends in a small number the other has not: `... II`."""
    for part in (features.title, features.main):
        last = part.rpartition(" ")[2]
        if last.isdigit() and len(last) < 3 and last in words:
            return True
    return False


def _number_on_one_side(a: Features, b: Features, diff: Difference) -> bool:
    extra = diff.a + diff.b
    if len(_numbers(extra)) > 1 or not _LOCATION.isdisjoint(extra):
        return False  # "volume 5", "pp 65 74": where it stands, not which part it is
    return _ends_with_number(a, diff.a) or _ends_with_number(b, diff.b)


def _any_number_on_one_side(a: Features, b: Features, diff: Difference) -> bool:
    return any(_NUMBERED.search(word) and not _NO_PART.fullmatch(word) for word in diff.a + diff.b if len(word) < 6)


def _negated(a: Features, b: Features, diff: Difference) -> bool:
    return (not _NEGATIONS.isdisjoint(diff.a)) != (not _NEGATIONS.isdisjoint(diff.b))


def _alternative(a: Features, b: Features, diff: Difference) -> bool:
    if not diff.a or not diff.b:
        return False
    one, two = frozenset(diff.a), frozenset(diff.b)
    return any(not one.isdisjoint(group) and not two.isdisjoint(group) for group in _ALTERNATIVES)


def _design(a: Features, b: Features, diff: Difference) -> bool:
    return (not _DESIGN.isdisjoint(diff.a)) != (not _DESIGN.isdisjoint(diff.b))


_NEGATING = (
    "non", "un", "in", "im", "ir", "dis", "anti", "a", "semi", "quasi", "sub", "super", "hyper", "hypo", "pre", "post", "inter",
    "intra", "multi", "bi", "mono", "poly", "over", "under", "pseudo", "counter", "co",
)  # fmt: skip


def _prefixed(a: Features, b: Features, diff: Difference) -> bool:
    """The same word with and without a prefix that changes what it means."""
    for one, two in ((diff.a, diff.b), (diff.b, diff.a)):
        for word in one:
            if len(word) > 4:
                for prefix in _NEGATING:
                    if prefix + word in two:
                        return True
    return False


GUARDS: tuple[Guard, ...] = (
    Guard(
        "numbers_differ",
        "apart",
        "numbers in the titles differ",
        "part I / part II",
        "bib-dedupe, fuzzycat",
        _numbers_differ,
    ),
    Guard(
        "part_on_one_side",
        "apart",
        "one title ends in a part number",
        "Examples / Examples II",
        "S2APLER",
        _number_on_one_side,
    ),
    Guard(
        "negation", "distinct", "one title denies what the other says", "smoking / non smoking", "bib-dedupe", _negated
    ),
    Guard(
        "alternative",
        "distinct",
        "two words of which one excludes the other",
        "in rats / in mice",
        "bib-dedupe",
        _alternative,
    ),
    Guard("prefixed", "distinct", "a prefix changes a word", "periodic / aperiodic", "bib-dedupe (non-)", _prefixed),
    Guard(
        "design",
        "distinct",
        "a study's design on one side only",
        "... / ...: protocol",
        "bib-dedupe, cometadata",
        _design,
    ),
    Guard(
        "number_on_one_side",
        "doubt",
        "a number on one side only",
        "K3 surfaces / 5 surfaces",
        "bib-dedupe",
        _any_number_on_one_side,
    ),
)


def relation_between(a: Features, b: Features) -> str:
    """The kind of relation where exactly one of two works is derived from the other, else `""`."""
    if a.derived == b.derived:
        return ""
    return max(a.derived, b.derived)
