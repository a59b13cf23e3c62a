"""Reader of what a title announces: the kind of notice, its number, and the title of the work that the notice is about.

The rules are those of `streams.matching.notices`. An announcement may contain another
(`Reply to "Comment on '...'"`): the outermost says what the work is, and all are taken off.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from streams.matching.announced_titles import title_of_work
from streams.matching.eastern_announcements import eastern_announcement
from streams.matching.notices import ANY_LINK, DERIVED, STEPPED_OVER, Announcement

__all__ = ["FIRST_WORDS", "LAST_WORDS", "Announced", "announced", "are_two_notices", "in_brackets", "may_have_tail"]


class Announced(NamedTuple):
    """An announcement read from a title: the kind of notice, its number or name, and the title without the announcement.

    Where the announcement is all there is (`Author reply`), `text` is the whole title.
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
FIRST_WORDS, LAST_WORDS = frozenset(_BY_FIRST), frozenset(_BY_LAST)
"""The words with which announcements before and behind a title begin and end."""
_TAILS = tuple(rule for rule in DERIVED if rule.place == "end" and not rule.words)
_ANYWHERE = tuple(rule for rule in DERIVED if rule.place == "start" and not rule.words)
_BY_FIRST_IN_BRACKETS = _index("brackets")
_PLACES = tuple(rule for rule in DERIVED if rule.place == "brackets" and not rule.words)
_WORD = re.compile(r"[^\W\d_]+")
_STRAIGHT = str.maketrans(dict.fromkeys("“”„‟«»『』《》〈〉「」", '"') | dict.fromkeys("‘’‚‛`´′", "'"))
_EAST = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_DEEPEST = 4
_FIRST_WORDS = 6


def announced(text: str) -> Announced | None:
    """Return the announcement that a title makes, None for a title that announces nothing."""
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
    """Return the announcement in the brackets that begin at index `at` and end the title; None if they have none."""
    rules: tuple[Announcement, ...] = ()
    for found in _WORD.finditer(text.lower(), at):
        rules += _BY_FIRST_IN_BRACKETS.get(found[0], ())
        if found[0] not in STEPPED_OVER:
            break
    if "/" in text[at:]:
        rules = (*rules, *_PLACES)
    brackets = text[at:].rstrip(" .;,").translate(_STRAIGHT) if rules else ""
    for rule in rules:
        if match := rule.pattern.match(brackets):
            return Announced(rule.kind, _ordinal(rule, match), _labelled(rule, text[:at].rstrip()))
    return None


def _labelled(rule: Announcement, text: str) -> str:
    # What is behind the title says what the label before it is: "Batteries: Title (Adv. Mater. 12/2019)", "Review: Title — R0/PR2".
    return _LABEL.sub("", text) if rule.name in ("cover", "report") else text


_LABEL = re.compile(r"^[^:]{3,40}:\s+(?=\S+\s\S)")


def are_two_notices(one: str, two: str) -> bool:
    """Tell whether the ordinals of two notices of one kind about one work show that the notices are two.

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
    """Tell whether one of the first words of a title begins a rule: most titles stop here, before any pattern is tried."""
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
    if " supplement" in lower:
        for rule in _ANYWHERE:
            if match := rule.pattern.match(text):
                return _taken_off(rule, match, text, text[match.end() :])
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


def may_have_tail(lower: str) -> bool:
    """Tell whether a title in lower case has letters of one of the announcements behind a mark that have no last word."""
    return "repl" in lower or "joinder " in lower or "esponse" in lower or "omment" in lower or "tion to " in lower


def _at_end(text: str, lower: str) -> Announced | None:
    word = lower.rstrip(" .\"')]”’").rpartition(" ")[2].lstrip("([")
    rules = _BY_LAST.get(word, ())
    if "/pr" in word:
        rules = _BY_LAST["pr"]
    if may_have_tail(lower):
        rules = (*rules, *_TAILS)
    if not rules:
        return None
    straight = text.translate(_STRAIGHT).replace("''", '"')
    for rule in rules:
        match = rule.pattern.search(straight, 3)
        if match and (straight.count('"', 0, match.start()) % 2 == 0 or straight[match.start()] == '"'):
            return _taken_off(rule, match, straight, _labelled(rule, straight[: match.start()]))
    return None


_NAMED = re.compile(
    r"\s*(?:[A-Z][\w'.-]+[,\s]+(?:[A-Z]\.?\s*){0,3}(?:and |& )?){1,4}(?:et al\b)|"
    r"\s*[A-Z][\w'-]+(?: [A-Z][\w'-]+)?,? (?:and|&) [A-Z][\w'-]+(?: [A-Z][\w'-]+)?\s*[,:(]|\s*[A-Z][\w'-]+, (?=[A-Z\"])"
)
_BY_NAMES = re.compile(r"\bby (?:[A-Z][\w.'-]*[ ,]*(?:and |& |et al)?){1,10}\W*$")


def _is_meant(rule: Announcement, match: re.Match[str], text: str) -> bool:
    """Tell whether the words that match a rule are an announcement rather than the beginning of an ordinary title."""
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
    return (
        bool(_NAMED.match(rest) and "et al" in rest[:80])
        or bool(_BY_NAMES.search(rest))
        or _at_start(rest, rest.lower()) is not None
    )


_NTH = {
    word: str(number)
    for number, words in enumerate(
        ("first 1st i", "second 2nd zweite zweites deuxième segunda segundo ii", "third 3rd iii", "fourth 4th iv", "fifth 5th v",
         "vi", "vii", "viii", "ix", "x"), 1,
    )
    for word in words.split()
}  # fmt: skip


def _ordinal(rule: Announcement, match: re.Match[str]) -> str:
    groups = match.groupdict()
    number = (groups.get("nth") or groups.get("number") or "").lower()
    number = _NTH.get(number) or re.sub(r"[\s_]+", "", number).removesuffix("th")
    if not number and groups.get("date"):
        number = "-".join(word.lower()[:4] for word in re.findall(r"\w+", groups["date"]))  # no number to count by
    return f"{rule.name} {number}".strip()


def _taken_off(rule: Announcement, match: re.Match[str], text: str, rest: str) -> Announced:
    title = title_of_work(rest, rule.kind)
    if title.isascii() and len(_WORD.findall(title)) < 2:
        title = text
    return Announced(rule.kind, _ordinal(rule, match), title)


def _eastern(text: str) -> Announced | None:
    found = eastern_announcement(text.translate(_STRAIGHT)) if _EAST.search(text) else None
    return Announced(found[0], "", found[1]) if found else None
