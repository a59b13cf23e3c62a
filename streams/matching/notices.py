"""Rules of `notices.toml`: the words by which a title announces that its work is about another work.

The `form` of a rule says where its words are in the title. Forms of phrases, `(s)` being an ending that may be missing:

- `start`: before the title (`Erratum to: ...`). Many of these words also begin ordinary titles (correction, response,
  discussion), so one of these must follow: a preposition among `links` (`Comment on ...`; with `*` the words alone are enough), a
  mark (`Correction: ...`), or any preposition with evidence of a title behind it: a quotation mark, a colon, `the article`, names
  (`for Okafor et al., ...`), another announcement (`Response to comment on ...`).
- `end`: behind the title and a mark (`...: Rejoinder`). A hyphen inside a word is no mark: "dose-response", "error-correction".
- `bracket`: in the brackets at the end (`... (Erratum)`), in those of `marks`.

Forms of a pattern, tried where the title has one of `words` as its first or last word: `form` (start), `tail` (end, behind a
mark), `last` (end), `bracketed`. `streams.matching.announcements` reads titles by these rules, their quotation marks made straight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from streams.matching.rule_files import joined_pattern, joined_text, read_rules
from streams.normalize.text import word_set

__all__ = ["ANY_LINK", "DERIVED", "STEPPED_OVER", "Announcement"]


class Announcement(NamedTuple):
    """A form of words by which a title says that its work is about another.

    - `kind`: the relation to the other work.
    - `place`: `start`, `end` or `brackets`.
    - `words`: the first words (`start`, `brackets`) or last words (`end`) of the form; a title without one of them is not tried.
    - `pattern`: the form, with the groups `nth`, `number`, `link`, `the`, `mark` and `vague` where they matter.
    - `links`: the prepositions that need no further evidence.
    - `name`: distinguishes several notices about one work, as a number does.
    - `example`, `source`: a title of the form, and who uses it.
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
STEPPED_OVER = word_set(
    "a an the some further brief short additional another new critical invited expert guest final joint partial "
    "interim recent first second third fourth fifth st nd rd th zweite zweites deuxième segundo segunda in author "
    "authors publisher publishers editor editors editorial reader readers reviewer reviewers article s"
)
"""Words that may come before the words of a rule at the start."""

_LINKS = (
    "to for of on in upon from re regarding about concerning over zu zum zur auf à au aux sur a al ao de del du do da di sobre su "
    "von til till к на для"
)
_LINK = rf"(?P<link>{'|'.join(sorted(_LINKS.split(), key=len, reverse=True))})\b"
_THE = (
    r"(?P<the>(?:\s*\b(?:the|el|la|le|il|der|den|das|dem)\b|\s*l')?\s*\b(?:original )?(?:article|paper|manuscript|chapter|"
    r"report|research article|brief communication|publication|art[ií]culo|artigo|beitrag|aufsatz|artikel|articolo|статье)\b"
    r"(?: (?:titled|entitled|by (?=[\"'])))?)?"
)
_BY_WHOM = r"(?:\s+(?:by|from)\s+(?-i:[A-Z])[^:\"]{1,60}?(?=\s+(?:on|regarding|re|about|concerning)\b|\s*[:,]))?"
_MARK = r"(?P<mark>\s*(?::|—|\.(?=\s)|,(?=\s*[\"'])|\s[-–]+(?=\s))|(?=\s*[\"\[]|\s+'))?"
_COUNT = r"(?:(?P<nth>first|second|third|fourth|fifth|1st|2nd|3rd|[4-9]th|zweites?|deuxième|segund[ao])\s+)?"
_NUMBER = r"(?:\s*\(?\s*(?:no\.?\s*|number\s+|#\s*)?(?P<number>\d{1,2}|(?-i:I{1,3}|IV|VI{0,3}|IX|X))\s*\)?(?=\W|$))?"
_DATE = (
    r"(?:\s*[,(\[]\s*(?P<date>(?:\d{1,2}\.?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+"
    r"(?:\d{1,2},?\s+)?(?:19|20)\d\d)\s*[)\]]?)?"
)
# "Some remarks" or "critical comments" are more often a work of their own.
_BEFORE = (
    r"(?:(?:an?|the|another|invited|expert|guest|final|joint|partial|interim|recent|"
    r"(?P<vague>some|further|brief|short|additional|new|critical))\s+)*"
)
_WHO = r"(?:(?:in|author|publisher|editor|editorial|reader|reviewer|article)(?:'?s'?|s)?'?\s+)*"
_BEHIND = r"(?:\s*(?::|[?!.;](?=\s)|—|\s[-–]+(?=\s))+\s*|(?<=\S)\"\s*[:,.]?\s+)"
_CODE = {"'": "'?", " ": r"'?[\s_-]+", "(s)": "s?", "(es)": "(?:es)?"}
_PLACES = {
    "start": "start", "form": "start", "end": "end", "tail": "end", "last": "end", "bracket": "brackets", "bracketed": "brackets",
}  # fmt: skip


