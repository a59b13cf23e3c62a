"""Titles of works that appear again and again under one title: yearly reports, yearbooks, statistics, proceedings.

Two records with such a title and two years are two works, even if all else agrees. A title that names its own year or number
(`Annual report 1996`, `Proceedings of the 5th workshop`) does not count: its numbers distinguish it from the next.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.matching.rule_files import joined_pattern, joined_text, read_rules

__all__ = ["SERIALS", "Serial", "serial_title"]


class Serial(NamedTuple):
    """A form of serial titles: a stable `code`, words of which such a title has at least one, the pattern, an example."""

    code: str
    words: str
    pattern: str
    example: str


def _read() -> tuple[Serial, ...]:
    rules = read_rules("serial_titles.toml")
    pieces = {name: joined_pattern(text) for name, text in rules["patterns"].items()}
    return tuple(
        Serial(row["code"], joined_text(row["words"]), joined_pattern(row["pattern"], pieces), row["example"])
        for row in rules["serial"]
    )


SERIALS: tuple[Serial, ...] = _read()


def _by_word() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    found: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}
    for serial in SERIALS:
        pattern = re.compile(rf"(?:{serial.pattern})$")
        for word in serial.words.split():
            found[word] = (*found.get(word, ()), (serial.code, pattern))
    return found


_RULES = _by_word()
_WORDS = frozenset(_RULES)
_OWN_NUMBER = re.compile(
    r"\b(?:1[6-9]|20)\d\d\b|\b\d{1,3}(?:st|nd|rd|th)?\b|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"\w+teenth|twentieth|twenty \w+)\b"
)


def serial_title(normal: str) -> str:
    """Return the code of the serial form that a title in normal form has, `""` for any other title."""
    words = normal.split(" ")
    if _WORDS.isdisjoint(words) or _OWN_NUMBER.search(normal):
        return ""
    for word in words:
        for code, pattern in _RULES.get(word, ()):
            if pattern.match(normal):
                return code
    return ""
