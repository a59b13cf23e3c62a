"""Titles in two languages side by side: catalogues write `Titel = Title`, others `Titel [Title]` or `Titel / Title`.

Each language's title is a title of the work, so either may match a record that has only one. Other texts look the same
(`p = q`, a remark in brackets, the author behind a slash), so a second title must look like one: several words, the first with
a capital letter, and another language than the first by its script or its small words.
"""

from __future__ import annotations

import re

from streams.matching.title_notes import brackets_at_end

__all__ = ["parallel_titles"]

_SMALL_WORDS = {
    word: language
    for language, words in {
        "en": "the of and on for with from by to its are at between under during using through toward towards how what",
        "de": "der die das und von für mit im zur zum dem den eine einer über aus bei auf zwischen durch nach wie als unter",
        "fr": "le les du une dans sur pour par aux avec chez sous leur ses et est au",
        "es": "el los las del con por hacia según desde una los",
        "pt": "dos das uma ao à não são como pela pelo",
        "it": "il lo gli dei della delle degli di nel nella dello tra sul sulla",
        "nl": "het een van voor bij naar tussen met uit",
        "sv": "och för på ett det till som hos från av",
        "pl": "oraz przez się dla nad",
        "cs": "při ze pro jako",
        "tr": "ve ile için bir",
        "id": "dan di yang pada dengan untuk dari terhadap",
    }.items()
    for word in words.split()
}
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = tuple(
    re.compile(letters)
    for letters in (
        "[\u0400-\u04ff]", "[\u0370-\u03ff]{2}", "[\u0590-\u05ff]", "[\u0600-\u06ff]", "[\u0900-\u0dff]", "[\u0e00-\u0e7f]",
        "[\u3040-\u30ff\u4e00-\u9fff]", "[\uac00-\ud7af]",
    )
)  # fmt: skip
_WITHOUT_BLANKS = (6, 7)  # Thai; Chinese and Japanese
_EQUALS = re.compile(r"(?:(?<=[^\W\d_]{3})|(?<=[.?!)\]\"]))\s=\s(?=\W?[^\W\d_])")
_ANNOTATED = re.compile(
    r"\b(?:19|20)\d\d\b|\d+\s*[:(-]\s*\d|\bed(?:itor|s)?\b|\bguest\b|\bissue\b|\bvol\b", re.IGNORECASE
)


def parallel_titles(text: str) -> tuple[str, ...]:
    """Return the titles in two languages that a text has side by side, in order; the text alone where it is one title."""
    if " = " in text:
        parts = _EQUALS.split(text)
        if (
            len(parts) > 1
            and all(_is_title(part, 2) for part in parts)
            and (_are_long(parts) or _languages_differ(parts[0], parts[1]))
        ):
            return tuple(part.strip() for part in parts)
    if text[-1:] in ("]", ")") or text[-2:] in (").", "]."):
        at = brackets_at_end(text)
        if at > 4 and text[at - 1] in " .。" and " " in text[at:].strip() and len(text) - at > 10:
            outer, inner = text[:at].strip(" ."), text[at:].strip(" .;,")[1:-1]
            if _is_translation(outer, inner, text[at]):
                return outer, inner.strip(" .")
    elif text[:1] == "[" and "]" in text:
        inner, _, outer = text[1:].partition("]")
        if _is_title(inner, 3) and _is_title(outer, 3) and "[" not in inner:
            return outer.strip(" ."), inner.strip(" .")
    for mark in (" / ", " | ", " // ") if "/" in text or "|" in text else ():
        if mark in text:
            outer, _, inner = text.partition(mark)
            if _is_title(outer, 2) and _is_title(inner, 2) and mark not in inner and _languages_differ(outer, inner):
                return outer.strip(" ."), inner.strip(" .")
    return (text,)


def _are_long(parts: list[str]) -> bool:
    return all(len(_WORD.findall(part)) > 2 for part in parts)


def _is_title(text: str, words: int) -> bool:
    """Tell whether a text begins like a title and has at least `words` words, or letters of a script without blanks."""
    text = text.strip(" .\"'“”«»")
    if not text or text[0].islower():
        return False
    found = _WORD.findall(text)
    return (len(found) >= words and sum(map(len, found)) >= 4 * words) or (
        _script(text) in _WITHOUT_BLANKS and len(text) > 5
    )


def _is_translation(outer: str, inner: str, bracket: str) -> bool:
    if not (_is_title(outer, 2) or (_is_foreign(outer) and len(outer) > 9)) or not _is_title(inner, 2):
        return False
    if _languages_differ(outer, inner):
        return True
    return (
        bracket == "["
        and len(_WORD.findall(inner)) > 1
        and _is_foreign(outer)
        and not _is_foreign(inner)
        and not _ANNOTATED.search(inner)
    )


# Endings and letters that English words do not have: enough to tell a title from its English translation.
_FOREIGN = re.compile(
    r"[^\W\d_]{3}(?:ung|ungen|keit|heit|schaft|isch(?:en?|er|es)?|lich(?:en?|er|es)?|ción|cion|ciones|miento|mente|idad|zione|zioni|mento|ità|"
    r"tudes?|eux|euse|iques?|ção|ções|dade|heid|sche|stum|tums|ierung|enien|anska|ningen|osc|ość|ania|enie|ment[oi]|logie|grafie|graphie)\b|"
    r"[äöüßéèêàçñãõøåæłśżźćąęěščřžýůăţşğ]",
    re.IGNORECASE,
)


def _is_foreign(text: str) -> bool:
    return _language(text) not in ("", "en") or _FOREIGN.search(text) is not None


def _languages_differ(one: str, two: str) -> bool:
    if _script(one) != _script(two):
        return True
    first, second = _language(one), _language(two)
    return bool(first and second and first != second)


def _script(text: str) -> int:
    """Return the script of a text, as a number: 0 for Latin."""
    if text.isascii():
        return 0
    return next((number for number, script in enumerate(_SCRIPTS, 1) if script.search(text)), 0)


def _language(text: str) -> str:
    """Return the language of most small words of a text; `""` where it has none, or two languages have as many."""
    counted: dict[str, int] = {}
    for word in _WORD.findall(text.lower()):
        language = _SMALL_WORDS.get(word)
        if language:
            counted[language] = counted.get(language, 0) + 1
    if not counted:
        return ""
    most = max(counted.values())
    found = [language for language, count in counted.items() if count == most]
    return found[0] if len(found) == 1 else ""
