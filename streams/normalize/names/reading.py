"""Reader of author names: a person becomes `family|given`, a group `*name`, an author who is not known `""`."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from streams.normalize.names.degrees import is_degree, without_degrees, without_marks
from streams.normalize.text import fold_words, normalize, plain, word_set
from streams.records.record import Author

__all__ = ["GIVEN", "author_key", "is_group", "split_names", "umlauts_folded"]

_PARTICLES = word_set(
    "van von der den de del della di da dos das du la le ter ten te zu zum zur al el bin ibn af av vom het op do e y 't d "
    "st saint san santa mac mc o v vd vander vanden vande"
)
# Suffixes and degrees that no name is made of, whatever its case; all others need their dots, capitals or comma.
_SUFFIXES = word_set(
    "jr sr ii iii iv 2 3 4 phd md msc bsc dr prof frcp mph esq dphil professor sir rn facs ms mbbs mbchb mbbch bmbs frcs frcpc "
    "frcsc frcpath frcpsych frcog mrcp mrcs mrcpch mrcog facc facp fesc faha fracp fracs dds dmd bds mds pharmd psyd edd dsc"
)
_DBLP_SUFFIX = re.compile(r"\s+\d{4}$")  # DBLP tells namesakes apart: "Wei Li 0001"
_ET_AL = re.compile(r"\bet\.?\s+al\b\.?.*$|\band others\b.*$", re.IGNORECASE)
_BRACKETED = re.compile(r"[\[(][^\])]*[\])]?")
_GROUP_WORDS = word_set(
    "collaboration collaborations consortium group team committee investigator investigators network society association "
    "council project study department agency ministry foundation center centre initiative working task force commission academy "
    "federation alliance bureau office inc ltd gmbh corporation press editor editors college program programme trial trialists "
    "repository library museum service board union organisation organization"
)
_GROUP_STEM = re.compile(r"(?:^|[\s,])(?:universit|institut|laborator)")
_UPPER_INITIALS = re.compile(r"^[A-Z]{1,3}$")
_NO_VOWEL = re.compile(r"^[B-DF-HJ-NP-TV-XZ]{3}$")
_SPLIT_INITIALS = re.compile(r"(?<=[^\W\d_])\.")
_TITLES = frozenset(
    (
        "Dr ",
        "Dr.",
        "DR ",
        "DR.",
        "Pro",
        "PRO",
        "Mr ",
        "Mr.",
        "Mrs",
        "Ms ",
        "Ms.",
        "Mx ",
        "Mx.",
        "Sir",
        "Dam",
        "Rev",
        "Ass",
        "Pri",
    )
)
_OF_NAMES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,'-"
_MARK = re.compile(r"[\d*†‡§¶‖#^|✉⁎∗]")
# Initials glued to the name before them: SmithJ., SmithJA.
_GLUED = re.compile(r"([A-Z][a-z'\u2019-]{2,})((?:[A-Z]\.?){1,3})")

GIVEN = 5
"""The letters of a given name that `Features` keep; two given names with the same first letters count as one."""

_SEPARATOR = re.compile(r"\s+and\s+|\s*;\s*|\s+&\s+")


def split_names(name: str) -> list[str]:
    """Return the names in one author field.

    Most fields hold one; "A. Smith and B. Jones" and "A. Smith; B. Jones" hold two.
    """
    if " and " not in name and ";" not in name and " & " not in name and "," not in name:
        return [name]
    if "&" in name and ";" in name:
        name = html.unescape(html.unescape(name))
    if is_group(name):
        return [name]
    parts = [part for part in _SEPARATOR.split(name) if part.strip()]
    if len(parts) == 1 and "," in name:
        name = without_degrees(name)
        if "," not in name:
            return [name]
        parts = [name]
    if len(parts) == 1 and name.count(",") == 1:
        # "Clare Dixon, Kerstin Eder" are two: neither side of the comma is a family name alone
        left, _, right = name.partition(",")
        full = all(sum(1 for word in side.split() if len(word.strip(".")) > 1) > 1 for side in (left, right))
        return [left, right] if full and left.split()[0].lower() not in _PARTICLES else [name]
    if name.count(",") > 1 and len(parts) == 1:
        pieces = [piece.strip() for piece in name.split(",") if piece.strip()]
        if all(" " in piece for piece in pieces):
            return pieces
    return parts


def is_group(name: str) -> bool:
    """Tell whether a name is that of a collaboration or an institution."""
    lower = name.lower()
    if not _GROUP_WORDS.isdisjoint(lower.replace(",", " ").split()):
        return True
    if "universit" in lower or "institut" in lower or "laborator" in lower:
        return _GROUP_STEM.search(lower) is not None
    return False


def _key(name: str, family: str, given: str) -> str:
    if family:
        return _join(family, given)
    name = _without_et_al(_without_number(name.strip()))
    if "(" in name or "[" in name:
        name = _BRACKETED.sub(" ", name)
    if (not name.isascii() or name.encode().translate(None, _OF_NAMES)) and _MARK.search(name):
        name = without_marks(name)
    if "," in name or name[:3] in _TITLES:
        name = without_degrees(name)
    if "," in name:
        family, _, given = name.partition(",")
        return _join(family, given.partition(",")[0])
    words = (_SPLIT_INITIALS.sub(". ", name) if "." in name else name).split()
    if len(words) > 1 and words[-1].strip(".").lower() in _SUFFIXES:
        words = _without_degrees_behind(words)
    if len(words) == 1 and (glued := _GLUED.fullmatch(name.replace(" ", ""))):
        return _join(glued[1], glued[2])
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


def _without_number(name: str) -> str:
    return _DBLP_SUFFIX.sub("", name) if name[-1:].isdecimal() else name


def _without_et_al(name: str) -> str:
    if name.isascii():
        # Most names have none of these letters, and this takes a fifth of the time of the pattern.
        lower = name.lower()
        if "others" not in lower and not ("al" in lower and "et" in lower):
            return name
    return _ET_AL.sub("", name)


def _without_degrees_behind(words: list[str]) -> list[str]:
    """Return the words of a name without suffixes and degrees at its end; behind one of them, MD is one too."""
    end = len(words)
    while end > 1:
        word = words[end - 1].strip(".")
        is_clear = word.lower() in _SUFFIXES and not _UPPER_INITIALS.match(word)
        if not is_clear and not (end < len(words) and end > 2 and is_degree(word)):
            break
        end -= 1
    return words[:end]


def _fold_name(text: str) -> str:
    return text.lower() if text.isascii() and text.isalpha() else fold_words(text)


def _join(family: str, given: str) -> str:
    if "," in family:  # a source's own field for the family name: "Smith, MD"
        family = without_degrees(family).partition(",")[0]
    family_words = [word for word in _fold_name(family).split() if word not in _SUFFIXES]
    kept = [word for word in family_words if word not in _PARTICLES] or family_words
    given_clean = given.strip().replace(".", "")
    if (
        len(given_clean) < 4
        and _UPPER_INITIALS.match(given_clean)
        and (not family.isupper() or len(given_clean) < 3 or _NO_VOWEL.match(given_clean))
    ):
        given_words = list(given_clean.lower())  # "AB", "A.B."
    else:
        given_words = [
            w
            for w in _fold_name(_SPLIT_INITIALS.sub(" ", given) if "." in given else given).split()
            if w not in _SUFFIXES or len(w) == 1
        ]
        while len(given_words) > 1 and len(given_words[-1]) > 1 and given_words[-1] in _PARTICLES:
            given_words.pop()  # "Oord, Aaron van den"; but Van Hoang Nguyen keeps his Van
    family_key = "".join(kept)
    if not family_key.isalpha():  # the mark of a footnote: Smith1
        family_key = family_key.rstrip("0123456789") or family_key
    if not family_key:
        return "|".join((given_words[-1], " ".join(given_words[:-1]))) if given_words else ""
    if len(family_key) == 5:
        if "e" in family_key or "aa" in family_key:
            family_key = _short_umlauts(family_key)
    elif len(family_key) < 4 and not family.isascii():
        family_key = _fold_name(family.translate(_UMLAUTS)).replace(" ", "")
    return f"{family_key}|{' '.join(given_words)}"


_SPELLED_OUT = re.compile(
    r"(?<![aeiou])([ao])e(?=[b-df-hj-np-tv-xz])|(?<![aeiougq])(u)e(?=[b-df-hj-np-tv-xz])|(?<!a)(a)a(?=[b-df-hj-np-tv-z])"
)
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)


def umlauts_folded(family: str) -> str:
    """Return a family name with `ue` for ü, `oe` for ö or ø, `ae` for ä, `aa` for å read as the letter alone.

    Between consonants only: Kuehn is Kühn, but Bauer, Xue and Joe are themselves.
    """
    return _SPELLED_OUT.sub(r"\1\2\3", family)


def _short_umlauts(key: str) -> str:
    """Return a family name of five letters without the `e` of an umlaut: Kuehn is Kühn and Kuhn.

    In long names an extra `e` is one typing error, which comparison forgives; in short ones it is another name. In the
    shortest, where Yuen is not Yun, an umlaut is spelled out instead: Bär is Baer.
    """
    folded = umlauts_folded(key)
    return folded if len(folded) == 4 else key


# Phrases that forms, tables and catalogues write for an author who is not known.
_UNKNOWN_AUTHOR_PHRASES = (
    "na", "n a", "na na", "nan", "none", "null", "nil", "undefined", "missing", "unav", "unkn", "unac", "unal", "unap", "unas",
    "tba", "tbd", "anonymous", "anon", "anonym", "anonyme", "anonymus", "anonimo", "unknown", "unbekannt", "inconnu",
    "desconocido", "sconosciuto", "s n", "sine nomine", "author unknown", "unknown author", "unknown authors",
    "anonymous author", "anonymous authors", "no author", "no authors", "no author name", "no author given", "no author listed",
    "no author listed", "no author available", "no author name available", "no authors listed", "authors not listed",
    "author not listed", "author not available", "authors not available", "name not available", "not available",
    "not provided", "not given", "not stated", "not specified", "not applicable", "not known", "no name", "no name given",
    "no authorship indicated", "no authorship", "without author", "sin autor", "ohne autor", "auteur inconnu", "autor desconocido",
    "et al", "others", "and others", "other", "various", "various authors", "multiple authors", "author", "authors",
    "author author",
)  # fmt: skip


def _unknown_author_keys() -> frozenset[str]:
    """Return the keys that the phrases for an unknown author have, in each order in which names are written."""
    forms = {""}
    for phrase in _UNKNOWN_AUTHOR_PHRASES:
        words = phrase.split()
        forms |= {phrase, phrase.replace(" ", ""), f"{words[-1]} {' '.join(words[:-1])}".strip(), f"{phrase} {phrase}"}
        forms |= {f"{''.join(words[:at])} {' '.join(words[at:])}" for at in range(1, len(words))}
    return frozenset(forms)


_UNKNOWN_AUTHOR = _unknown_author_keys()


def author_key(author: Author) -> str:
    """Return an author as `family|given`, `*name` for an organization, `""` for an unknown one ("Anonymous", "et al.")."""
    key = "" if author.organization else _plain_key(author)
    return key or key_by_rules(author)


def _plain_key(author: Author) -> str:
    """Return the key of a name of ASCII letters and full stops to which no rule applies, as most are; `""` where one may."""
    name, family, given = author.name, author.family, author.given
    is_split = bool(family)
    if not is_split:
        given, _, family = name.rpartition(" ")
    elif name not in (f"{family}, {given}", f"{given} {family}"):
        return ""
    if not (family.isalpha() and family.isascii() and given.isascii()) or (family.isupper() and len(family) < 4):
        return ""
    letters = given.replace(".", "").strip()
    if not letters.replace(" ", "").isalpha() or given[0] == "." or " ." in given or ".." in given:
        return ""
    key = family.lower()
    words = given.replace(".", " ").lower().split()
    if len(letters) < 4 and letters.isalpha() and letters.isupper() and len(words) != len(letters):
        return ""
    if key in _OF_RULES or not _OF_RULES.isdisjoint(words) or _is_of_institution(name):
        return ""
    # With the family name apart, a particle may be only the last of several given names.
    if len(words) > 1 and not _PARTICLES.isdisjoint(words[-1:] if is_split else words[1:]):
        return ""
    if not is_split and name.lstrip()[:3] in _TITLES:
        return ""
    if len(key) == 5 and ("e" in key or "aa" in key):
        key = _short_umlauts(key)
    flat = f"{key} {' '.join(words)}"
    return "" if flat in _UNKNOWN_AUTHOR or flat.startswith("anonymous ") else f"{key}|{flat[len(key) + 1 :]}"


def _is_of_institution(name: str) -> bool:
    lower = name.lower()
    return "universit" in lower or "institut" in lower or "laborator" in lower


# Words of names that some rule is about, but for particles.
_OF_RULES = _GROUP_WORDS | {word for word in _SUFFIXES if len(word) > 1} | {"et", "others"}


def key_by_rules(author: Author) -> str:
    """Return the key of an author by all rules: the result of `author_key` for any author, in more time."""
    name = author.name or f"{author.given} {author.family}".strip()
    if "&" in name or "\\" in name or "<" in name:
        author = Author(plain(name), plain(author.family), plain(author.given), organization=author.organization)
        name = author.name
    if author.organization or (" " in name and is_group(name)):
        words = normalize(name)
        return f"*{words}" if words and words not in _UNKNOWN_AUTHOR else ""
    return _person(author.name, author.family, author.given)


@lru_cache(maxsize=16384)
def _person(name: str, family: str, given: str) -> str:
    key = _key(name, family, given)
    flat = key.replace("|", " ").strip()
    return "" if flat in _UNKNOWN_AUTHOR or flat.isdigit() or flat.startswith("anonymous ") else key
