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

from rapidfuzz.distance import DamerauLevenshtein

from streams.matching.features import Features
from streams.text import STOPWORDS

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


def difference(a: Features, b: Features) -> Difference:
    """The words by which two titles differ."""
    if a.title == b.title:
        return Difference((), ())
    words_a, words_b = a.title.split(" "), b.title.split(" ")
    set_a, set_b = set(words_a), set(words_b)
    return Difference(tuple(w for w in words_a if w not in set_b), tuple(w for w in words_b if w not in set_a))


_NEGATIONS = frozenset(("no", "not", "non", "without", "never", "un", "neither", "nor", "cannot"))
_NUMBERED = re.compile(r"\d")
# Groups of words of which a study has one: the other word is another study (bib-dedupe sim.py).
_ALTERNATIVES: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "men women man woman male female males females boys girls", "child children adult adults adolescent adolescents infants elderly",
        "rat rats mouse mice rabbit rabbits dog dogs pig pigs human humans monkey monkeys cat cats", "vivo vitro silico situ",
        "even odd", "upper lower", "left right", "acute chronic", "internal external", "mild moderate severe",
        "linear nonlinear", "homogeneous inhomogeneous nonhomogeneous", "first second third fourth fifth", "type1 type2",
        "north south east west northern southern eastern western", "early late", "short long", "before after", "hypo hyper",
        "increases decreases increased decreased", "positive negative", "maternal paternal", "systolic diastolic",
        "primary secondary tertiary", "spring summer autumn winter", "parabolic elliptic hyperbolic", "discrete continuous",
    )
)  # fmt: skip
_DESIGN = frozenset(("protocol", "pilot", "rationale", "feasibility", "appendix", "supplement", "supplementary", "corrigendum", "erratum",
                     "reply", "rejoinder", "comment", "addendum", "thesis", "slides", "poster", "dataset"))  # fmt: skip


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
    return _ends_with_number(a, diff.a) or _ends_with_number(b, diff.b)


def _any_number_on_one_side(a: Features, b: Features, diff: Difference) -> bool:
    return any(_NUMBERED.search(word) for word in diff.a + diff.b if len(word) < 6)


def _negated(a: Features, b: Features, diff: Difference) -> bool:
    return (not _NEGATIONS.isdisjoint(diff.a)) != (not _NEGATIONS.isdisjoint(diff.b))


def _alternative(a: Features, b: Features, diff: Difference) -> bool:
    if not diff.a or not diff.b:
        return False
    one, two = frozenset(diff.a), frozenset(diff.b)
    return any(not one.isdisjoint(group) and not two.isdisjoint(group) for group in _ALTERNATIVES)


def _design(a: Features, b: Features, diff: Difference) -> bool:
    return (not _DESIGN.isdisjoint(diff.a)) != (not _DESIGN.isdisjoint(diff.b))


def _other_word(a: Features, b: Features, diff: Difference) -> bool:
    """One to three words stand in place of others, and they are no misspelling of them."""
    one = [word for word in diff.a if word not in STOPWORDS]
    two = [word for word in diff.b if word not in STOPWORDS]
    if not one or not two:
        return False
    joined_a, joined_b = "".join(one), "".join(two)
    return DamerauLevenshtein.normalized_similarity(joined_a, joined_b) < 0.7


def _extra_word(a: Features, b: Features, diff: Difference) -> bool:
    one = [word for word in diff.a if word not in STOPWORDS]
    two = [word for word in diff.b if word not in STOPWORDS]
    if bool(one) == bool(two):
        return False
    words = one or two
    longer = a if one else b
    # All in the subtitle: main title against whole title is a level of its own.
    return not (longer.cut and not any(word in longer.main.split(" ") for word in words)) and sum(map(len, words)) > 3


GUARDS: tuple[Guard, ...] = (
    Guard(
        "numbers_differ",
        "apart",
        "numbers in the titles differ",
        "part I / part II; supplement 2 / supplement 3",
        "bib-dedupe, fuzzycat NUM_DIFF",
        _numbers_differ,
    ),  # noqa: E501
    Guard(
        "part_on_one_side",
        "apart",
        "one title ends in a part number, the other does not",
        "New examples / New examples II",
        "S2APLER, dissemin#14",
        _number_on_one_side,
    ),  # noqa: E501
    Guard(
        "negation",
        "distinct",
        "one title says not what the other says",
        "smoking / non smoking",
        "bib-dedupe",
        _negated,
    ),
    Guard(
        "alternative",
        "distinct",
        "one word of a pair that excludes the other",
        "in rats / in mice; even order / odd order",
        "bib-dedupe",
        _alternative,
    ),  # noqa: E501
    Guard(
        "design",
        "distinct",
        "a word for a study's design or a derived work on one side only",
        "... : protocol of a trial",
        "bib-dedupe, cometadata",
        _design,
    ),  # noqa: E501
    Guard(
        "number_on_one_side",
        "doubt",
        "a number on one side only",
        "K3 surfaces with 5 vertices / K3 surfaces",
        "bib-dedupe",
        _any_number_on_one_side,
    ),  # noqa: E501
    Guard(
        "other_word",
        "doubt",
        "words of one title stand in place of others",
        "aluminum powder / copper powder",
        "awesome-ai-for-math PR#142",
        _other_word,
    ),  # noqa: E501
    Guard(
        "extra_word",
        "doubt",
        "a word more in the main title",
        "periodic / locally periodic coefficients",
        "awesome-ai-for-math PR#142",
        _extra_word,
    ),  # noqa: E501
)


def relation_between(a: Features, b: Features) -> str:
    """The kind of relation where exactly one of two works is derived from the other, else `""`."""
    if a.derived == b.derived:
        return ""
    return a.derived or b.derived
