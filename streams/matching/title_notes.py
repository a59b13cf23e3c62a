"""Notes behind a title that catalogues and harvesters add, in brackets (the rules of `title_notes.toml`) or without.

Indexers note a language, a number of references, an erratum that appeared elsewhere; catalogues add the series, harvesters the
form of the file. A note says nothing of what the work is about. Brackets that say what the record itself is (`... (Erratum)`) are
no note but an announcement, see `streams.matching.announcements`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.matching.rule_files import joined_pattern, read_rules

__all__ = ["NOTES", "Note", "brackets_at_end", "is_language", "is_note", "without_open_note"]


class Note(NamedTuple):
    """A note in brackets: its meaning, its brackets (`[(` or `[`), its pattern, an example, and who uses it."""

    meaning: str
    brackets: str
    pattern: str
    example: str
    source: str


_LANGUAGES = (
    "afrikaans|albanian|arabic|armenian|azerbaijani|basque|bosnian|bulgarian|catalan|chinese|croatian|czech|danish|dutch|english|"
    "estonian|finnish|flemish|french|galician|georgian|german|greek|hebrew|hungarian|icelandic|indonesian|italian|japanese|kazakh|"
    "korean|latin|latvian|lithuanian|macedonian|malay|norwegian|persian|polish|portuguese|romanian|russian|serbian|slovak|slovene|"
    "slovenian|spanish|swedish|thai|turkish|ukrainian|vietnamese"
)
_LANGUAGE = re.compile(
    rf"[\[(]\s*(?:(?:article|text|original|paper|abstract|published)\s+)?(?:in\s+)?(?:{_LANGUAGES})"
    rf"(?:\s*(?:[,;/&]|and)\s*(?:{_LANGUAGES}))*(?:\s+(?:article|text|original|transl\w*|with english \w+))?\s*[\])]$",
    re.IGNORECASE,
)


def _read() -> tuple[Note, ...]:
    rules = read_rules("title_notes.toml")
    pieces = {name: joined_pattern(text) for name, text in rules["patterns"].items()}
    return tuple(Note(**{**row, "pattern": joined_pattern(row["pattern"], pieces)}) for row in rules["note"])


NOTES: tuple[Note, ...] = _read()


def _patterns(mark: str) -> re.Pattern[str]:
    rules = "|".join(note.pattern for note in NOTES if mark in note.brackets)
    return re.compile(rf"(?:{rules})$", re.IGNORECASE)


_IN_BRACKETS = {"[": _patterns("["), "(": _patterns("(")}
_PAIRS = {"]": "[", ")": "("}


def brackets_at_end(text: str) -> int:
    """Return where the brackets that end a title begin, -1 where none do; brackets may contain brackets."""
    text = text.rstrip(" .;,")
    opening = _PAIRS.get(text[-1:])
    if opening is None:
        return -1
    at = text.rfind(opening)
    inner = text[at + 1 : -1]
    if at >= 0 and "(" not in inner and "[" not in inner and ")" not in inner and "]" not in inner:
        return at
    return _outer_brackets(text)


def _outer_brackets(text: str) -> int:
    waiting: list[str] = []
    for at in range(len(text) - 1, -1, -1):
        mark = text[at]
        if mark in _PAIRS:
            waiting.append(_PAIRS[mark])
        elif mark in "[(" and mark == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at
    return -1


def is_language(brackets: str) -> bool:
    """Tell whether brackets name the language of a work: `[Article in French]`."""
    return _LANGUAGE.match(brackets) is not None


def is_note(brackets: str) -> bool:
    """Tell whether the brackets behind a title contain a note rather than words of the title."""
    inner = brackets[1:-1].strip().replace("’", "'")
    return _IN_BRACKETS[brackets[0]].match(inner) is not None


# Notes without brackets.
_NOTICE_ELSEWHERE = r"(?:published )?(?:errat(?:um|a)|corrigendum|comment|correction|retraction)"
_OPEN_NOTE = re.compile(
    rf"[.;\[]\s*{_NOTICE_ELSEWHERE} (?:(?:has |have )?(?:been )?(?:appear(?:s|ed)?|published) )?in:?\s.*$|"
    rf"\s{_NOTICE_ELSEWHERE} (?:has |have )?appear(?:s|ed)? in\s.*$",
    re.IGNORECASE,
)
_RETRACTED = re.compile(
    r"(?:\s*[:—]\s*|\s[-–]\s|\s(?=[A-Z]{9}))(?:retracted|withdrawn|RETRACTED|WITHDRAWN|Retracted|Withdrawn)"
    r"(?: [Aa]rticle| [Pp]aper| ARTICLE)?\W*$"
)
_REPORT_NUMBER = re.compile(
    r"[.:;,–-]\s+(?:[A-Z][\w&.-]*\s+){0,4}"
    r"(?:(?:working|discussion|research|technical|policy|staff|occasional) (?:papers?|reports?)|tech\.? rep\.?)"
    r"(?: series)?,?\s*(?:no\.?|nr\.?|number|#)?\s*[\w./-]*\d[\w./-]*\W*$",
    re.IGNORECASE,
)


def without_open_note(text: str) -> str:
    """Return a title without a note behind it that has no brackets: `... Erratum appears in ...`, `... Working Paper No. 12`."""
    if ("ppear" in text or "rratum in" in text or "omment in" in text) and " in" in text:
        text = _OPEN_NOTE.sub("", text) or text
    if "raw" in (end := text[-18:].lower()) or "racted" in end:
        text = _RETRACTED.sub("", text) or text
    if text[-1:].isdigit() and ("aper" in text or "eport" in text or " ep" in text):
        cut = _REPORT_NUMBER.search(text)
        if cut and cut.start() > 12:
            text = text[: cut.start()]
    return text
