"""The structure of a title: main title and subtitle, notes around it, and the work it may announce to be about.

`title_forms` takes off what is no part of a title (an indexer's notes, a language tag, "Original article:") and keeps
as data what says something about the work: that it corrects, retracts, comments on or supplements another.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from streams.text import fold, normalize, plain, read_numerals, words_of

__all__ = ["DERIVED", "Announcement", "TitleForms", "title_forms"]


class TitleForms(msgspec.Struct, frozen=True):
    """A title's parts in normal form.

    `main` and `rest` are the words before and after the subtitle's mark. `derived` is the kind of derived
    work the title announces (`corrects`, `comments_on`, `replies_to`, `retracts`, `reviews`, `supplements`), `""` for none; the
    announcement itself is no part of the words, so an erratum has the words of what it corrects.
    `translated` marks a title in brackets (PubMed: translated into English), `tagged` a trailing language tag,
    `ordinal` the number in the announcement (`Additional file 2: of ...`).
    """

    main: str
    rest: str = ""
    derived: str = ""
    translated: bool = False
    tagged: bool = False
    ordinal: str = ""

    @property
    def whole(self) -> str:
        """Main title and subtitle."""
        return f"{self.main} {self.rest}" if self.rest and self.main else self.main or self.rest


_LANGUAGES = (
    "afrikaans|arabic|bulgarian|catalan|chinese|croatian|czech|danish|dutch|english|estonian|finnish|flemish|french|"
    "german|greek|hebrew|hungarian|icelandic|indonesian|italian|japanese|korean|latin|latvian|lithuanian|norwegian|"
    "persian|polish|portuguese|romanian|russian|serbian|slovak|slovene|slovenian|spanish|swedish|thai|turkish|ukrainian"
)
_LANGUAGE_TAG = re.compile(
    rf"\s*[\[(]\s*(?:(?:article|text|original|paper|abstract)\s+)?(?:in\s+)?(?:{_LANGUAGES})(?:\s*[,;/&]\s*(?:{_LANGUAGES}))*"
    r"(?:\s+(?:article|text|transl\w*))?\s*[\])]\s*\.?\s*$",
    re.IGNORECASE,
)
_VERSION_TAG = re.compile(
    r"\s*\[(?:version|v)\s*\d+[^\]]*\]\s*$", re.IGNORECASE
)  # F1000: [version 1; peer review: ...]
# What indexers add to a title in brackets: [Review] [33 refs], [Erratum appears in ...], [see comment], [corrected].
_NOTE = (
    r"(?:\d+ refs?\.?|review|structured abstract|(?:published )?errat(?:um|a)[^\]]*|corrected[^\]]*|see comments?[^\]]*|"
    r"comment(?:ary)?(?: (?:in|on))?[^\]]*|retraction in[^\]]*|reprint[^\]]*|letter|editorial|summary for patients[^\]]*|"
    r"preprint|author'?s? (?:accepted )?(?:manuscript|version)|postprint|extended (?:version|abstract)|full version|in press|"
    r"open access|pdf|abstract(?: only)?|conference abstract|meeting abstract|conference paper|with discussion|"
    r"discussion \d+[^\]]*)"
)
_TRAILING_NOTE = re.compile(rf"(?:\s*\.?\s*[\[(]\s*{_NOTE}\s*[\])])+\s*\.?\s*$", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^\s*(?:\[(?:html|pdf|book|ps|citation|c|b)\]\s*)+|^\s*(?:original (?:research )?(?:article|paper|contribution|investigation)|"
    r"research (?:article|paper)|regular (?:article|paper)|full paper|short communication|technical note|case report|"
    r"invited (?:review|paper|article)|special issue(?: article)?|retracted(?: article)?|withdrawn|article|clinical research|"
    r"original research|rapid communication|title|abstract(?: no\.?)? ?[a-z]{0,2}\d*)\s*[:\u2014]\s+|"
    r"^\s*\[?(?:retracted|withdrawn)(?: article)?\]\s*",
    re.IGNORECASE,
)


class Announcement(msgspec.Struct, frozen=True):
    """Words by which a title says that the work is about another: `kind` of relation, pattern, example."""

    kind: str
    pattern: re.Pattern[str]
    example: str


_BY = r"(?:(?:author|publisher|editorial)s?['\u2019]?s?\s+)?"
_MARK = r"\s*[:\-\u2013\u2014(\[?.]\s*"
_NOTICE = r"(?:erratum|errata|corrigend(?:um|a)|addend(?:um|a))"
_ANSWER = r"(?:reply|response|rejoinder|replies)"
_ANSWERED = r"(?:comments?|letters?|editors?|discussion\w*|critique|criticism|commentary|reviewers?|referees?)"

# Each kind is a relation of streams.records, but for `replies_to`. Only words that cannot be part of a title are taken:
# "Response to: ..." answers, "Response to thermal exposure" does not; "Correction of spinal deformity" corrects no paper.
DERIVED: tuple[Announcement, ...] = tuple(
    Announcement(kind, re.compile(pattern, re.IGNORECASE), example)
    for kind, pattern, example in (
        (
            "retracts",
            r"^\W*(?:retraction|withdrawal|expression of concern|notice of (?:retraction|withdrawal)|"
            r"retraction (?:notice|note|statement))"
            r"\s*(?:to|of|for|note|:|\u2014|-|regarding)+\W*",
            "Retraction notice to: ...",
        ),
        ("corrects", rf"^\W*{_BY}{_NOTICE}\b\s*(?:(?:to|for|in|on|of|zu)\b\s*)?\W*", "Erratum to: ..."),
        (
            "corrects",
            rf"^\W*{_BY}corrections?\s*(?:to\b|:|\u2014|--| - )\s*(?:the article\b)?\W*",
            "Publisher Correction: ...",
        ),
        ("corrects", rf"{_MARK}(?:an? )?(?:{_NOTICE}|correction)\W*$", "... (Erratum)"),
        (
            "replies_to",
            rf"^\W*(?:(?:the )?authors?['\u2019]?s?['\u2019]?\s+|in )?{_ANSWER}\s*(?:to (?:the )?{_ANSWERED}\b"
            rf'[^:"]{{0,40}}?(?:\bon\b|\bby\b|\bregarding\b|:|$)|to:|:)\W*',
            "Reply to comment on ...",
        ),
        (
            "replies_to",
            rf"{_MARK}(?:an? |the )?(?:authors?['\u2019]?s?['\u2019]?\s+)?{_ANSWER}(?: to .{{0,60}}| and epilogue)?\W*$",
            "...: Rejoinder",
        ),
        (
            "comments_on",
            r"^\W*(?:(?:a |some )?(?:comments?|commentary|letter|remarks?|discussion)\s*"
            r"(?:on the (?:article|paper)|on|to|about|regarding)?"
            r"\s*:|(?:a )?comment(?:s|ary)?\s+on\b|(?:a )?discussion of\b|re\s*:)\W*",
            "Comment on ...",
        ),
        (
            "comments_on",
            rf"{_MARK}(?:an? |invited |editorial )?(?:comments?|commentary|discussion)(?: on .{{0,60}})?\W*$",
            "...: Comment",
        ),
        (
            "reviews",
            r"^\W*(?:book reviews?|faculty of 1000 evaluation for|(?:peer|referee|reviewer) (?:review|report) (?:of|for|on)|"
            r"recommendation of|decision letter for)\s*:?\W*",
            "Book review: ...",
        ),
        (
            "supplements",
            r"^\W*(?:additional files?\s*\w*\s*:?\s*(?:of|from)|supplement(?:ary|al)\s+(?:materials?|information|data|files?|"
            r"tables?|"
            r"figures?|online)\b[^:]{0,30}?(?:for|to|from|of|:)|supporting information\b[^:]{0,20}?(?:for|to|:)|"
            r"(?:replication )?(?:data|code|dataset|replication (?:data|package|materials?))\s*(?:for|from|to|of)?\s*:|"
            r"appendix to|MOESM\d+ of)\W*",
            "Additional file 2: of ...",
        ),
    )
)
# Plain words of which an announcement has at least one: looked for first, for they cost little.
_HINTS = (
    "errat", "corrig", "correct", "addend", "retract", "withdraw", "concern", "repl", "respon", "rejoin", "comment", "letter",
    "remark", "discuss", "re:", "re :", "review", "1000 eval", "report", "recommend", "decision", "additional", "supple",
    "supporting", "data", "code", "appendix", "moesm",
)  # fmt: skip
# A subtitle begins at a colon, a dash between spaces, a full stop or question mark before a new sentence.
_SUBTITLE = re.compile(
    r"\s*:\s+|\s+[-\u2010-\u2015]+\s+|\s*\u2014\s*|(?<=[\w)\]]{3})\.\s+(?=\S)|\?\s+(?=\S)|\s*;\s+|\s+/\s+|\s*\|\s+|："
)
_BRACKETED = re.compile(r"^\s*\[(.{12,})\]\s*\.?\s*$")
_NUMBER = re.compile(r"\d+")


def _announced(text: str) -> tuple[str, str]:
    """The kind of derived work a title announces, and the title without the announcement."""
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):
        for rule in DERIVED:
            stripped, hits = rule.pattern.subn("", text, count=1)
            if hits:
                return rule.kind, stripped
    return "", text


def _without_notes(text: str) -> tuple[str, bool, bool]:
    """The title without brackets around it and notes behind it; whether it is a translation, whether it had a language tag."""
    translated = tagged = False
    if text.startswith("["):
        inner = _BRACKETED.match(text)
        if inner:
            translated, text = True, inner.group(1)
    if text[-1:] in ("]", ")", "."):
        noted = _TRAILING_NOTE.sub("", text)
        stripped = _LANGUAGE_TAG.sub("", noted)
        tagged = stripped != noted
        text = _TRAILING_NOTE.sub("", _VERSION_TAG.sub("", stripped)) or text
        if tagged and text.startswith("["):
            text, translated = text.strip("[] "), True
    return text, translated, tagged


@lru_cache(maxsize=4096)
def title_forms(title: str, subtitle: str = "") -> TitleForms:
    """A title, and the subtitle where the source gives it apart, in normal form."""
    text, translated, tagged = _without_notes(plain(title))
    text = _LEAD_IN.sub("", text, count=1) or text
    derived, stripped = _announced(text)
    ordinal = ""
    if derived:
        number = _NUMBER.search(text[: len(text) - len(stripped)])
        ordinal = number.group() if number else ""
        text = stripped or text
    main, rest = _split(text, subtitle)
    return TitleForms(main, rest, derived, translated, tagged, ordinal)


def _split(text: str, subtitle: str) -> tuple[str, str]:
    # Folded and with its numerals read before it is cut: the V of "... singularities. V. Survey" is a 5.
    text = read_numerals(fold(text))
    cut = _SUBTITLE.search(text, 3)
    main = words_of(text[: cut.start()] if cut else text)
    rest = words_of(text[cut.end() :]) if cut else ""
    if subtitle:
        extra = normalize(subtitle)
        if extra and extra not in f"{main} {rest}":
            rest = f"{rest} {extra}".strip()
    return (main, rest) if main else (rest, "")
