"""Titles to which no rule applies, as most titles are, known by their marks and words alone.

The rules for the structure of a title are patterns, and most of them need a word of their own (`Erratum`, `Part`, `III`), a number
at a certain place or a mark. A title of ASCII with none of these is only folded and cut at the mark of its subtitle.
"""

from __future__ import annotations

from typing import NamedTuple

from streams.matching.announcements import FIRST_WORDS, LAST_WORDS, announced, may_have_tail
from streams.matching.notices import STEPPED_OVER
from streams.matching.title_labels import LABEL_WORDS, without_label
from streams.matching.title_parts import CLOSED_CUES, CUES, NUMERALS_OF_PARTS, ORDINALS
from streams.normalize.text import NUMERALS, SEPARATE, read_numerals, word_set

__all__ = ["NOT_ORDINARY", "Folded", "fold_ordinary"]


def _of_bytes(words: frozenset[str]) -> frozenset[bytes]:
    """Return the words of ASCII, which are the only ones that a title of ASCII may have, as bytes."""
    return frozenset(word.encode() for word in words if word.isascii())


_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz "
_DIGITS = b"0123456789"
# Marks that no rule needs, or only together with a word that is looked for.
_MARKS = b"-,:;?!"
# After any other mark a main title may end, and after a hyphen behind a blank.
_NO_ENDS = b"-," + _DIGITS
# Of notes without brackets, and of labels that may be anywhere.
_OF_NOTES = word_set("erratum errata corrigendum comment correction retraction retracted withdrawn removed")
_ANYWHERE = _of_bytes(NUMERALS_OF_PARTS | CUES | _OF_NOTES)
_NUMERALS = _of_bytes(NUMERALS)
_CLOSED_CUES = _of_bytes(CLOSED_CUES)
# What may number a part beside such a cue, beside numbers and Roman numerals.
_ORDINALS = _of_bytes(ORDINALS)
_CAPITALS = frozenset(bytes([code]) for code in b"ABCDEFGH")
_FIRST = _of_bytes(FIRST_WORDS)
_LABELS = _of_bytes(LABEL_WORDS)
_STEPPED_OVER = _of_bytes(STEPPED_OVER)
_LAST = frozenset(word.translate(SEPARATE).split()[-1] for word in _of_bytes(LAST_WORDS))


class Folded(NamedTuple):
    """A title folded, with its numerals read and no blanks around it; and its words, where these are its main title unchanged.

    `text` is `""` where some other rule may apply to the title; `words` is `""` where the text is still to be cut or spelled out.
    """

    text: str
    words: str = ""


NOT_ORDINARY = Folded("")
"""Of a title to which a rule may apply."""


def fold_ordinary(title: str) -> Folded:
    """Return a title folded if no rule but those of numerals and subtitles applies to it."""
    if not title.isascii() or "  " in title:
        return NOT_ORDINARY
    title = title.strip()
    text = title.encode()
    marks = text.translate(None, _LETTERS)
    lower = text.lower()
    words = lower.translate(SEPARATE).split()
    if not words or not _ANYWHERE.isdisjoint(words) or b"rxiv" in lower:
        return NOT_ORDINARY
    others = marks.translate(None, _MARKS)
    if others == b"." and text[-1:] == b".":
        others = b""
    if others and (others.translate(None, _DIGITS) or not _are_no_parts(text, marks, words)):
        return NOT_ORDINARY
    if not _CLOSED_CUES.isdisjoint(words) and (
        others or not _ORDINALS.isdisjoint(words) or not _CAPITALS.isdisjoint(text.translate(SEPARATE).split())
    ):
        return NOT_ORDINARY
    if (words[0] in _LABELS or not words[0].isalpha()) and without_label(title) != title:
        return NOT_ORDINARY
    folded = lower.decode()
    may_have_end = bool(marks) and (bool(marks.translate(None, _NO_ENDS)) or b" -" in text)
    if (
        words[-1] in _LAST or _begins_rule(words) or b" supplement" in lower or (may_have_end and may_have_tail(folded))
    ) and announced(title):
        return NOT_ORDINARY
    if not _NUMERALS.isdisjoint(words):
        return Folded(read_numerals(folded))
    if may_have_end or others or b"vs" in words:
        return Folded(folded)
    return Folded(folded, b" ".join(words).decode())


def _are_no_parts(text: bytes, marks: bytes, words: list[bytes]) -> bool:
    """Tell whether the numbers of a title are no stamp before it, no part or footnote behind it and within no sign."""
    return text[0] not in _DIGITS and words[-1].isalpha() and b"," not in marks and b"- " not in text


def _begins_rule(words: list[bytes]) -> bool:
    """Tell whether one of the first words may begin an announcement."""
    for word in words:
        if word in _FIRST or not word.isalpha():
            return True
        if word not in _STEPPED_OVER:
            return False
    return False
