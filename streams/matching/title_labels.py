"""What stands before or after a title and belongs to the page it was read from: labels of a section, stamps, footnote marks."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["LABELS", "Label", "without_footnote_mark", "without_label", "without_stamp"]


class Label(NamedTuple):
    """A label before a title: what it says, its words (`(s)` may be missing), an example, where it is used.

    A label ends in a colon or dash. Where `capitals` is set it may also stand in capitals before the title, with nothing between.
    """

    meaning: str
    phrases: str
    capitals: bool
    example: str
    source: str


LABELS: tuple[Label, ...] = (
    Label("kind of article", "original research article, original article, original research, original paper, original contribution, original investigation, research article, research "
          "paper, regular article, regular paper, full paper, full length article, full length research paper, review article, short communication, short paper, short report, brief "
          "report, brief communication, rapid communication, rapid report, technical note, research note, research letter, clinical research, data article, data paper, invited review, "
          "invited paper, invited article, mini review, minireview, case report, article, conference paper, preprint, accepted manuscript",
          True, "ORIGINAL ARTICLE Coral growth", "journals, PDF extraction"),
    Label("section of a journal", "special issue, special issue article, special section, editor's comments, editors comments, from the editor", True, "EDITOR'S COMMENTS Coral growth",
          "MIS Quarterly"),
    Label("that it was printed before", "reprint of, reprint, reprinted article, republished, republished paper, republished article, corrected and republished, corrected and republished article",
          False, "Reprint of: Coral growth", "Elsevier, BMJ"),
    Label("field name", "title, titel, titre, título", False, "Title: Coral growth", "harvested pages"),
    Label("violation", "notice of violation of ieee publication principles", True, "Notice of Violation of IEEE Publication Principles: Coral growth", "IEEE Xplore"),
)  # fmt: skip


def _phrases(labels: tuple[Label, ...], capitals: bool = False) -> str:
    phrases = {text.strip() for label in labels for text in label.phrases.split(",")}
    ordered = sorted(phrases, key=len, reverse=True)
    return "|".join(
        (text.upper() if capitals else text).replace(" ", r"\s+").replace("'", "['’]?") for text in ordered
    )


_LABEL = re.compile(rf"^\W*(?:{_phrases(LABELS)})\s*(?:[:—]|\s[-–](?=\s))\s*", re.IGNORECASE)
_CAPITALS = _phrases(tuple(label for label in LABELS if label.capitals), capitals=True)
_BARE_LABEL = re.compile(
    rf"^\W*(?:{_CAPITALS})\s+(?=[A-Z\d])(?!(?:ON|OF|FOR|AND|IN|TO|FROM|BY)\b)|"
    r"^(?:Original|Research|Review|Regular|Full Length) (?:Research )?(?:Article|Paper)\s+(?=[A-Z][a-z]*\s)"
)
_FIRST_WORDS = frozenset(
    text.split()[0].partition("'")[0] for label in LABELS for text in label.phrases.split(",")
) | {"retracted", "withdrawn", "removed", "temporary", "editors", "html", "pdf", "book", "ps", "citation", "c", "b", "j", "abstract", "microsoft", "retratado", "retractado"}
_RETRACTED = re.compile(
    r"^\W*(?:\w+_\d+\s*:\s*)?(?:retracted|withdrawn|removed|temporary removal|retratado|retractado)(?: article| chapter| paper| and replaced)?"
    r"(?:\s*[\])】:.—]\W*|\s+[-–]\s+(?:[^:]{3,60}:\s+)?)(?=\w)",
    re.IGNORECASE,
)
_FORM = re.compile(r"^\s*(?:\[(?:html|pdf|book|ps|citation|c|b)\]\s*)+|^\s*abstract(?: no\.?)? ?[a-z]{0,2}\d*\s*[:—]\s+|^\s*microsoft word\s*-\s*", re.IGNORECASE)
_RUNNING_HEAD = re.compile(r"^[A-Z][\w'’-]+(?:(?:,? (?:and|&) |, )[A-Z][\w'’-]+| et al\.?)*/(?=(?:Editor|Guest|Comment|Foreword|Preface|Introduction|Special|Reply|Response))")
_WORD = re.compile(r"[^\W\d_]+")


def without_label(text: str) -> str:
    """The title without the label of its section or kind before it, and without the word that it was retracted."""
    if "/" in text[:40]:
        text = _RUNNING_HEAD.sub("", text)
    word = text.partition(" ")[0]
    if word.isalpha() and word.lower() not in _FIRST_WORDS:
        return text
    first = _WORD.search(text)
    if first is None or (first[0].lower() not in _FIRST_WORDS and ": REMOVED" not in text[:30]):
        return text
    for pattern in (_RETRACTED, _FORM, _LABEL, _BARE_LABEL):
        stripped = pattern.sub("", text, count=1)
        if stripped and stripped != text:
            return without_label(stripped)
    return text


_LETTERS = "|".join(r"\s*".join(month) for month in "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
# The line arXiv prints on the margin of a first page, read letter by letter: "0 Ju l 2 00 1 Title".
_STAMP = re.compile(
    rf"^\W*(?P<archive>ar\s?X\s?iv\s?:\s?\S+\s*(?:\[[\w.\s-]+\]\s*)?|\[?[\w.\s-]{{1,14}}\]\s*)?"
    rf"(?P<date>\d?\s?\d?\s*\b(?:{_LETTERS})\s+[12]\s*[09]\s*\d\s*\d)\W+(?=\w.{{6}})"
)
_STAMP_BEHIND = re.compile(r"\s*\(?\barXiv:\s?[\w./-]+(?:\s*\[[\w.-]+\])?(?:\s+\d{1,2} \w{3} (?:19|20)\d\d)?\)?\W*$")
_TIDY_DATE = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")


def without_stamp(text: str) -> str:
    """The title without the stamp of an archive that a PDF reader took for its beginning or end."""
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
_COUNTED = frozenset("parts part volumes vols vol nos no numbers chapters and books sections types days weeks years".split())


def without_footnote_mark(title: str) -> str:
    """The title as a source writes it, markup and all, without the mark of a footnote behind it."""
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
