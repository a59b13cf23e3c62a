r"""The words by which a title announces that its work is about another work: a table of rules.

A rule says where its words stand: at the `start` of the title (`Erratum to: ...`), at its `end` behind a mark (`...: Rejoinder`),
or in the `brackets` at its end (`... (Erratum)`). Many of the words also begin or end ordinary titles (correction, response,
discussion), so at the start a rule asks for more than its words:

- `links`: prepositions that are enough (`Comment on ...`); `*`: the words alone are enough (`Erratum ...`);
- else a mark (`Correction: ...`), or any preposition with evidence of a title behind it: a quotation mark, a colon,
  `the article`, names (`for Okafor et al., ...`), another announcement (`Response to comment on ...`).

`streams.matching.announcements` reads titles by this table; titles come with straight quotation marks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ANY_LINK", "STEPPED_OVER", "Announcement", "bracket", "bracketed", "end", "form", "last", "start", "tail"]


class Announcement(NamedTuple):
    """A form of words by which a title says that its work is about another.

    - `kind`: the relation to the other work.
    - `place`: `start`, `end` or `brackets`.
    - `words`: the first words (`start`) or last words (`end`) of the form; a title without one of them is not tried.
    - `pattern`: the form, with the groups `nth`, `number`, `by`, `link` and `mark` where they matter.
    - `links`: the prepositions that need no further evidence.
    - `name`: what tells several notices about one work apart, as their number does.
    - `example`, `source`: a title of the form, and where it is used.
    """

    kind: str
    place: str
    words: frozenset[str]
    pattern: re.Pattern[str]
    links: frozenset[str]
    name: str
    example: str
    source: str


ANY_LINK = "*"
_LINKS = (
    "to for of on in upon from re regarding about concerning over zu zum zur auf à au aux sur a al ao de del du do da di "
    "sobre su til till к на для"
)
_LINK = rf"(?P<link>{'|'.join(sorted(_LINKS.split(), key=len, reverse=True))})\b"
_THE = (
    r"(?P<the>(?:\s*\b(?:the|el|la|le|il|der|den|das|dem)\b|\s*l')?\s*\b(?:original )?(?:article|paper|manuscript|chapter|"
    r"publication|art[ií]culo|artigo|beitrag|artikel|articolo|статье)\b(?: (?:titled|entitled|by (?=[\"'])))?)?"
)
_BY_WHOM = r"(?:\s+(?:by|from)\s+(?-i:[A-Z])[^:\"]{1,60}?(?=\s+(?:on|regarding|re|about|concerning)\b|\s*[:,]))?"
_MARK = r"(?P<mark>\s*(?::|—|\.(?=\s)|,(?=\s*[\"'])|\s[-–]+(?=\s))|(?=\s*[\"\[]|\s+'))?"
_COUNT = r"(?:(?P<nth>first|second|third|fourth|fifth|1st|2nd|3rd|[4-9]th|zweites?|deuxième|segunda?o?)\s+)?"
_NUMBER = r"(?:\s*\(?\s*(?:no\.?\s*|number\s+|#\s*)?(?P<number>\d{1,2}|(?-i:I{1,3}|IV|VI{0,3}|IX|X))\s*\)?(?=\W|$))?"
# Who is said to make "some remarks" or "critical comments" more often writes a work of its own.
_BEFORE = (
    r"(?:(?:an?|the|another|invited|expert|guest|final|joint|partial|interim|recent|"
    r"(?P<vague>some|further|brief|short|additional|new|critical))\s+)*"
)
_WHO = r"(?:(?P<by>in|author|publisher|editor|editorial|reader|reviewer|article)(?:'?s'?|s)?'?\s+)*"
_CODE = {"'": "'?", " ": r"[\s_-]+", "(s)": "s?", "(es)": "(?:es)?"}


def _phrase(text: str) -> str:
    """The pattern of a phrase: apostrophes may be missing, `(s)` is an ending that may be missing."""
    return re.sub(r"\(e?s\)|[' ]|[^' (]+", lambda m: _CODE.get(m[0]) or re.escape(m[0]), text)


def _one_of(phrases: str) -> str:
    return "(?:" + "|".join(_phrase(text) for text in sorted(_split(phrases), key=len, reverse=True)) + ")"


def _split(phrases: str) -> list[str]:
    return [text.strip() for text in phrases.split(",")]


def _words(phrases: str, at: int) -> set[str]:
    """The first or last words of phrases, with and without what may be missing."""
    found = set()
    for text in _split(phrases):
        word = text.split(" ")[at]
        stem = re.sub(r"\(e?s\)", "", word)
        found |= {stem, word.replace("(", "").replace(")", "")}
    return {part for word in found for part in (word.replace("'", ""), word.partition("'")[0]) if part}


STEPPED_OVER = frozenset(
    "a an the some further brief short additional another new critical invited expert guest final joint partial interim first "
    "second third fourth fifth st nd rd th zweite zweites deuxième segundo segunda in author authors publisher publishers "
    "editor editors editorial reader readers reviewer reviewers article recent s".split()
)
"""Words that may stand before the words of a rule at the start."""


# What stands between a title and what is announced at its end. No hyphen inside a word: "dose-response", "error-correction".
_BEHIND = r"(?:\s*(?::|[?!.](?=\s)|—|\s[-–]+(?=\s))+\s*|(?<=\S)\"\s*[:,.]?\s+)"


def start(kind: str, phrases: str, example: str, source: str, links: str = "", name: str = "") -> Announcement:
    pattern = rf"^\W*{_BEFORE}{_COUNT}{_WHO}{_one_of(phrases)}(?!\w){_NUMBER}{_BY_WHOM}(?:\s*{_LINK}{_THE})?{_MARK}"
    words = frozenset(_words(phrases, 0))
    return Announcement(kind, "start", words, _compile(pattern), frozenset(links.split()), name, example, source)


def form(kind: str, words: str, pattern: str, example: str, source: str, name: str = "") -> Announcement:
    """A form at the start that phrases cannot say: all that `pattern` matches is the announcement."""
    return Announcement(
        kind, "start", frozenset(words.split()), _compile(rf"^\W*(?:{pattern})"), frozenset(ANY_LINK), name, example, source
    )


def end(kind: str, phrases: str, example: str, source: str, name: str = "") -> Announcement:
    pattern = rf"{_BEHIND}{_BEFORE}{_WHO}{_one_of(phrases)}{_NUMBER}[\s.\")]*$"
    words = frozenset(_words(phrases, -1))
    return Announcement(kind, "end", words, _compile(pattern), frozenset(ANY_LINK), name, example, source)


def tail(kind: str, words: str, pattern: str, example: str, source: str, name: str = "") -> Announcement:
    """A form at the end that phrases cannot say."""
    pattern = rf"{_BEHIND}(?:{pattern})[\s.\")]*$"
    return Announcement(kind, "end", frozenset(words.split()), _compile(pattern), frozenset(ANY_LINK), name, example, source)


def last(kind: str, words: str, pattern: str, example: str, source: str) -> Announcement:
    """Words at the end that need no mark before them."""
    return Announcement(
        kind, "end", frozenset(words.split()), _compile(rf"{pattern}[\s.]*$"), frozenset(ANY_LINK), "", example, source
    )


def bracket(kind: str, phrases: str, example: str, source: str, marks: str = r"[\[(]", name: str = "") -> Announcement:
    pattern = rf"{marks}\s*{_BEFORE}{_COUNT}{_WHO}{_one_of(phrases)}{_NUMBER}(?:,? (?:19|20)\d\d)?\s*[\])]$"
    words = frozenset(_words(phrases, 0))
    return Announcement(kind, "brackets", words, _compile(pattern), frozenset(ANY_LINK), name, example, source)


def bracketed(kind: str, words: str, pattern: str, example: str, source: str, name: str = "") -> Announcement:
    """A form in brackets that phrases cannot say."""
    return Announcement(
        kind, "brackets", frozenset(words.split()), _compile(rf"(?:{pattern})$"), frozenset(ANY_LINK), name, example, source
    )


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