def _pattern(row: Mapping[str, str], phrases: str, pattern: str) -> re.Pattern[str]:
    any_phrase = _one_of(phrases) if phrases else ""
    marks = row.get("marks", r"[\[(]")
    of_form = {
        "start": rf"^\W*{_BEFORE}{_COUNT}{_WHO}{any_phrase}(?!\w){_DATE}{_NUMBER}{_BY_WHOM}(?:\s*{_LINK}{_THE})?{_MARK}",
        "form": rf"^\W*(?:{pattern})",
        "end": rf"{_BEHIND}{_BEFORE}{_WHO}{any_phrase}{_NUMBER}[\s.\")]*$",
        "tail": rf"{_BEHIND}(?:{pattern})[\s.\")]*$",
        "last": rf"{pattern}[\s.]*$",
        "bracket": rf"{marks}\s*{_BEFORE}{_COUNT}{_WHO}{any_phrase}{_NUMBER}(?:,? (?:19|20)\d\d)?\s*[\])]$",
        "bracketed": rf"(?:{pattern})$",
    }
    return re.compile(of_form[row["form"]], re.IGNORECASE)


def _one_of(phrases: str) -> str:
    return "(?:" + "|".join(_phrase(text) for text in sorted(_split(phrases), key=len, reverse=True)) + ")"


def _phrase(text: str) -> str:
    """Return the pattern of a phrase, in which apostrophes and a bracketed `(s)` are optional."""
    return re.sub(r"\(e?s\)|[' ]|[^' (]+", lambda match: _CODE.get(match[0]) or re.escape(match[0]), text)


def _split(phrases: str) -> list[str]:
    return [text.strip() for text in phrases.split(",")]


def _words(phrases: str, at: int) -> frozenset[str]:
    """Return the first or last words of phrases, with and without their optional letters."""
    found = set()
    for text in _split(phrases):
        word = text.split(" ")[at]
        found |= {re.sub(r"\(e?s\)", "", word), word.replace("(", "").replace(")", "")}
    return frozenset(part for word in found for part in (word.replace("'", ""), word.partition("'")[0]) if part)


def _announcement(row: Mapping[str, str], words: Mapping[str, str], patterns: Mapping[str, str]) -> Announcement:
    form = row["form"]
    phrases = joined_text(row.get("phrases", ""), words)
    pattern = joined_pattern(row.get("pattern", ""), patterns)
    return Announcement(
        kind=row["kind"],
        place=_PLACES[form],
        words=_words(phrases, -1 if form == "end" else 0) if phrases else word_set(row.get("words", "")),
        pattern=_pattern(row, phrases, pattern),
        links=word_set(row.get("links", "")) if form == "start" else frozenset(ANY_LINK),
        name=row.get("name", ""),
        example=row["example"],
        source=row["source"],
    )


def _read() -> tuple[Announcement, ...]:
    rules = read_rules("notices.toml")
    words = {name: joined_text(text) for name, text in rules["words"].items()}
    patterns = {name: joined_pattern(text) for name, text in rules["patterns"].items()}
    return tuple(_announcement(row, words, patterns) for row in rules["rule"])


DERIVED: tuple[Announcement, ...] = _read()
"""All rules, in the order they are tried."""
