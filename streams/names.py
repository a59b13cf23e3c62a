"""Author names in a form that can be compared, and the comparison of two author lists.

A name becomes `family|given`: lower case, accents folded, particles and suffixes dropped, given names as
words and initials. Which word is the family name is often not known ("Wang Ke", "Ke Wang"), so the
comparison tries both orders. Sources: bib-dedupe, fuzzycat, ADS, S2APLER, cometadata (see docs/matching.md).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from streams.records import Author
from streams.text import fold_words, normalize, plain, word_set

__all__ = [
    "GIVEN",
    "Agreement",
    "agreement",
    "author_key",
    "family_in_common",
    "initials_in_common",
    "is_group",
    "same_person",
    "split_names",
]

_PARTICLES = word_set(
    "van von der den de del della di da dos das du la le ter ten te zu zum zur al el bin ibn af av vom het op do e y 't d "
    "st saint san santa mac mc o"
)
_SUFFIXES = word_set("jr sr ii iii iv 2 3 4 phd md msc bsc dr prof frcp mph esq dphil professor sir rn facs ms")
_DBLP_SUFFIX = re.compile(r"\s+\d{4}$")  # DBLP tells namesakes apart: "Wei Li 0001"
_ET_AL = re.compile(r"\bet\.?\s+al\b\.?.*$|\band others\b.*$", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[(][^\])]*[\])]?")
_NOBODY = frozenset(
    ("", "na", "n a", "anonymous", "anon", "unknown", "none", "null", "no author", "not available", "authors not listed",
     "no authorship indicated", "author unknown", "et al", "others", "and others", "various", "various authors", "na na",
     "no authors listed", "other")
)  # fmt: skip
_GROUP_WORDS = word_set(
    "collaboration collaborations consortium group team committee investigator investigators network society association "
    "council project study department agency ministry foundation center centre initiative working task force commission academy "
    "federation alliance bureau office inc ltd gmbh corporation press editor editors college program programme trial trialists "
    "repository library museum service board union organisation organization"
)
_GROUP_STEMS = ("universit", "institut", "laborator")
_UPPER_INITIALS = re.compile(r"^[A-Z]{1,3}$")
_SPLIT_INITIALS = re.compile(r"(?<=[^\W\d_])\.")


GIVEN = 5
"""So many letters of a given name are kept in `Features`; two given names alike so far are taken for one."""

_SEPARATOR = re.compile(r"\s+and\s+|\s*;\s*|\s+&\s+")


def split_names(name: str) -> list[str]:
    """The names in one author field: most hold one; "A. Smith and B. Jones", "A. Smith; B. Jones" hold two."""
    if " and " not in name and ";" not in name and " & " not in name and "," not in name:
        return [name]
    if is_group(name):
        return [name]
    parts = [part for part in _SEPARATOR.split(name) if part.strip()]
    if len(parts) == 1 and name.count(",") == 1:
        # "Clare Dixon, Kerstin Eder" are two: on neither side of the comma stands a family name alone
        left, _, right = name.partition(",")
        full = all(sum(1 for word in side.split() if len(word.strip(".")) > 1) > 1 for side in (left, right))
        return [left, right] if full and left.split()[0].lower() not in _PARTICLES else [name]
    if name.count(",") > 1 and len(parts) == 1:
        pieces = [piece.strip() for piece in name.split(",") if piece.strip()]
        if all(" " in piece for piece in pieces):
            return pieces
    return parts


def is_group(name: str) -> bool:
    """Whether a name is that of a collaboration or an institution."""
    words = name.lower().replace(",", " ").split()
    return not _GROUP_WORDS.isdisjoint(words) or any(word.startswith(_GROUP_STEMS) for word in words)


@lru_cache(maxsize=16384)
def _key(name: str, family: str, given: str) -> str:
    if family:
        return _join(family, given)
    name = _ET_AL.sub("", _DBLP_SUFFIX.sub("", name.strip()))
    if "(" in name or "[" in name:
        name = _BRACKETED.sub(" ", name)
    if "," in name:
        family, _, given = name.partition(",")
        head, _, tail = given.partition(",")  # "King, Martin Luther, Jr." and "King, Jr., Martin Luther"
        given = tail if head.strip(" .").lower() in _SUFFIXES else head
        return _join(family, given)
    words = _SPLIT_INITIALS.sub(". ", name).split()
    while (
        len(words) > 1 and words[-1].strip(".").lower() in _SUFFIXES and not _UPPER_INITIALS.match(words[-1].strip("."))
    ):
        words.pop()
    if len(words) > 1 and _UPPER_INITIALS.match(words[-1].replace(".", "")) and len(words[0].strip(".")) > 1:
        # "Adeli K.", "Lewis G. F.", "Smith AB": initials behind the family name
        first = next(i for i, word in enumerate(words) if i and _UPPER_INITIALS.match(word.replace(".", "")))
        return _join(" ".join(words[:first]), " ".join(words[first:]))
    if len(words) < 2:
        return _join(name, "")
    first = len(words) - 1
    while first > 1 and words[first - 1].strip(".").lower() in _PARTICLES:
        first -= 1
    return _join(" ".join(words[first:]), " ".join(words[:first]))


def _fold_name(text: str) -> str:
    return text.lower() if text.isascii() and text.isalpha() else fold_words(text)


def _join(family: str, given: str) -> str:
    family_words = [word for word in _fold_name(family).split() if word not in _SUFFIXES]
    kept = [word for word in family_words if word not in _PARTICLES] or family_words
    given_clean = given.strip()
    if _UPPER_INITIALS.match(given_clean.replace(".", "")) and not family.isupper():
        given_words = list(given_clean.replace(".", "").lower())  # "AB", "A.B."
    else:
        given_words = [
            w for w in _fold_name(_SPLIT_INITIALS.sub(" ", given)).split() if w not in _SUFFIXES or len(w) == 1
        ]
        while len(given_words) > 1 and len(given_words[-1]) > 1 and given_words[-1] in _PARTICLES:
            given_words.pop()  # "Oord, Aaron van den"; but Van Hoang Nguyen keeps his Van
    family_key = "".join(kept)
    if not family_key:
        return "|".join((given_words[-1], " ".join(given_words[:-1]))) if given_words else ""
    return f"{family_key}|{' '.join(given_words)}"


def author_key(author: Author) -> str:
    """An author as `family|given`, `""` for nobody ("Anonymous", "et al."), `*name` for an organization."""
    name = author.name or f"{author.given} {author.family}".strip()
    if "&" in name or "\\" in name or "<" in name:
        author = Author(plain(name), plain(author.family), plain(author.given), organization=author.organization)
        name = author.name
    if author.organization or (" " in name and is_group(name)):
        words = normalize(name)
        return f"*{words}" if words and words not in _NOBODY else ""
    key = _key(author.name, author.family, author.given)
    flat = key.replace("|", " ").strip()
    return "" if flat in _NOBODY or not flat or flat.isdigit() else key


class Agreement(NamedTuple):
    """How two author lists agree: how many names pair up, and how long the lists are."""

    matched: int
    shorter: int
    longer: int


def family_in_common(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two lists share a family name of five letters or more, whatever the given names say."""
    families = {key.partition("|")[0] for key in a}
    return any(len(family) > 4 and family in families for family in (key.partition("|")[0] for key in b))


