"""Structure of a title: main title and subtitle, notes around it, and the work that it may announce to be about.

`title_forms` takes off what is no part of a title (an indexer's notes, a language tag, "Original article:") and keeps
as data what says something about the work: that it corrects, retracts, comments on or supplements another, which part it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from streams.matching.announcements import announced, in_brackets
from streams.matching.notices import DERIVED
from streams.matching.ordinary_titles import NOT_ORDINARY, Folded, fold_ordinary
from streams.matching.page_marks import without_footnote_mark, without_stamp
from streams.matching.parallel_titles import parallel_titles
from streams.matching.placeholders import is_placeholder, without_file_ending
from streams.matching.title_labels import without_label
from streams.matching.title_notes import brackets_at_end, is_language, is_note, without_open_note
from streams.matching.title_parts import PartNumber, part_number
from streams.normalize.text import fold, normalize, plain, read_numerals, words_of

__all__ = ["DERIVED", "TitleForms", "all_title_forms", "forms_by_rules", "title_forms"]


class TitleForms(NamedTuple):
    """The parts of a title in normal form.

    - `main`, `rest`: the words before and after the subtitle's mark.
    - `derived`: the kind of derived work the title announces (`corrects`, `comments_on`, `replies_to`, `retracts`, `reviews`,
      `supplements`), `""` for none. The announcement is no part of the words, so an erratum has the words of the work it corrects;
      `full` has them with the announcement. Where another title is nearer to `full` than to the words, nothing was announced.
    - `ordinal`: the number or name of the announcement (`Additional file 2: of ...`), see `announcements.are_two_notices`.
    - `translated`: a title in brackets (PubMed: translated into English); `tagged`: a trailing language tag.
    - `others`: the same title in other languages, where it gives several side by side.
    - `part`: the numbers of the part or volume (`Part II`, `Vol. 3`), `bare`: a number at the end that no word explains.
    - `placeholder`: the source wrote words in place of a title it does not have (`Untitled`, `nan`); there are no other words then.
    """

    main: str
    rest: str = ""
    derived: str = ""
    translated: bool = False
    tagged: bool = False
    ordinal: str = ""
    full: str = ""
    others: tuple[str, ...] = ()
    part: str = ""
    bare: str = ""
    placeholder: bool = False

    @property
    def whole(self) -> str:
        """The main title and the subtitle, joined by a blank; one of them alone if the other is empty."""
        return f"{self.main} {self.rest}" if self.rest and self.main else self.main or self.rest


class _Read(NamedTuple):
    """The `text` of a title without the labels, notes and announcements around it; the other fields are what these said."""

    text: str
    derived: str = ""
    ordinal: str = ""
    announcing: str = ""
    translated: bool = False
    tagged: bool = False


_LONGEST_CHAIN = 8  # notes, labels and announcements around one title
# A byte of typographic quotation marks and dashes read in another encoding: "editorâ ?? s notes".
_MANGLED = re.compile(r"\s?â\s?(?:\?\?|€[™˜œ“”\x9d]?|\x80[\x90-\x9f])(?P<ending>\s?s\b)?")


def title_forms(title: str, subtitle: str = "") -> TitleForms:
    """Split a title into its parts, each in normal form.

    `subtitle` is the subtitle if the source has a field for it; else it is looked for in `title`.
    """
    return all_title_forms(((title, subtitle),))[0]


def all_title_forms(titles: Sequence[tuple[str, str]]) -> list[TitleForms]:
    """Split titles, each with its subtitle, as `title_forms` does: first all ordinary ones, then the others, each once."""
    ordinary = [NOT_ORDINARY if subtitle else fold_ordinary(title) for title, subtitle in titles]
    forms = [_ordinary_forms(each) if each.text else None for each in ordinary]
    others = dict.fromkeys(title for title, found in zip(titles, forms, strict=True) if found is None)
    by_rules = dict(zip(others, forms_by_rules(list(others)), strict=True))
    return [by_rules[title] if found is None else found for title, found in zip(titles, forms, strict=True)]


def _ordinary_forms(folded: Folded) -> TitleForms:
    main, rest = (folded.words, "") if folded.words else _cut(folded.text)
    placeholder = is_placeholder(f"{main} {rest}" if rest else main)
    return TitleForms("", placeholder=True) if placeholder else TitleForms(main, rest)


def forms_by_rules(titles: Sequence[tuple[str, str]]) -> list[TitleForms]:
    """Split titles into their parts by all rules: the result of `title_forms` for any title, in more time."""
    texts = [_without_marks(title) for title, _ in titles]
    read = [
        _without_surroundings(_joined(text, subtitle) if subtitle else text)
        for text, (_, subtitle) in zip(texts, titles, strict=True)
    ]
    parallel = [parallel_titles(without_file_ending(each.text)) for each in read]
    parts = [_split(each[0]) for each in parallel]
    numbers = [part_number(each[0]) for each in parallel]
    return list(map(_forms, read, parallel, parts, numbers))


def _without_marks(title: str) -> str:
    text = without_stamp(plain(without_footnote_mark(title.rstrip())))
    return _MANGLED.sub(lambda match: "'s" if match["ending"] else ' " ', text) if "â" in text else text


def _forms(read: _Read, titles: tuple[str, ...], parts: tuple[str, str], number: PartNumber) -> TitleForms:
    main, rest = parts
    if is_placeholder(f"{main} {rest}" if rest else main) or (read.text and not titles[0]):
        return TitleForms("", derived=read.derived, ordinal=read.ordinal, placeholder=True)
    others = tuple([_spelled_out(normalize(other)) for other in titles[1:]]) if len(titles) > 1 else ()
    full = normalize(read.announcing) if read.derived else ""
    return TitleForms(
        main, rest, read.derived, read.translated, read.tagged, read.ordinal, full, others, number.part, number.bare
    )


def _joined(text: str, subtitle: str) -> str:
    """Return title and subtitle as one text, joined by a colon; the title alone where it contains the subtitle."""
    extra = plain(subtitle)
    words = normalize(extra)
    if not words or f" {words} " in f" {normalize(text)} ":
        return text
    read = _without_notes(text)
    return f"{read.text.rstrip(' :;,./=-')}: {extra}" if read.text else extra


def _without_notes(text: str) -> _Read:
    """Return the title without notes behind it, but with its announcements."""
    translated = tagged = False
    for _ in range(_LONGEST_CHAIN):
        at = brackets_at_end(text)
        brackets = text[at:].rstrip(" .;,")
        if at < 0 or in_brackets(text, at):
            break
        if at == 0:
            if brackets[0] != "[" or len(brackets) < 14:
                break
            translated, text = True, brackets[1:-1].strip()
        elif is_language(brackets):
            tagged, text = True, text[:at].rstrip()
        elif is_note(brackets):
            text = text[:at].rstrip()
        else:
            break
    if tagged and text[:1] == "[":
        translated, text = True, text.strip("[] ")
    return _Read(text, translated=translated, tagged=tagged)


def _without_surroundings(text: str) -> _Read:
    """Return the title without labels, notes and announcements, and what these said; the outermost announcement counts."""
    derived = ordinal = announcing = ""
    translated = tagged = False
    for _ in range(_LONGEST_CHAIN):
        before = text
        text = without_open_note(without_label(text))
        found = None
        if text[-1:] in _CLOSING and (text[-1] != "." or text[-2:-1] in _CLOSING):
            noted = _without_notes(text)
            if noted.text:
                text, translated, tagged = noted.text, translated or noted.translated, tagged or noted.tagged
                found = in_brackets(text, at) if (at := brackets_at_end(text)) > 0 else None
        found = found or announced(text)
        if found:
            derived, ordinal = derived or found.kind, ordinal or found.ordinal
            announcing, text = announcing or text, found.text or text
        if text == before:
            break
    return _Read(text, derived, ordinal, announcing, translated, tagged)


_CLOSING = frozenset("]).")
# A subtitle begins at a colon, a dash between spaces, a full stop or question mark before a new sentence.
_ENDS_SENTENCE = r"(?<=[\w)\]]{3})(?<!\bvol)(?<!\bchap)(?<!\bsect)(?<!\bsuppl)(?<!\biss)\. "
_SUBTITLE = re.compile(f"[:;?] | [-\u2010-\u2015]+ | ?\\| | / |\u2014|{_ENDS_SENTENCE}|\uff1a")
_MARKS = (": ", "? ", "; ", " / ", "| ")
_DASH = re.compile(" -+ ")
_FULL_STOP = re.compile(_ENDS_SENTENCE)
_NOWHERE = (1 << 30, 0)


def _subtitle_mark(text: str) -> tuple[int, int]:
    """Return where the mark before a subtitle begins and ends."""
    if not text.isascii():
        found = _SUBTITLE.search(text, 3)
        return found.span() if found else _NOWHERE
    if not (
        ": " in text or " -" in text or ". " in text or "? " in text or "; " in text or " / " in text or "| " in text
    ):
        return _NOWHERE
    first = _NOWHERE  # what _SUBTITLE finds in ASCII, by quicker means
    for mark in _MARKS:
        at = text.find(mark, 3, first[0] + len(mark) - 1)
        if at >= 0:
            first = at, at + len(mark)
    if " -" in text and (found := _DASH.search(text, 3)) and found.start() < first[0]:
        first = found.span()
    at = text.find(". ", 3, first[0] + 1)
    while at >= 0:
        if _FULL_STOP.match(text, at):
            return at, at + 2
        at = text.find(". ", at + 1, first[0] + 1)
    return first


def _split(text: str) -> tuple[str, str]:
    # Folded and with its numerals read before it is cut: the V of "... singularities. V. Survey" is a 5.
    return _cut(read_numerals(fold(text)))


def _cut(text: str) -> tuple[str, str]:
    """Return the words of a folded text before and after the mark of the subtitle."""
    start, end = _subtitle_mark(text)
    if end == 0:
        return _spelled_out(words_of(text)), ""
    main, rest = _spelled_out(words_of(text[:start])), _spelled_out(words_of(text[end:]))
    return (main, rest) if main else (rest, "")


_SHORT = {
    "ch": "chapter", "chap": "chapter", "vol": "volume", "vols": "volumes", "pt": "part", "pts": "parts", "no": "number",
    "nr": "number", "fig": "figure", "sec": "section", "sect": "section", "bd": "band", "tl": "teil", "suppl": "supplement",
}  # fmt: skip
_SHORT_WORDS = re.compile(rf"\b(?:{'|'.join(_SHORT)})(?= \d)|\bvs(?= )")
_SHORT_SET = frozenset(_SHORT)
_NUMBERED = re.compile(r"\d")


def _spelled_out(words: str) -> str:
    """Return words with abbreviations in full before a number: `chapter 3` for `ch 3`, and `versus` for `vs` anywhere."""
    if " vs " in words or (_NUMBERED.search(words) and not _SHORT_SET.isdisjoint(words.split(" "))):
        return _SHORT_WORDS.sub(lambda match: _SHORT.get(match[0], "versus"), words)
    return words
