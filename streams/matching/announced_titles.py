"""The title of the work that an announcement is about, read from the text behind the announcement.

Publishers put more there than the title: quotation marks, the names of authors (`for Okafor et al., ...`, `by N. Okafor`), the
place in print (`[J. Reef Sci. 12 (2003) 34-56]`), the ending of a file.
"""

from __future__ import annotations

import re

__all__ = ["title_of_work"]

_ET_AL = re.compile(
    r"^.{0,80}?\bet al\b\.?,?(?:'?s\b)?(?:\s*\(?(?:19|20)\d\d[a-z]?\)?)?\s*[,:;.–—-]*\s*(?:on\b\s*|in\b\s*(?=\"))?"
)
_NAME = r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)?"
_TWO_NAMES = re.compile(rf"^\s*{_NAME}(?:,? (?:and|&) {_NAME})?,\s+(?=[A-Z\"])")
# As Pensoft cites: Okafor N, Lindqvist P (2019) Title. Reef Science 12: 34-56. https://...
_CITED = re.compile(r"^[^():\"]{3,300}?\s\((?:19|20)\d\d[a-z]?\)[.,:]?\s+(?=\S+\s\S)")
_INITIALS = re.compile(r"\w+ [A-Z]{1,3}\b")
_PLACE_BEHIND_CITED = re.compile(
    r"\.\s+[A-Z][^.]{2,60}\d[^.]*(?:\.\s*(?:https?|doi|10\.).*)?$|"
    r"\.\s+[A-Z][A-Za-z ]{3,40}[\d\s:–-]*(?:https?|doi).*$"
)
_INNER = r"(?:[^\[\]()]|\([^()]*\)|\[[^\[\]]*\])*"
_PLACE = re.compile(rf"\s*,?\s*[\[(](?=[^\d]*\d){_INNER}[\])][\s.]*$")
_YEAR_OR_DOI = re.compile(r"\b(?:1[89]|20)\d\d\b|10\.\d{4}")
# "... by N. Okafor and P. Lindqvist in Reef Science"
_BY_AUTHORS = re.compile(
    r"[,.]?\s+by (?:[A-Z][\w.'-]*(?:,? and |,? & |, | ))+(?:[A-Z][\w.'-]*|et al)\.?"
    r"(?: in (?:(?:of|and|the|for|in|&|[A-Z][\w&]*) ?)+)?\W*$"
)
_FILE_ENDING = re.compile(
    r"\.(?:docx?|pdf|xlsx?|csv|tsv|tiff?|jpe?g|png|gif|eps|zip|rar|gz|mp[34]|avi|mov|wmv|pptx?|txt|xml|json|html?|r|py|nex|"
    r"fas|fasta)$",
    re.IGNORECASE,
)
_MARKS = " :.,;-–—_"
_CLOSING = {'"': '"', "'": "'", "[": "]"}


def title_of_work(text: str, kind: str) -> str:
    """Return the title of a work from the text behind an announcement of a `kind`.

    The text must have straight quotation marks. `""` where it names authors and no title.
    """
    text = text.strip(_MARKS)
    if text[:1] in _CLOSING and (quoted := _unquoted(text)) != text:
        return "" if "et al" in quoted[:90] and not _ET_AL.sub("", quoted) else quoted.strip(_MARKS)
    text = _without_names(text, kind)
    if text[:1] in _CLOSING:
        text = _unquoted(text)
    if kind == "supplements":
        text = _FILE_ENDING.sub("", text)
    elif text[-1:] in ("]", ")", "."):
        text = _without_place(text)
    if " by " in text and kind not in ("corrects", "retracts"):
        text = _BY_AUTHORS.sub("", text) or text
    return text.strip(_MARKS)


def _without_names(text: str, kind: str) -> str:
    """Return the text without the authors before a title, and without what follows a title that is cited in full."""
    if "et al" in text[:90]:
        text = _ET_AL.sub("", text, count=1)
    elif (
        kind in ("corrects", "retracts")
        and (named := _TWO_NAMES.match(text))
        and (text[named.end()] == '"' or " and " in named[0])
    ):
        text = text[named.end() :]
    if "(" in text[:300] and (cited := _CITED.match(text)) and ("," in cited[0] or _INITIALS.match(cited[0])):
        text = _PLACE_BEHIND_CITED.sub("", text[cited.end() :])
    return text


def _without_place(text: str) -> str:
    """Return the title without the place in print behind it: `[J. Reef Sci. 12 (2003) 34-56]`."""
    place = _PLACE.search(text)
    return text[: place.start()] if place and _YEAR_OR_DOI.search(place[0]) and place.start() > 10 else text


def _unquoted(text: str) -> str:
    """Return the words inside the quotation marks with which a text begins.

    Return the whole text if only its first words are quoted, as in `"Big" data in ...`.
    """
    closing = _CLOSING[text[0]]
    at = len(text)
    while (at := text.rfind(closing, 1, at)) > 0:
        after = text[at + 1 :]
        if closing == "'" and after[:1].isalpha():
            continue  # an apostrophe
        if _ends_quotation(after.lstrip()):
            inner = text[1:at]
            return inner if len(inner) > 7 and " " in inner.strip() else text
    return text[1:] if closing != "]" and text.count(text[0]) == 1 else text


def _ends_quotation(after: str) -> bool:
    """Tell whether the text behind a quotation mark shows that the whole title was quoted."""
    return (
        not after
        or after[0] in "[(,.;:—–-"
        or after[0].isupper()
        or after.startswith(("by ", "in ", "published ", "and the author", "and reply", "and author"))
        or after == "and"
    )
