"""Which words two titles differ in, once spelling, number, abbreviation, order and slips of the pen are set aside.

`wording` lines two titles up word by word. What differs falls into blocks, and each block is reconciled as far as it can
be: words joined or parted ("non linear", "nonlinear"), articles and prepositions, plurals, an abbreviation for the words it
abbreviates, a misspelling for the word. The words that remain are in `swapped`, `left_a` and `left_b`, and decide.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA, Indel

from streams.matching.spelling import ORDINALS, is_inflection
from streams.matching.words import is_word
from streams.normalize.text import word_set

__all__ = ["EMPTY", "SAME", "Wording", "is_misspelling", "wording"]

EMPTY = word_set(
    "a an the of in on for to and by with at from as is are be was were its their this that s "
    "der die das den dem des ein eine einer und von zu zur zum im in fur mit bei auf "
    "le la les de du un une et en au aux pour par sur dans el los las lo del il gli di della dei delle da do dos das na "
    "os em van het een te och av"
)
"""Words that say nothing of their own: articles, the commonest prepositions, copulas. Not among them: during, after,
between, without, not, and single letters other than English a and a possessive s: vitamin C is not vitamin E."""


class Wording(NamedTuple):
    """The difference between the words of two titles.

    - `swapped`: pairs of word groups that take each other's place and could not be reconciled;
    - `left_a`, `left_b`: all words of a title without a counterpart in the other, swapped or not;
    - `spelled`: a difference was reconciled as another way to write the same (joined, plural, abbreviation, an article);
    - `misspelt`: a difference was reconciled as a slip;
    - `moved`: words are at another place.
    """

    swapped: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    left_a: tuple[str, ...] = ()
    left_b: tuple[str, ...] = ()
    spelled: bool = False
    misspelt: bool = False
    moved: bool = False

    @property
    def agrees(self) -> bool:
        """Whether every difference could be reconciled and no word moved."""
        return not (self.left_a or self.left_b or self.moved)


SAME = Wording()


def wording(a: str, b: str) -> Wording:
    """Compare two titles in normal form, words separated by single blanks."""
    if a == b:
        return SAME
    # Words may line up in several ways; the choice must not depend on the order of the two titles.
    if a < b:
        return _in_order(a, b)
    found = _in_order(b, a)
    swapped = tuple([(y, x) for x, y in found.swapped])
    return Wording(swapped, found.left_b, found.left_a, found.spelled, found.misspelt, found.moved)


# Cached, for the sources of a feed give two works that are alike under the same two titles: of a feed of search results two
# pairs of three that come this far have been compared lately.
@lru_cache(maxsize=1024)
def _in_order(a: str, b: str) -> Wording:
    # A long title is cut after so many characters, which may be a blank.
    one, two = a.rstrip().split(" "), b.rstrip().split(" ")
    for words in (one, two):
        if words[-1] == "a":
            words[-1] = "A"  # hepatitis A, part A: no article
    reconciled = [_reconcile(*block) for block in _blocks(one, two)]
    groups, moved = _without_moved([(x, y) for x, y, _, _ in reconciled])
    return Wording(
        tuple([(tuple(x), tuple(y)) for x, y in groups if x and y]),
        tuple([word for x, _ in groups for word in x]),
        tuple([word for _, y in groups for word in y]),
        any(spelled for _, _, spelled, _ in reconciled),
        any(misspelt for _, _, _, misspelt in reconciled),
        moved,
    )


Block = tuple[list[str], list[str]]


def _blocks(one: list[str], two: list[str]) -> list[Block]:
    """Line the words of two titles up and return the groups of words between equal ones."""
    start, most = 0, min(len(one), len(two))
    while start < most and one[start] == two[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == two[-1 - end]:
        end += 1
    one, two = one[start : len(one) - end], two[start : len(two) - end]
    if not one or not two or set(one).isdisjoint(two):
        return [(one, two)]  # nothing to line up, as in most pairs of titles that are nearly equal
    found: list[Block] = []
    at = to = 0
    for equal in Indel.editops(one, two).as_matching_blocks():  # the last one is empty, at the end of both
        if at < equal.a or to < equal.b:
            found.append((one[at : equal.a], two[to : equal.b]))
        at, to = equal.a + equal.size, equal.b + equal.size
    return found


def _reconcile(a: list[str], b: list[str]) -> tuple[list[str], list[str], bool, bool]:
    """Return the words of a block that could not be reconciled, whether a spelling differed, and whether a word was misspelt."""
    if len(a) == len(b) == 1:
        return _reconcile_words(a, b)
    if a and b and "".join(a) == "".join(b):
        return [], [], True, False
    full_a, full_b = [w for w in a if w not in EMPTY], [w for w in b if w not in EMPTY]
    spelled = len(full_a) < len(a) or len(full_b) < len(b)
    if not full_a or not full_b:
        return full_a, full_b, spelled, False
    if "".join(full_a) == "".join(full_b) or _abbreviates(a, b) or _abbreviates(b, a):
        return [], [], True, False
    left_a, left_b, inflected, misspelt = _paired(full_a, full_b)
    if left_a and left_b and _run_together(left_a, left_b):
        return [], [], True, True
    return left_a, left_b, spelled or inflected, misspelt


def _reconcile_words(a: list[str], b: list[str]) -> tuple[list[str], list[str], bool, bool]:
    """Reconcile one word with one other; the result is that of `_reconcile`."""
    word, other = a[0], b[0]
    if len(word) == len(other) == 1:
        return a, b, False, False  # vitamin A, vitamin D
    if word in EMPTY or other in EMPTY:
        return ([] if word in EMPTY else a), ([] if other in EMPTY else b), True, False
    found = _one_word(word, other)
    return ([], [], found == _INFLECTED, found == _MISSPELT) if found else (a, b, False, False)


def _paired(a: list[str], b: list[str]) -> tuple[list[str], list[str], bool, bool]:
    """Pair off the words of two groups that are one word in another number or with a slip, and return the rest."""
    left_a: list[str] = []
    rest = list(b)
    inflected = misspelt = False
    for word in a:
        for at, other in enumerate(rest):
            if found := _one_word(word, other):
                inflected |= found == _INFLECTED
                misspelt |= found == _MISSPELT
                del rest[at]
                break
        else:
            left_a.append(word)
    return left_a, rest, inflected, misspelt


_TWO_WORDS, _INFLECTED, _MISSPELT = 0, 1, 2


@lru_cache(maxsize=16_384)
def _one_word(word: str, other: str) -> int:
    """Return in what way two words are one: an inflection, a misspelling, or not at all."""
    if word == other or is_inflection(word, other) or _is_one_number(word, other) or _contracts(word, other):
        return _INFLECTED
    return _MISSPELT if is_misspelling(word, other) else _TWO_WORDS


_NUMERALS = "ii iii iv - vi vii viii ix - xi xii xiii xiv xv xvi xvii xviii xix xx"
_VALUES = {word: str(value) for value, word in enumerate(_NUMERALS.split(" "), 2) if word != "-"} | {
    word: str(value) for value, word in enumerate(ORDINALS.split(" "), 1)
}
"""Numerals and ordinals; the normal form reads no numeral in the middle of a title."""


def _is_one_number(one: str, other: str) -> bool:
    """Tell whether two words write one number: ii and 2, viii and eighth."""
    if one not in _VALUES and other not in _VALUES:
        return False
    return _VALUES.get(one, one) == _VALUES.get(other, other)


_VOWELS = frozenset("aeiouy")


def _contracts(one: str, other: str) -> bool:
    """Tell whether one word is the consonants of the other in its order: mhd, magnetohydrodynamic."""
    short, long = (one, other) if len(one) < len(other) else (other, one)
    if not 3 <= len(short) <= 5 or len(long) < 2 * len(short) or short[0] != long[0] or not short.isalpha():
        return False
    if not _VOWELS.isdisjoint(short):
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _abbreviates(short: list[str], long: list[str]) -> bool:
    """Tell whether one group is the initials of the other: hst, hubble space telescope; us, united states."""
    letters = "".join(short)
    if not 2 <= len(letters) <= 8 or len(long) < 2 or len(short) > 2 or not letters.isalpha():
        return False
    if letters == "".join(word[:1] for word in long):
        return True
    full = [word for word in long if word not in EMPTY]
    return len(full) > 1 and letters == "".join(word[:1] for word in full)


def is_misspelling(a: str, b: str) -> bool:
    """Tell whether one of two words is a slip for the other: they differ in few letters, and at most one is a known word.

    Two known words are two words however similar they look: hyper and hypo, Zambia and Gambia.
    """
    shorter, longer = sorted((len(a), len(b)))
    if shorter < 4 or longer - shorter > 3:
        return False
    known = is_word(a) + is_word(b)
    if known == 2 or a.isdigit() or b.isdigit():
        return False
    digits = _has_digit(a) + _has_digit(b)
    if digits == 2 or (digits and known == 0):
        return False  # names of genes, strains and models differ in their digits
    limit = 1 if longer < 8 else 2 if longer < 12 else 3
    if known == 0:
        limit = min(limit, 1 if longer < 10 else 2)
    elif digits:
        limit += 1  # a99essment: a machine's reading
    return OSA.distance(a, b, score_cutoff=limit) <= limit


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(letter.isdigit() for letter in word)


_RUN_TOGETHER = 0.9


def _run_together(a: list[str], b: list[str]) -> bool:
    """Tell whether two groups of words have the same letters but for blanks and a slip, and one group is not all known words."""
    if len(a) == len(b):
        return False
    one, two = "".join(a), "".join(b)
    if min(len(one), len(two)) < 10 or Indel.normalized_similarity(one, two) < _RUN_TOGETHER:
        return False
    fewer = a if len(a) < len(b) else b
    return not all(map(is_word, fewer))


def _without_moved(groups: list[Block]) -> tuple[list[Block], bool]:
    """Remove the words that both titles have, at different places; return the other groups, and whether any was removed."""
    theirs = [word for _, b in groups for word in b]
    common = [word for a, _ in groups for word in a if word in theirs] if len(groups) > 1 else []
    if not common:
        return [group for group in groups if group[0] or group[1]], False
    for side in (0, 1):
        remaining = list(common)
        for group in groups:
            kept = []
            for word in group[side]:
                if word in remaining:
                    remaining.remove(word)
                else:
                    kept.append(word)
            group[side][:] = kept
    return [group for group in groups if group[0] or group[1]], True
