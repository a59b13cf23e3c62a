"""Stop titles: titles that many works share, so that the title alone says nothing.

A stop title never makes two records the same by itself, and is a blocking key only together with author, year or place. Some are
listed word for word (`stop_titles.txt`). Most consist of words for the parts of a journal or a book and the people who
make it (`Notes from the editor`, `Author index to volume 12`), or have such words around a name: the words and forms of
`stop_titles.toml`. A letter or two miswritten, a lost apostrophe (`editor s notes`), a number before the title, or a volume
or a date behind it make no difference.
Sources: fuzzycat, bib-dedupe, dissemin, OpenAIRE blacklists, OpenAlex (paratext).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from streams.matching.rule_files import joined_pattern, joined_text, read_rules, read_titles
from streams.normalize.text import word_set

__all__ = ["FORMS", "Form", "is_stop_title"]


class Form(NamedTuple):
    """A form of recurring titles: its meaning, words of which one begins or ends such a title, its pattern, an example."""

    meaning: str
    words: str
    pattern: str
    example: str


_RULES = read_rules("stop_titles.toml")
_WORDS = {name: word_set(joined_text(text)) for name, text in _RULES["words"].items()}
_COMMON = _WORDS["people"] | _WORDS["pieces"] | _WORDS["matter"] | _WORDS["other_languages"]
_ALLOWED = _COMMON | _WORDS["qualifying"] | _WORDS["between"] | _WORDS["between_in_other_languages"]
_LETTERED = _WORDS["before_a_letter"]
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall|winter"
_MONTHS = frozenset(_MONTH.split("|"))


FORMS: tuple[Form, ...] = tuple(
    Form(row["meaning"], joined_text(row["words"]), joined_pattern(row["pattern"]), row["example"])
    for row in _RULES["form"]
)
"""All forms, read from `stop_titles.toml`."""

_ABBREVIATED_S = re.compile(r"(?<=[a-z]) s\b")


def _canonical(normal: str) -> str:
    """Return words without the blank a lost apostrophe leaves: `editors notes` for `editor s notes`."""
    if " s " not in normal and normal[-2:] != " s" and (" s" not in normal or normal.replace(" ", "").isalnum()):
        return normal
    return _ABBREVIATED_S.sub("s", normal)


_EXACT = frozenset(_canonical(title) for title in read_titles("stop_titles.txt"))


def _by_word() -> dict[str, tuple[re.Pattern[str], ...]]:
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for form in FORMS:
        pattern = re.compile(rf"(?:{form.pattern})$")
        for word in form.words.split():
            found[word] = (*found.get(word, ()), pattern)
    return found


_FORMS = _by_word()
_LONGEST = 160
_PLACE_BEHIND = re.compile(
    rf" (?:(?:volume|vol|issue|iss|number|no|heft|nr|band|year|{_MONTH}|\d{{1,4}}|[a-z]) )*(?:\d{{1,4}}|{_MONTH})$"
)


def is_stop_title(normal: str) -> bool:
    """Tell whether a title in normal form is one that many works share, such as `editorial`."""
    if len(normal) > _LONGEST:
        return False
    words = _canonical(normal)
    if words in _EXACT:
        return True
    each = words.split(" ")
    first, last = each[0], each[-1]
    if (first in _ALLOWED or first.isdigit()) and len(each) < _MOST_COMMON_WORDS and _are_common(each):
        return True
    if (first in _FORMS or last in _FORMS) and _has_form(words, first, last):
        return True
    if len(words) > _LONGEST_EXACT:
        return False
    ends_in_digit = last[-1:].isdigit()
    may_have_place = ends_in_digit or last in _MONTHS or len(first) == 1 or first.isdigit()
    return (may_have_place and _is_stop_with_place(words)) or (not ends_in_digit and _is_slip("".join(each)))


def _has_form(words: str, first: str, last: str) -> bool:
    return any(pattern.match(words) for word in (first, last) for pattern in _FORMS.get(word, ()))


_MOST_COMMON_WORDS = 12


def _are_common(words: list[str]) -> bool:
    """Tell whether all words name parts of a journal, and at least one is more than a small or qualifying word."""
    common = False
    before = ""
    for word in words:
        if word in _COMMON:
            common = True
        elif (
            word not in _ALLOWED
            and not word.isdigit()
            and word not in _MONTHS
            and not (len(word) == 1 and before in _LETTERED)
        ):
            return False
        before = word if len(word) > 1 else ""
    return common


def _is_stop_with_place(words: str) -> bool:
    """Tell whether words are a stop title with a number before it, or a volume, a month or a year behind it."""
    first, _, rest = words.partition(" ")
    if rest and (first.isdigit() or len(first) == 1) and rest in _EXACT:
        return True
    if words[-1:].isdigit() or words.rpartition(" ")[2] in _MONTHS:
        inner = _PLACE_BEHIND.sub("", words)
        return inner != words and inner in _EXACT
    return False


_ENDS = 5  # letters at either end by which a miswritten title is looked up
_SLIPS = 9  # letters for each that may be wrong
_LONGEST_EXACT = max(len(title) for title in _EXACT) + 12


def _by_ends() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for title in _EXACT:
        letters = title.replace(" ", "")
        if len(letters) >= _SLIPS:
            for part in {letters[:_ENDS], letters[-_ENDS:]}:
                found[part] = (*found.get(part, ()), letters)
    return found


_NEAR = _by_ends()


def _is_slip(letters: str) -> bool:
    """Tell whether the letters of a title, without blanks, are those of a stop title with a letter or two wrong."""
    near = _NEAR.get(letters[:_ENDS], ()) + _NEAR.get(letters[-_ENDS:], ())
    if not near or len(letters) < _SLIPS - 1:
        return False
    return any(
        abs(len(letters) - len(title)) < 3 and Levenshtein.distance(letters, title) <= len(title) // _SLIPS
        for title in near
    )
