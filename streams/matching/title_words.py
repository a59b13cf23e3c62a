"""Tests of words by which two titles contradict each other: numbers, letters, parts, negations, opposites, designs, other words.

Each test looks at the words that `wording` could not reconcile, so a hyphen, a plural or a footnote mark never counts.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import Indel

from streams.matching.pair import Pair
from streams.matching.words import is_word
from streams.normalize.signs import signs_in
from streams.normalize.text import word_set

__all__ = [
    "designs_differ",
    "letters_differ",
    "negated",
    "number_on_one_side",
    "numbers_differ",
    "one_other_word",
    "opposed",
    "part_on_one_side",
    "prefixed",
    "signs_differ",
]

_NEGATIONS = frozenset(("no", "not", "non", "without", "never", "un", "neither", "nor", "cannot"))
# Groups of words of which a study has one: the other word is another study (bib-dedupe sim.py).
_OPPOSITES: tuple[frozenset[str], ...] = tuple(
    word_set(words)
    for words in (
        "men women man woman mens womens", "male female males females", "boys girls", "mothers fathers maternal paternal",
        "child children childhood adult adults adulthood adolescent adolescents adolescence infants elderly pediatric geriatric",
        "rat rats mouse mice murine rabbit rabbits dog dogs canine pig pigs porcine human humans monkey monkeys cat cats feline "
        "bovine cattle sheep ovine chicken zebrafish yeast drosophila",
        "vivo vitro silico situ", "even odd", "upper lower", "left right", "acute chronic", "internal external",
        "mild moderate severe", "linear nonlinear", "homogeneous inhomogeneous nonhomogeneous", "before after during",
        "first second third fourth fifth sixth 1st 2nd 3rd 4th 5th 6th", "early late", "short long", "old new", "large small",
        "north south east west northern southern eastern western", "increases decreases increased decreased increase decrease",
        "increasing decreasing", "positive negative", "benign malignant", "systolic diastolic", "primary secondary tertiary",
        "spring summer autumn winter", "parabolic elliptic hyperbolic", "discrete continuous", "supervised unsupervised",
        "cohort randomized", "type 1 type 2", "gram", "necessary sufficient", "input output", "static dynamic", "local global",
        "symmetric antisymmetric asymmetric", "normal abnormal", "min max minimum maximum minimal maximal", "best worst",
        "black white", "public private", "rural urban", "horizontal vertical", "anterior posterior", "proximal distal",
        "efficacy safety", "theory practice",
    )
)  # fmt: skip
_LEAST_STEM = 4
_GROUPS = {
    word: tuple(number for number, group in enumerate(_OPPOSITES) if word in group)
    for word in frozenset().union(*_OPPOSITES)
}
_DESIGN = word_set(
    "protocol pilot rationale feasibility appendix supplement supplementary corrigendum erratum reply rejoinder comment addendum "
    "thesis slides poster dataset"
)
_SIGNS = frozenset(("plus", "minus", "star", "sharp", "prime"))
_PLACES_IN_PRINT = frozenset(("volume", "vol", "pp", "pages", "issue", "no", "series", "bd", "band", "nr"))
_PRINTED_IN = _PLACES_IN_PRINT | word_set(
    "journal trans transactions proc proceedings conference report rep record lecture notes tr rr"
)
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_PREFIXES = frozenset((
    "non", "un", "in", "im", "ir", "dis", "anti", "a", "semi", "quasi", "sub", "super", "hyper", "hypo", "pre", "post", "inter",
    "intra", "multi", "bi", "mono", "poly", "over", "under", "pseudo", "counter", "co", "pro", "de", "re", "trans", "ultra",
    "micro", "macro", "nano", "meta", "para", "iso", "homo", "hetero", "auto", "endo", "exo", "extra", "infra",
))  # fmt: skip


def _numbers(words: tuple[str, ...]) -> list[str]:
    # A title that was cut after a space has an empty word at its end.
    return [word for word in words if word[:1].isdigit() and word.replace(".", "").isdigit()]


def numbers_differ(pair: Pair) -> bool:
    """Tell whether each title has a number that the other lacks, or each names another part."""
    left = pair.match.wording
    if pair.a.part and pair.b.part and not set(pair.a.part.split(" ")) & set(pair.b.part.split(" ")):
        return True
    return bool(_numbers(left.left_a)) and bool(_numbers(left.left_b))


def signs_differ(pair: Pair) -> bool:
    """Tell whether a sign is in one title alone, or another in its place: C and C++, e+p and e-p."""
    left = pair.match.wording
    if _SIGNS.isdisjoint(left.left_a) and _SIGNS.isdisjoint(left.left_b):
        return False
    return signs_in(pair.a.title) != signs_in(pair.b.title)


def letters_differ(pair: Pair) -> bool:
    """Tell whether a single letter takes the place of another: vitamin C and E, part A and B, T cell and B cell."""
    return any(
        len(one) == len(other) == 1 and len(one[0]) == 1 == len(other[0]) and (one[0] + other[0]).isalpha()
        for one, other in pair.match.wording.swapped
    )


def part_on_one_side(pair: Pair) -> bool:
    """Tell whether one title names a part, or ends in a number from 2 up, and the other does not.

    Example: "Coral reefs II" and "Coral reefs".
    """
    left = pair.match.wording
    extra = left.left_a + left.left_b
    numbers = _numbers(extra)
    if len(numbers) > 1 or not _PLACES_IN_PRINT.isdisjoint(extra):
        return False  # "volume 5", "pp 65 74": where it is printed, not which part it is
    if not numbers:  # "second part", "zweite Mitteilung"
        part, other = (pair.a.part, pair.b) if pair.a.part else (pair.b.part, pair.a)
        return bool(part and extra) and part != "1" and not other.part and part not in other.title.split(" ")
    for features, words in ((pair.a, left.left_a), (pair.b, left.left_b)):
        if features.part in words and features.part != "1":
            return True
        for title in (features.title, features.main):
            last = title.rpartition(" ")[2]
            if last in words and last.isdigit() and len(last) < 3 and last not in ("0", "1"):
                return True
    return False


def number_on_one_side(pair: Pair) -> bool:
    """Tell whether one title has a number that the other lacks.

    Years, ordinals, a footnote's 1 at the end, and the numbers of a volume and pages ("TITLE. Sigmod Record, 26 (3)") do not count.
    """
    left = pair.match.wording
    if pair.levels.title.startswith("prefix") and not _PRINTED_IN.isdisjoint(left.left_a + left.left_b):
        return False
    for features, words in ((pair.a, left.left_a), (pair.b, left.left_b)):
        for word in words:
            if (
                len(word) < 6
                and any(letter.isdigit() for letter in word)
                and not _YEAR.fullmatch(word)
                and not _ORDINAL.fullmatch(word)
                and not (word == "1" and features.title.endswith(" 1"))
            ):
                return True
    return False


def negated(pair: Pair) -> bool:
    """Tell whether one title denies what the other says."""
    left = pair.match.wording
    return _NEGATIONS.isdisjoint(left.left_a) != _NEGATIONS.isdisjoint(left.left_b)


def opposed(pair: Pair) -> bool:
    """Tell whether each title has its own word of a group of which a study has one."""
    left = pair.match.wording
    if not left.left_a or not left.left_b:
        return False
    mine = {group for word in left.left_a for group in _GROUPS.get(word, ())}
    return bool(mine) and any(group in mine for word in left.left_b for group in _GROUPS.get(word, ()))


def designs_differ(pair: Pair) -> bool:
    """Tell whether one title names a design (protocol, pilot) or a kind of work that the other does not."""
    left = pair.match.wording
    return _DESIGN.isdisjoint(left.left_a) != _DESIGN.isdisjoint(left.left_b)


def prefixed(pair: Pair) -> bool:
    """Tell whether a word has a prefix in one title that changes what it means: periodic and aperiodic."""
    left = pair.match.wording
    return any(_prefix_differs(one, other) for one in left.left_a for other in left.left_b)


def _prefix_differs(one: str, other: str) -> bool:
    """Tell whether two words are one word with two prefixes, or with a prefix on one side.

    Examples: hyper and hypo, periodic and aperiodic.
    """
    stem = 0
    while stem < min(len(one), len(other)) and one[-1 - stem] == other[-1 - stem]:
        stem += 1
    if stem < _LEAST_STEM:
        return False
    # The common ending may begin with letters of a prefix: hyper|thyroidism and hypo|thyroidism share an h no prefix ends in.
    for length in range(stem, _LEAST_STEM - 1, -1):
        heads = one[: len(one) - length], other[: len(other) - length]
        if heads[0] != heads[1] and all(head == "" or head in _PREFIXES for head in heads):
            return True
    return False


_UNLIKE = 0.5
_SHORTEST_UNKNOWN = 5


def one_other_word(pair: Pair) -> bool:
    """Tell whether the titles differ in one word for one word, and neither is a slip for the other: iron oxide and zinc oxide.

    Both are words, or share so few letters that no machine misread one for the other: clozapine, ketamine.
    """
    left = pair.match.wording
    if len(left.swapped) != 1 or len(left.left_a) != 1 or len(left.left_b) != 1:
        return False
    one, other = left.left_a[0], left.left_b[0]
    if is_word(one) and is_word(other):
        return True
    if not (one.isalpha() and other.isalpha()) or min(len(one), len(other)) < _SHORTEST_UNKNOWN:
        return False
    return Indel.normalized_similarity(one, other) < _UNLIKE
