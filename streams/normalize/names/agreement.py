"""Agreement of author names: whether two may be one person's, and how many names two author lists have in common.

Names are keys of `streams.normalize.names.reading`. Which word is the family name is often not known ("Wang Ke", "Ke Wang"), so
both orders are tried; given names may be initials, spelled in another way, or missing.
"""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from streams.normalize.names.reading import GIVEN, umlauts_folded

__all__ = ["Agreement", "agreement", "family_in_common", "initials_in_common", "same_person"]


class Agreement(NamedTuple):
    """The agreement of two author lists: how many names pair up, and how long the lists are."""

    matched: int
    shorter: int
    longer: int


def family_in_common(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Tell whether two lists share a family name of five letters or more, whatever the given names are."""
    families = {key.partition("|")[0] for key in a}
    return any(len(family) > 4 and family in families for family in (key.partition("|")[0] for key in b))


def initials_in_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Count the names that agree in both initials alone: `agarwal|s` and `sameet|a`.

    One such name is weak evidence, several are strong.
    """
    free = [_initials(name) for name in b]
    matched = 0
    for name in a:
        initials = _initials(name)
        if len(initials) > 1 and initials in free:
            free.remove(initials)
            matched += 1
    return matched


def _initials(name: str) -> str:
    family, _, given = name.partition("|")
    return "".join(sorted(family[:1] + given[:1]))


# Initials that are degrees: "John Smith, MA" read as a family name of two words.
_DEGREES = frozenset(
    ("m d", "m a", "m s", "b a", "b s", "d o", "r n", "j d", "m b", "p t", "r d", "n p", "o d", "d c", "m p h", "m b a")
)
# Particles as they are fused with a name, and the shortest name they are taken off from: Lewin is no Win.
_FUSED = {
    **dict.fromkeys(("van", "von", "vander", "vanden", "vande", "vonder", "del", "dela", "della", "mac", "mc"), 3),
    **dict.fromkeys(("ben", "dos", "das"), 3),
    **dict.fromkeys(("de", "di", "da", "du", "la", "le", "el", "al", "ter", "ten", "o", "d", "st", "san"), 4),
}


def same_person(a: str, b: str) -> bool:
    """Tell whether two `family|given` keys may be one person: names agree in either order, initials count as names."""
    if a == b:
        return True
    family_a, _, given_a = a.partition("|")
    family_b, _, given_b = b.partition("|")
    if not family_a or not family_b:
        return False
    if _same_family(family_a, family_b):
        return _compatible(given_a, given_b) or _with_degree(family_a, given_a, family_b, given_b)
    # The family name of one among the given names of the other, or a name of one word: else no order fits.
    if not given_a or not given_b or family_a[:GIVEN] in given_b or family_b[:GIVEN] in given_a:
        return _swapped(family_a, given_a, family_b, given_b) or _reordered(family_a, given_a, family_b, given_b)
    joined_a, joined_b = given_a.replace(" ", "")[:GIVEN], given_b.replace(" ", "")[:GIVEN]
    if family_a[:GIVEN] == joined_b and family_b[:GIVEN] == joined_a:
        return True
    # Most pairs of names end here: neither family name ends in the other, and they are not both short.
    both_short = len(family_a) < _SHORT_FAMILY and len(family_b) < _SHORT_FAMILY
    if not (both_short or family_a.endswith(family_b) or family_b.endswith(family_a)):
        return False
    return _partly_read(family_a, given_a, family_b, given_b)


_SHORT_FAMILY = 5  # letters; below, an umlaut spelled out is a fifth of the name


def _same_family(a: str, b: str) -> bool:
    if a == b:
        return True
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if long.endswith(short) and len(short) >= _FUSED.get(long[: -len(short)], 99):
        return True
    if len(short) < 5:  # Li, Wu, Do: too short to allow a typing error
        return False
    if a[0] != b[0]:
        return long.endswith(short)  # double names: one half left out
    if long.startswith(short):
        return True
    limit = 1 if len(short) < 8 else 2
    return DamerauLevenshtein.distance(a, b, score_cutoff=limit) <= limit


def _with_degree(family_a: str, given_a: str, family_b: str, given_b: str) -> bool:
    """Tell whether one name has a degree read as initials: `johnsmith|m d` is `smith|john`."""
    for family, given, other, others in (
        (family_a, given_a, family_b, given_b),
        (family_b, given_b, family_a, given_a),
    ):
        if given in _DEGREES and others and family.endswith(other):
            before, first = family[: -len(other)], others.partition(" ")[0]
            if before and (before.startswith(first) if len(first) < GIVEN else before[:GIVEN] == first):
                return True
    return False


def _reordered(family_a: str, given_a: str, family_b: str, given_b: str) -> bool:
    """Tell whether one name has the family name first and a given name of two words or syllables.

    `ming|zhang wei` is `zhang|weiming` and `zhang|wei m`.
    """
    for family, given, other, others in (
        (family_a, given_a, family_b, given_b),
        (family_b, given_b, family_a, given_a),
    ):
        first, _, rest = given.partition(" ")
        if first != other[:GIVEN] or not others:
            continue
        joined = others.replace(" ", "")
        if rest and joined[0] == rest[0] and any(family.startswith(joined[at:]) for at in range(1, len(joined))):
            return True
        # weiming|zhang against zhang|wei m
        if not rest and " " in others and len(joined) > 2 and family.startswith(joined):
            return True
    return False


def _partly_read(family_a: str, given_a: str, family_b: str, given_b: str) -> bool:
    """Tell whether one of two names was read with too much in the family name, or has an umlaut spelled out."""
    if _with_degree(family_a, given_a, family_b, given_b):
        return True
    for family, given, other, others in (
        (family_a, given_a, family_b, given_b),
        (family_b, given_b, family_a, given_a),
    ):
        if len(family) > len(other) and family.endswith(other):
            before, middle = family[: -len(other)], others.partition(" ")[2]
            # `pazgil|a` and `gil|ana p`
            if middle and len(before) > 2 and before[0] == middle.rpartition(" ")[2][0] and _compatible(given, others):
                return True
    if len(family_a) < _SHORT_FAMILY and len(family_b) < _SHORT_FAMILY and len(family_a) != len(family_b):
        # Bär and Baer, where the given names are whole
        first_a, first_b = given_a.partition(" ")[0], given_b.partition(" ")[0]
        if len(first_a) > 2 and first_a[:3] == first_b[:3]:
            return umlauts_folded(family_a) == umlauts_folded(family_b)
    return False


def _compatible(a: str, b: str) -> bool:
    if not a or not b:
        return True
    if a[0] == b[0]:
        first_a, first_b = a.split(" ", 1)[0], b.split(" ", 1)[0]
        if len(first_a) == 1 or len(first_b) == 1 or first_a[:3] == first_b[:3]:
            return True
        # Short forms and spellings: Dan, Daniel; Sergei, Sergey; Jiaming against Jia Ming.
        return DamerauLevenshtein.normalized_similarity(first_a, first_b) >= 0.5
    initials_a = {word[0] for word in a.split()}
    return b[0] in initials_a or a[0] in {word[0] for word in b.split()}


def _swapped(family_a: str, given_a: str, family_b: str, given_b: str) -> bool:
    """Tell whether two names have family and given name in opposite order: `wang|ke`, `ke|wang`; `keller|j`, `johannes|keller`."""
    if not given_a or not given_b:
        # One side is a single word: it may stand for either part of the other.
        return bool(family_a) and bool(family_b) and (given_a.replace(" ", "") + family_a == given_b.replace(" ", "") + family_b
               or family_a + given_a.replace(" ", "") == given_b.replace(" ", "") + family_b
               or family_b + given_b.replace(" ", "") == given_a.replace(" ", "") + family_a)  # fmt: skip
    words_a, words_b = given_a.split(" "), given_b.split(" ")
    # Given names are kept to their first letters (GIVEN), so a family name is looked for by as many.
    if family_a[:GIVEN] in words_b and (family_b[:GIVEN] in words_a or family_b[0] in words_a):
        return True
    if family_b[:GIVEN] in words_a and family_a[0] in words_b:
        return True
    return family_a[:GIVEN] == given_b.replace(" ", "")[:GIVEN] and family_b[:GIVEN] == given_a.replace(" ", "")[:GIVEN]


def agreement(a: tuple[str, ...], b: tuple[str, ...]) -> Agreement:
    """Count how many authors of two lists pair up one to one, in any order."""
    if len(a) > len(b) or (len(a) == len(b) and a > b):
        a, b = b, a
    if a == b:
        return Agreement(len(a), len(a), len(b))
    left = [key for key in a if key not in b]
    matched = len(a) - len(left)
    if left:
        free = [key for key in b if key not in a]
        for key in left:
            for i, other in enumerate(free):
                if same_person(key, other):
                    matched += 1
                    del free[i]
                    break
    return Agreement(matched, len(a), len(b))
