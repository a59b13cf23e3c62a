"""Reading what a title announces: the kind of notice it is, its number, and the title of the work it is about.

The rules are in `streams.matching.notices` and `streams.matching.supplements`. An announcement may stand within another
(`Reply to "Comment on '...'"`): the outermost says what the work is, and all are taken off.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from streams.matching.announcement import ANY_LINK, STEPPED_OVER, Announcement
from streams.matching.notices import NOTICES
from streams.matching.supplements import SUPPLEMENTS

__all__ = ["DERIVED", "Announced", "announced", "are_two_notices", "in_brackets"]

DERIVED: tuple[Announcement, ...] = (*NOTICES, *SUPPLEMENTS)
"""All rules, in the order they are tried."""


class Announced(NamedTuple):
    """What a title announces: the kind of notice, its number or name, and the title without the announcement.

    `whole` says whether nothing else of a title stayed (`Author reply`): then `text` is all of the title.
    """

    kind: str
    ordinal: str
    text: str


def _index(place: str) -> dict[str, tuple[Announcement, ...]]:
    found = defaultdict(list)
    for rule in DERIVED:
        if rule.place == place:
            for word in rule.words:
                found[word].append(rule)
    return {word: tuple(rules) for word, rules in found.items()}


_BY_FIRST, _BY_LAST = _index("start"), _index("end")
_TAILS = tuple(rule for rule in DERIVED if rule.place == "end" and not rule.words)
_BY_FIRST_IN_BRACKETS = _index("brackets")
_PLACES = tuple(rule for rule in DERIVED if rule.place == "brackets" and not rule.words)
_WORD = re.compile(r"[^\W\d_]+")
_STRAIGHT = str.maketrans(dict.fromkeys("“”„‟«»『』《》〈〉「」", '"') | dict.fromkeys("‘’‚‛`´′", "'"))
_DEEPEST = 4
_FIRST_WORDS = 6


def announced(text: str) -> Announced | None:
    """What a title announces; None for a title that announces nothing."""
    found = _at_end(text, text.lower()) or _at_start(text, text.lower())
    if found is None:
        return None
    for _ in range(_DEEPEST):
        inner = _at_end(found.text, found.text.lower()) or _at_start(found.text, found.text.lower())
        if inner is None:
            break
        found = Announced(found.kind, found.ordinal or inner.ordinal, inner.text)
    return found


def in_brackets(text: str, at: int) -> Announced | None:
    """What the brackets at the end of a title, which begin `at` a place, announce."""
    rules: tuple[Announcement, ...] = ()
    for found in _WORD.finditer(text.lower(), at):
        rules = _BY_FIRST_IN_BRACKETS.get(found[0], ())
        if rules or found[0] not in STEPPED_OVER:
            break
    if "/" in text[at:]:
        rules = (*rules, *_PLACES)
    brackets = text[at:].rstrip(" .;,").translate(_STRAIGHT) if rules else ""
    for rule in rules:
        if match := rule.pattern.match(brackets):
            return Announced(rule.kind, _ordinal(rule, match), _labelled(rule, text[:at].rstrip()))
    return None


def _labelled(rule: Announcement, text: str) -> str:
    # "Batteries: Title (Adv. Mater. 12/2019)": the journal's label of its cover stands before the article's title.
    return _COVER_LABEL.sub("", text) if rule.name == "cover" else text


_COVER_LABEL = re.compile(r"^[^:]{3,40}:\s+(?=\S+\s\S)")


def are_two_notices(one: str, two: str) -> bool:
    """Whether the ordinals of two notices of one kind about one work say that they are two.

    >>> are_two_notices("", "2"), are_two_notices("", "1"), are_two_notices("publisher", "author")
    (True, False, True)
    """
    if one == two:
        return False
    if one and two:
        return True
    digits = (one or two).rpartition(" ")[2]
    return digits.isdigit() and int(digits) > 1


_AROUND_WORDS = "\"'“”‘’.,:;()[]"


def _may_start(lower: str) -> bool:
    """Whether one of the first words is one a rule begins with: most titles need no further look."""
    word = lower.partition(" ")[0]
    if word.isalpha() and word not in _BY_FIRST and word not in STEPPED_OVER:
        return False
    for word in lower.split(" ", _FIRST_WORDS)[:_FIRST_WORDS]:
        word = word.strip(_AROUND_WORDS)  # noqa: PLW2901
        if word in _BY_FIRST:
            return True
        if word not in STEPPED_OVER:
            return not word.isalpha()  # "author's", "2nd", "table_1": the words in it may be
    return False


def _at_start(text: str, lower: str) -> Announced | None:
    if not _may_start(lower):
        return None if text.isascii() else _eastern(text)
    at = 0
    for _ in range(_FIRST_WORDS):
        found = _WORD.search(lower, at)
        if found is None:
            return None
        word = found[0]
        if word in _BY_FIRST:
            straight = text.translate(_STRAIGHT).replace("''", '"')
            for rule in _BY_FIRST[word]:
                match = rule.pattern.match(straight)
                if match and _is_meant(rule, match, straight):
                    return _taken_off(rule, match, straight, straight[match.end() :])
        if word not in STEPPED_OVER:
            break
        at = found.end()
    return None if text.isascii() else _eastern(text)


def _at_end(text: str, lower: str) -> Announced | None:
    word = lower.rstrip(" .\"')]”’").rpartition(" ")[2]
    rules = _BY_LAST.get(word, ())
    if "/pr" in word:
        rules = _BY_LAST["pr"]
    if "eply " in lower or "eplies " in lower or "ejoinder " in lower or "esponse" in lower or "omment" in lower:
        rules = (*rules, *_TAILS)
    if not rules:
        return None
    straight = text.translate(_STRAIGHT).replace("''", '"')
    for rule in rules:
        match = rule.pattern.search(straight, 3)
        if match and (straight.count('"', 0, match.start()) % 2 == 0 or straight[match.start()] == '"'):
            return _taken_off(rule, match, straight, straight[: match.start()])
    return None


_NAMED = re.compile(
    r"\s*(?:[A-Z][\w'.-]+[,\s]+(?:[A-Z]\.?\s*){0,3}(?:and |& )?){1,4}(?:et al\b)|"
    r"\s*[A-Z][\w'-]+(?: [A-Z][\w'-]+)?,? (?:and|&) [A-Z][\w'-]+(?: [A-Z][\w'-]+)?\s*[,:(]|\s*[A-Z][\w'-]+, (?=[A-Z\"])"
)
_BY_NAMES = re.compile(r"\bby (?:[A-Z][\w.'-]*[ ,]*(?:and |& |et al)?){1,10}\W*$")


def _is_meant(rule: Announcement, match: re.Match[str], text: str) -> bool:
    """Whether words that match a rule announce, and do not just begin an ordinary title."""
    if ANY_LINK in rule.links:
        return True
    groups = match.groupdict()
    mark, link, rest = groups["mark"], groups["link"], text[match.end() :]
    if link is None:
        return mark is not None and (mark.strip() != "." or not rest.lstrip()[:1].islower())
    if (link.lower() in rule.links and not groups["vague"]) or groups["the"]:
        return True
    if mark is not None and mark.strip() in ("", ":"):
        return True
    if link.lower() == "for" and _NAMED.match(rest):
        return True
    return bool(_NAMED.match(rest) and "et al" in rest[:80]) or bool(_BY_NAMES.search(rest)) or _at_start(rest, rest.lower()) is not None


_NTH = {
    "first": "1", "1st": "1", "second": "2", "2nd": "2", "zweite": "2", "zweites": "2", "deuxième": "2", "segunda": "2", "segundo": "2",
    "third": "3", "3rd": "3", "fourth": "4", "fifth": "5", "i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7",
    "viii": "8", "ix": "9", "x": "10",
}  # fmt: skip


def _ordinal(rule: Announcement, match: re.Match[str]) -> str:
    groups = match.groupdict()
    number = (groups.get("nth") or groups.get("number") or "").lower()
    number = _NTH.get(number, number[:1] if number[1:] in ("th", "nd", "rd", "st") else re.sub(r"[\s_]+", "", number))
    return f"{rule.name} {number}".strip()


def _taken_off(rule: Announcement, match: re.Match[str], text: str, rest: str) -> Announced:
    title = _article(rest, rule.kind)
    return Announced(rule.kind, _ordinal(rule, match), title if len(_WORD.findall(title)) > 1 or not title.isascii() else text)


_ET_AL = re.compile(r"^.{0,80}?\bet al\b\.?,?(?:'?s\b)?(?:\s*\(?(?:19|20)\d\d[a-z]?\)?)?\s*[,:;.–—-]*\s*(?:on\b\s*|in\b\s*(?=\"))?")
_TWO_NAMES = re.compile(r"^\s*[A-Z][\w'-]+(?: [A-Z][\w'-]+)?(?:,? (?:and|&) [A-Z][\w'-]+(?: [A-Z][\w'-]+)?)?,\s+(?=[A-Z\"])")
_CITED = re.compile(r"^[^():\"]{3,300}?\s\((?:19|20)\d\d[a-z]?\)[.,:]?\s+(?=\S+\s\S)")
_PLACE_BEHIND = re.compile(r"\.\s+[A-Z][^.]{2,60}\d[^.]*(?:\.\s*(?:https?|doi|10\.).*)?$|\.\s+[A-Z][A-Za-z ]{3,40}[\d\s:–-]*(?:https?|doi).*$")
_PLACE = re.compile(r"\s*,?\s*[\[(](?:[^\[\]()]|\([^()]*\))*\d(?:[^\[\]()]|\([^()]*\))*[\])][\s.]*$")
_EXTENSION = re.compile(
    r"\.(?:docx?|pdf|xlsx?|csv|tsv|tiff?|jpe?g|png|gif|eps|zip|rar|gz|mp[34]|avi|mov|wmv|pptx?|txt|xml|json|html?|r|py|nex|fas|fasta)$",
    re.IGNORECASE,
)


def _article(rest: str, kind: str) -> str:
    """The title of the work in what follows an announcement: without names of authors, quotation marks, citation and place."""
    rest = rest.strip(" :.,;-–—_")
    if "et al" in rest[:90]:
        rest = _ET_AL.sub("", rest, count=1)
    elif kind in ("corrects", "retracts") and "," in rest[:60]:
        named = _TWO_NAMES.match(rest)
        if named and (rest[named.end() :][:1] == '"' or " and " in named[0]):
            rest = rest[named.end() :]
    if "(" in rest[:300] and (cited := _CITED.match(rest)) and ("," in cited[0] or re.match(r"\w+ [A-Z]{1,3}\b", cited[0])):
        rest = _PLACE_BEHIND.sub("", rest[cited.end() :])
    if rest[:1] in ('"', "'", "["):
        rest = _unquoted(rest)
    if kind == "supplements":
        rest = _EXTENSION.sub("", rest)
    elif rest[-1:] in ("]", ")", ".") and _PLACE.search(rest):
        rest = _cut_place(rest)
    return rest.strip(" :.,;-–—_")


_YEAR_OR_DOI = re.compile(r"\b(?:1[89]|20)\d\d\b|10\.\d{4}")


def _cut_place(rest: str) -> str:
    """The title without the place in print behind it: `[J. Reef Sci. 12 (2003) 34-56]`."""
    place = _PLACE.search(rest)
    return rest[: place.start()] if place and _YEAR_OR_DOI.search(place[0]) and place.start() > 10 else rest


_CLOSING = {'"': '"', "'": "'", "[": "]"}


def _unquoted(rest: str) -> str:
    """The quotation a text begins with; the text itself where a word of its own begins with one (`"Big" data in ...`)."""
    closing = _CLOSING[rest[0]]
    at = len(rest)
    while (at := rest.rfind(closing, 1, at)) > 0:
        after = rest[at + 1 :].lstrip()
        if closing == "'" and rest[at + 1 : at + 2].isalpha():
            continue  # an apostrophe
        if not after or after[0] in "[(,.;:—–-" or after[0].isupper() or after.startswith(("by ", "in ", "published ", "and ")):
            inner = rest[1:at]
            return inner if len(inner) > 7 and " " in inner.strip() else rest
    return rest[1:] if closing != "]" and rest.count(rest[0]) == 1 else rest


_EAST_WORDS = {
    "corrects": "訂正|正誤表|正誤|更正|勘误表|勘误|勘誤|订正|誤植訂正|정정|정오표",
    "retracts": "撤稿|撤回|撤销|取り下げ|철회",
    "replies_to": "答复|回复|への回答|に対する回答|へのリプライ",
    "comments_on": "への討議|に対する討議|へのコメント|に対するコメント|商榷",
}
_EAST_ANY = re.compile("|".join(_EAST_WORDS.values()))
_EAST = tuple(
    (kind, re.compile(pattern.format(words=words)))
    for kind, words in _EAST_WORDS.items()
    for pattern in (
        r"^\W*(?:论文|論文|お詫びと|关于|關於)?(?:{words})(?:启事|声明|通知|公告|说明|について)?\s*[:—\-\s\[(]\s*(?P<title>.{{4,}}?)[\])]?$",
        r"^[^\"]{{0,6}}\"(?P<title>.{{4,}})\"[^\"]{{0,8}}?(?:{words})(?:启事|声明|表|について)?\W*$",
        r"^(?P<title>.{{4,}}?)\s*[\[(—:-]\s*(?:论文|論文)?(?:{words})(?:启事|声明)?\s*[\])]?\W*$",
        r"^(?P<title>.{{6,}}?)(?:の|的|에 대한)\s?(?:{words})(?:启事|声明|表|について)?\W*$",
    )
)


def _eastern(text: str) -> Announced | None:
    """What a Chinese, Japanese or Korean title announces: these scripts have no blanks to find a first word by."""
    if not _EAST_ANY.search(text):
        return None
    straight = text.translate(_STRAIGHT)
    for kind, pattern in _EAST:
        if match := pattern.match(straight):
            return Announced(kind, "", match["title"])
    return None
