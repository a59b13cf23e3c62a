"""Notes that others put behind a title, in brackets or without: a table of rules, and how they are found.

Indexers note a language, a number of references, an erratum that appeared elsewhere; catalogues add the series, harvesters the
form of the file. A note says nothing of what the work is about. Brackets that say what the record itself is (`... (Erratum)`) are
no note but an announcement, see `streams.matching.announcements`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NOTES", "Note", "brackets_at_end", "is_language", "is_note", "without_open_note"]


class Note(NamedTuple):
    """A note in brackets: what it says, in which brackets it stands (`[(` or `[`), its pattern, an example, where it is used."""

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
_SERIES = (
    r"lecture notes|working papers?|discussion papers?|technical reports?|tech\.? rep\w*|research (?:papers?|reports?|notes)|"
    r"(?:policy|staff|occasional) papers?|graduate texts|springer theses|lncs|lnai|nber|contemporary mathematics"
)
_NUMBERED_SERIES = (
    r"series|serie|série|reihe|studien|studies in|reports?|memoirs|monographs?|monographien|beiträge|schriften|forschungen|"
    r"abhandlungen|mitteilungen|veröffentlichungen|sammlung|collection|colección|coleção|collana|bibliothek|bibliothèque|biblioteca|"
    r"library of|publications?|preprint|proceedings|conf\.? proc\w*|cepr|iza|cesifo|imf|texts in|contributions to|advances in|cahiers|"
    r"quaderni|cuadernos|cadernos|transactions|graduate studies|conference series"
)
_VOLUME = r"(?:bd|band|vol|volume|no|nr|num|number|heft|fasc|t|tome|tomo|том|вып|issue)\.?\s*º?\s*"
_ADJECTIVE = (
    "extended|full|long|short|expanded|preliminary|revised|complete|draft|author'?s?|accepted|submitted|final|conference|journal|"
    "preprint|technical|unabridged|corrected|online|poster|panel|demo|demonstration|tutorial|working|industrial|industry|keynote|"
    "invited|oral|plenary|project|system|software|video|meeting"
)
_NOUN = (
    "abstract|version|report|paper|manuscript|draft|article|copy|proofs?|session|presentation|description|discussion|talk|lecture|"
    "address|contribution|note|demo|demonstration|demonstrations|review|accepted|poster|panel|tutorial|keynote"
)

NOTES: tuple[Note, ...] = (
    Note("number of references", "[(", r"\d+ ?(?:refs?|references)\.?", "[33 refs]", "Ovid MEDLINE"),
    Note("kind of article", "[(", r"(?:systematic |cochrane )?review(?: article)?|(?:structured|provisional) abstract", "[Review]",
         "Ovid MEDLINE, Cochrane Library"),
    Note("kind of article", "[", r"(?:original )?(?:research )?article|case reports?|letters?|editorial|comment|news|lecture|interview|"
         r"(?:letter|editorial|comment|news)(?:\s*[;,]\s*(?:letter|editorial|comment|news|review))+|(?:guest )?editorial|opinion|point of view",
         "[letter; comment]", "Ovid MEDLINE, IEEE"),
    Note("an erratum elsewhere", "[(", r"(?:published |author )?(?:errat(?:um|a)|corrigend(?:um|a)|corrections?)(?:\s*(?:in|appears?|published|has been|"
         r"have been|to follow|available|ibid|see|j)\b.*|\s*:.*|.*\d.*)|corrected(?:\b.*)?", "[Erratum appears in Reef Sci. 2011;3:4]", "Ovid MEDLINE, INSPIRE"),
    Note("a comment elsewhere", "[(", r"see comments?.*|comment(?:s|ary)? (?:in|on|by)\b.*|letter (?:in|on)\b.*", "[see comments]", "Ovid MEDLINE"),
    Note("that it was retracted", "[(", r"retract(?:ed|ion)(?: notice)? (?:in|by)\b.*|(?:retracted|withdrawn)(?: article| paper| publication| chapter)?(?:[.,;:] .*)?|"
         r"publication with expression of concern.*|expression of concern in\b.*", "(Retracted article. See vol. 12, pg. 34, 2001)", "Web of Science"),
    Note("that it was printed before", "[(", r"reprint(?:ed)?(?: .*)?|republi(?:shed|cation)(?: .*)?|original(?:ly)? (?:report|published|printed|publication|work).*|"
         r"corrected and republished.*|translat(?:ed|ion) (?:from|by|of)\b.*|update (?:in|of)\b.*", "(Reprinted from Reef Sci, vol 3, pg 1-9, 1997)", "Web of Science"),
    Note("a summary elsewhere", "[(", r"summary for patients.*|original report.*", "[Summary for patients in Reef Sci. 2011;3:4]", "Ovid MEDLINE"),
    Note("kind of contribution", "[(", rf"(?:{_ADJECTIVE})(?: (?:{_ADJECTIVE}|{_NOUN}))*|(?:{_NOUN})(?: only)?|(?:slides|foils|transparencies) only|talk[- ]slides.*|"
         r"abstract no\.? ?\w+|work in progress|research in progress|experience paper|best (?:student )?paper(?: award)?|postprint|in press|to appear|forthcoming|unpublished",
         "(Extended Abstract)", "ACM, DBLP"),
    Note("discussion printed with it", "[(", r"(?:with|including)(?: an?)? (?:comments? and )?(?:discussions?|discussers?|comments?|commentar(?:y|ies)|repl(?:y|ies)|rejoinder|response)\b.*|"
         r"discussion:? (?:pp?\.? ?)?s?\d.*|disc(?:uss)?\. .*|discussion,? p.*", "(with discussion)", "JSTOR, Ovid MEDLINE"),
    Note("version", "[(", r"(?:version|ver\.?|v)\s*\d+[;,:].*(?:review|approved|referees?|ref status).*|v\d+(?:\.\d+)?", "[version 2; peer review: 2 approved]", "F1000Research, PeerJ"),
    Note("version", "[", r"(?:version|ver\.?|v)\s*\d+.*", "[version 2]", "F1000Research"),
    Note("form", "[(", r"open access|pdf|html|full text|ps|cd-rom|e-?book|computer (?:file|software).*|electronic resource|microform|elektronische ressource|ressource électronique|"
         r"recurso electrónico", "[electronic resource]", "library catalogues"),
    Note("kind of document", "[", r"(?:[jcmdrpsanzg]|eb|db|cp)(?:\s*/\s*(?:ol|cd|mt|dk))?", "[J]", "GB/T 7714"),
    Note("footnote", "[", r"\d{1,2}|[*†‡§]+", "[1]", "Scopus"),
    Note("footnote", "(", r"[*†‡§]+", "(*)", "Scopus"),
    Note("series", "[(", rf"=?\s*(?:(?:{_SERIES})\b.*|.*\b(?:{_SERIES}|{_NUMBERED_SERIES})\b.*\d.*|(?:[^\d;,\s]+[\s;,:]+){{2,}}{_VOLUME}\d+.*|[^\d;]{{8,}};\s*\d+)",
         "(Studien zur Riffkunde ; Bd. 6)", "library catalogues, NBER"),
)  # fmt: skip


def _patterns(mark: str) -> re.Pattern[str]:
    rules = "|".join(note.pattern for note in NOTES if mark in note.brackets)
    return re.compile(rf"(?:{rules})$", re.IGNORECASE)


_IN_BRACKETS = {"[": _patterns("["), "(": _patterns("(")}
_PAIRS = {"]": "[", ")": "("}


def brackets_at_end(text: str) -> int:
    """Where the brackets begin that end a title; -1 where none do or they do not pair. Brackets may hold brackets."""
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
        elif mark in "[(" and (mark == waiting[-1] or len(waiting) == 1):
            waiting.pop()
            if not waiting:
                return at
    return -1


def is_language(brackets: str) -> bool:
    """Whether brackets name the language of a work: `[Article in French]`."""
    return _LANGUAGE.match(brackets) is not None


def is_note(brackets: str) -> bool:
    """Whether brackets behind a title hold a note."""
    inner = brackets[1:-1].strip().replace("’", "'")
    return _IN_BRACKETS[brackets[0]].match(inner) is not None


# Notes that stand without brackets.
_OPEN_NOTE = re.compile(
    r"[.;\[]\s*(?:published )?(?:errat(?:um|a)|corrigendum|comment|correction|retraction) (?:(?:has |have )?(?:been )?(?:appear(?:s|ed)?|published) )?in:?\s.*$|"
    r"\s(?:published )?(?:errat(?:um|a)|corrigendum|correction|retraction) (?:has |have )?appear(?:s|ed)? in\s.*$",
    re.IGNORECASE,
)
_RETRACTED = re.compile(r"(?:\s*[:—]\s*|\s[-–]\s|\s(?=[A-Z]{9}))(?:retracted|withdrawn|RETRACTED|WITHDRAWN|Retracted|Withdrawn)(?: [Aa]rticle| [Pp]aper| ARTICLE)?\W*$")
_REPORT_NUMBER = re.compile(
    r"[.:;,–-]\s+(?:[A-Z][\w&.-]*\s+){0,4}(?:(?:working|discussion|research|technical|policy|staff|occasional) (?:papers?|reports?)|tech\.? rep\.?)(?: series)?,?\s*"
    r"(?:no\.?|nr\.?|number|#)?\s*[\w./-]*\d[\w./-]*\W*$",
    re.IGNORECASE,
)


def without_open_note(text: str) -> str:
    """The title without a note behind it that has no brackets: `... Erratum appears in ...`, `... Working Paper No. 12`."""
    if ("ppear" in text or "rratum in" in text or "omment in" in text) and " in" in text:
        text = _OPEN_NOTE.sub("", text) or text
    if "raw" in (end := text[-18:].lower()) or "racted" in end:
        text = _RETRACTED.sub("", text) or text
    if text[-1:].isdigit() and ("aper" in text or "eport" in text or " ep" in text):
        cut = _REPORT_NUMBER.search(text)
        if cut and cut.start() > 12:
            text = text[: cut.start()]
    return text