def initials_in_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many names agree in both initials alone: `agarwal|s` and `sameet|a`. Little for one name, much for several."""
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


def same_person(a: str, b: str) -> bool:
    """Whether two `family|given` keys may be one person: names agree in either order, initials count as names."""
    if a == b:
        return True
    family_a, _, given_a = a.partition("|")
    family_b, _, given_b = b.partition("|")
    if not family_a or not family_b:
        return False
    if _same_family(family_a, family_b):
        return _compatible(given_a, given_b)
    # The family name of one among the given names of the other, or a name of one word: else no order fits.
    if not given_a or not given_b or family_a[:GIVEN] in given_b or family_b[:GIVEN] in given_a:
        return _swapped(family_a, given_a, family_b, given_b)
    joined_a, joined_b = given_a.replace(" ", "")[:GIVEN], given_b.replace(" ", "")[:GIVEN]
    return family_a[:GIVEN] == joined_b and family_b[:GIVEN] == joined_a


def _same_family(a: str, b: str) -> bool:
    if a == b:
        return True
    if len(a) < 5 or len(b) < 5:  # Li, Wu, Do: nothing to spare for a typing error
        return False
    if a[0] != b[0]:
        return a.endswith(b) or b.endswith(a)  # double names: one half left out
    if a.startswith(b) or b.startswith(a):
        return True
    limit = 1 if min(len(a), len(b)) < 8 else 2
    return DamerauLevenshtein.distance(a, b, score_cutoff=limit) <= limit


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
    """Family and given name in the other order: `wang|ke` and `ke|wang`, `keller|j` and `johannes|keller`."""
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
    """How many authors of two lists pair up one to one. Order does not count."""
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
