"""Labels before a title: the section or kind of an article, that it was retracted, the form of the file; `title_labels.toml`."""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.matching.rule_files import joined_text, read_rules
from streams.normalize.text import word_set

__all__ = ["LABELS", "LABEL_WORDS", "Label", "without_label"]


class Label(NamedTuple):
    """A label before a title: its meaning, its words (`(s)` may be missing), an example, and who uses it.

    A label ends in a colon or dash. Where `capitals` is set it may also come in capitals before the title, with nothing between.
    """

    meaning: str
    phrases: str
    capitals: bool
    example: str
    source: str


LABELS: tuple[Label, ...] = tuple(
    Label(**{**row, "phrases": joined_text(row["phrases"])}) for row in read_rules("title_labels.toml")["label"]
)


def _phrases(labels: tuple[Label, ...], capitals: bool = False) -> str:
    phrases = {text.strip() for label in labels for text in label.phrases.split(",")}
    ordered = sorted(phrases, key=len, reverse=True)
    return "|".join((text.upper() if capitals else text).replace(" ", r"\s+").replace("'", "['’]?") for text in ordered)


_LABEL = re.compile(rf"^\W*(?:{_phrases(LABELS)})\s*(?:[:—]|\s[-–](?=\s))\s*", re.IGNORECASE)
_CAPITALS = _phrases(tuple(label for label in LABELS if label.capitals), capitals=True)
_BARE_LABEL = re.compile(
    rf"^\W*(?:{_CAPITALS})\s+(?=[A-Z\d])(?!(?:ON|OF|FOR|AND|IN|TO|FROM|BY)\b)|"
    r"^(?:Original|Research|Review|Regular|Full Length) (?:Research )?(?:Article|Paper)\s+(?=[A-Z][a-z]*\s)"
)
LABEL_WORDS = frozenset(
    text.split()[0].partition("'")[0] for label in LABELS for text in label.phrases.split(",")
) | word_set(
    "retracted withdrawn removed temporary retratado retractado editors html pdf book ps citation c b j abstract microsoft"
)
"""The first words of labels."""
_RETRACTED = re.compile(
    r"^\W*(?:\w+_\d+\s*:\s*)?(?:retracted|withdrawn|removed|temporary removal|retratado|retractado)"
    r"(?: article| chapter| paper| and replaced)?(?:\s*[\])】:.—]\W*|\s+[-–]\s+(?:[^:]{3,60}:\s+)?)(?=\w)",
    re.IGNORECASE,
)
_BARE_RETRACTED = re.compile(r"^\W*(?:RETRACTED|WITHDRAWN|REMOVED)(?: ARTICLE| PAPER| CHAPTER)?\s+(?=[A-Z][a-z])")
_FORM = re.compile(
    r"^\s*(?:\[(?:html|pdf|book|ps|citation|c|b)\]\s*)+|^\s*abstract(?: no\.?)? ?[a-z]{0,2}\d*\s*[:—]\s+|"
    r"^\s*microsoft word\s*-\s*",
    re.IGNORECASE,
)
# The head of a page, read with the title: "Okafor/Editor's Comments".
_RUNNING_HEAD = re.compile(
    r"^[A-Z][\w'’-]+(?:(?:,? (?:and|&) |, )[A-Z][\w'’-]+| et al\.?)*/"
    r"(?=(?:Editor|Guest|Comment|Foreword|Preface|Introduction|Special|Reply|Response))"
)
_WORD = re.compile(r"[^\W\d_]+")


def without_label(text: str) -> str:
    """Return a title without the label of its section or kind before it, and without the word that it was retracted."""
    if "/" in text[:40]:
        text = _RUNNING_HEAD.sub("", text)
    word = text.partition(" ")[0]
    if word.isalpha() and word.lower() not in LABEL_WORDS:
        return text
    first = _WORD.search(text)
    if first is None or (first[0].lower() not in LABEL_WORDS and ": REMOVED" not in text[:30]):
        return text
    for pattern in (_RETRACTED, _BARE_RETRACTED, _FORM, _LABEL, _BARE_LABEL):
        stripped = pattern.sub("", text, count=1)
        if stripped and stripped != text:
            return without_label(stripped)
    return text
