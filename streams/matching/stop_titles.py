"""Titles that many works share, so that the title alone says nothing.

A stop title never makes two records the same by itself and is a key only together with author, year or place.
Sources: fuzzycat, bib-dedupe, dissemin, OpenAIRE blacklists (matching.md 3.2).
"""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["is_stop_title"]

_EXACT = frozenset(files("streams.matching").joinpath("stop_titles.txt").read_text(encoding="utf-8").split("\n")) - {""}
# Titles made to a template: only the numbers, the year or the journal differ.
_TEMPLATE = re.compile(
    r"^(?:.{0,60}\b(?:cover and )?(?:front|back) (?:cover|matter)\b.*|.*\bcover and (?:front|back) matter|"
    r"(?:guest )?editors? (?:s )?(?:introduction|note|foreword|preface)s?(?: to .*)?|"
    r"(?:introduction|preface|foreword|editorial) (?:to|for) (?:the |this )?"
    r"(?:mini ?track|special (?:issue|section)|issue|volume|proceedings).*|"
    r"(?:erratum|corrigendum|correction|errata|addendum)s?|"
    r"(?:minutes|proceedings) of the .*|announcements? .{0,20}|(?:book|film|media) reviews?.{0,12}|"
    r"(?:issue|volume) (?:information|contents|index).*|"
    r".{0,40}\b(?:table of contents|title page|author index|subject index|call for papers)|"
    r"(?:notes?|list) (?:on|of) (?:contributors|reviewers|referees).*|(?:letters?|letter) to the editor.*|chapter \d+|part \d+|"
    r"communications of the .{3,40} volume \d+ (?:paper|article) \d+|liebe mitglieder.*|"
    r"(?:editorial|preface|foreword|introduction|abstracts|contents|news|obituary|index)(?: \d+)+)$"
)


def is_stop_title(normal: str) -> bool:
    """Whether a title in normal form is one many works share."""
    return normal in _EXACT or (len(normal) < 160 and _TEMPLATE.match(normal) is not None)
