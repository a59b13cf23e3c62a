"""Marks of the page a title was read from: the stamp of an archive on its margin, the mark of a footnote behind it."""

from __future__ import annotations

import re

from streams.normalize.text import word_set

__all__ = ["without_footnote_mark", "without_stamp"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LETTERS = "|".join(r"\s*".join(month) for month in _MONTHS)
# The line arXiv prints on the margin of a first page, read letter by letter: "0 Ju l 2 00 1 Title".
_STAMP = re.compile(
    rf"^\W*(?P<archive>ar\s?X\s?iv\s?:\s?\S+\s*(?:\[[\w.\s-]+\]\s*)?|\[?[\w.\s-]{{1,14}}\]\s*)?"
    rf"(?P<date>\d?\s?\d?\s*\b(?:{_LETTERS})\s+[12]\s*[09]\s*\d\s*\d)\W+(?=\w.{{6}})"
)
_STAMP_BEHIND = re.compile(r"\s*\(?\barXiv:\s?[\w./-]+(?:\s*\[[\w.-]+\])?(?:\s+\d{1,2} \w{3} (?:19|20)\d\d)?\)?\W*$")
_TIDY_DATE = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")


def without_stamp(text: str) -> str:
    """Return the title without the stamp of an archive that a PDF reader took for its beginning or end."""
    if text[:1].isdigit() or "]" in text[:16] or "rXiv" in text[:12]:
        stamp = _STAMP.match(text)
        if stamp and (stamp["archive"] or not _TIDY_DATE.fullmatch(stamp["date"].strip())):
            text = text[stamp.end() :]
    if "arXiv:" in text:
        text = _STAMP_BEHIND.sub("", text) or text
    return text


_SIGNS = "*†‡§¶∗⁎☆✩★⋆◊"
_RAISED = "¹²³⁰⁴⁵⁶⁷⁸⁹"
_ENDS = frozenset(f"{_SIGNS}{_RAISED}>$")
_DIGITS = frozenset("0123456789")
_LONGEST_MARK = 60
# A mark belongs to a footnote where it follows a word of four letters or more: not in "A*", "D*", "m²".
_SIGN_BEHIND = re.compile(
    rf"(?<=[^\W\d_]{{4}}|[^\W\d_]{{3}}[?!.)])(?:\s*(?:<sup>\s*[\d,{_SIGNS}a-z]{{1,5}}\s*</sup>|"
    rf"\$\s*\^\{{?\s*(?:[\d*,]+|\\[a-z]+)\s*\}}?\s*\$|[{_SIGNS}]))+$|(?<=[^\W\d_]{{4}})[{_RAISED}]+$"
)
_NUMBERS_BEHIND = re.compile(r"(?P<before>[^\W\d_]+|[?!])\s+\d(?:\s*,\s*\d)*$")
_COUNTED = word_set("parts part volumes vols vol nos no numbers chapters and books sections types days weeks years")


def without_footnote_mark(title: str) -> str:
    """Return a title, markup included, without the mark of a footnote behind it."""
    last = title[-1:]
    if last in _ENDS:
        mark = _SIGN_BEHIND.search(title, max(0, len(title) - _LONGEST_MARK))
        return title[: mark.start()] or title if mark else title
    if last in _DIGITS and ("," in title[-4:] or "?" in title[-4:] or "!" in title[-4:]):
        # "Title 1,2", "Title? 1": one bare number behind a word may be a sequel's.
        marks = _NUMBERS_BEHIND.search(title, max(0, len(title) - _LONGEST_MARK))
        if marks and marks["before"].lower() not in _COUNTED:
            return title[: marks.end("before")]
    return title
