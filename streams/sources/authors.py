"""Author names as feeds write them, parsed into `Author`.

`family` and `given` are filled where the source says which is which: with fields of their own, with
a comma (`Family, Given`), or with initials behind the family name (`Family F. M.`, as PubMed does).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from streams.normalize.names import is_degree, may_be_initials, without_marks
from streams.normalize.placeholders import is_missing
from streams.records.record import Author
from streams.sources.record_builder import MAX_AUTHORS, RecordBuilder, fold

__all__ = ["from_items", "from_name", "from_parts", "is_et_al", "is_group", "orcid", "split_free_text", "split_list"]

MAX_NAME = 300
_ET_AL = re.compile(
    r"\s*[,;]?\s*\b(?:et\.?\s*al(?:ii|iae|\b)\.?|and\s+others|u\.\s?a\.)\s*$|^\s*(?:\.{3}|…)\s*$|^\(?:etal\)?$",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.[\s-]*){1,5}|[A-Z]{1,3}|(?:[A-Z]\s){1,3}[A-Z]")
_DOTTED = re.compile(r"(?:[^\W\d_]\.[\s-]*){1,5}")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?\s?d|m\.?d|esq)\.?", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(?:collaborations?|consortium|working group|task force|study group|project team)\b", re.IGNORECASE
)
_ORCID = re.compile(r"(\d{4}-?\d{4}-?\d{4}-?\d{3}[\dXx])/?$")


def orcid(value: Any) -> str:
    """Return an ORCID as `0000-0002-1825-0097`, from a URL or bare, `""` where the value is none."""
    match = _ORCID.search(value.strip()) if isinstance(value, str) and len(value) < 100 else None
    if match is None:
        return ""
    digits = match[1].replace("-", "").upper()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"


def is_et_al(name: str) -> bool:
    """Tell whether a name is, or ends with, words that say authors were left out: `et al.`, `and others`."""
    end = name[-7:]  # the words are at the end or are all there is
    return ("al" in end or "thers" in end or "…" in end or "..." in end) and _ET_AL.search(name) is not None


def is_group(name: str) -> bool:
    """Tell whether a name is that of a collaboration or another group."""
    # Substrings first: the pattern would cost more than all the rest of reading a name.
    if "oup" in name or "llab" in name or "orce" in name or "orti" in name or "eam" in name or name.isupper():
        return _GROUP.search(name) is not None
    return False


# Cached, for few different initials occur in the place of a degree.
_is_degree = lru_cache(maxsize=4096)(is_degree)


def _is_behind_name(family: str, text: str) -> bool:
    """Tell whether a text behind a comma is a suffix or a degree rather than given names or initials."""
    return _is_degree(text) and not may_be_initials(family, text)


def _cleaned(name: str) -> str:
    """Return a name with its entities decoded and without the marks of footnotes behind it: `Smith1,2`, `Smith*`."""
    if "&" in name:
        name = html.unescape(html.unescape(name))
    if name[-4:].isdigit() and name[-5:-4] == " ":  # DBLP's "Wei Li 0001"
        return name
    return without_marks(name) or name


def from_parts(family: str, given: str, *, name: str = "", suffix: str = "", orcid: str = "") -> Author:
    """Make an author of separate fields; the display name is given name, family name, suffix."""
    shown = name or " ".join(part for part in (given, family, suffix) if part)
    group = not given and is_group(family)
    return Author(shown, "" if group else family, given, orcid, group)


def from_name(name: str, *, orcid: str = "", organization: bool = False) -> Author:
    """Make an author of one text, whose whitespace is folded already."""
    if organization or is_group(name):
        return Author(name, "", "", orcid, True)
    last = name[-1:]
    if "&" in name or not (last.isalpha() or last == "."):
        name = _cleaned(name)
        last = name[-1:]
    if "," in name:
        family, _, given = name.partition(",")
        given = given.strip()
        family = family.strip()
        if family and not (family[-1].isalpha() or family[-1] == "."):
            family = without_marks(family)
            name = f"{family}, {given}"
        is_word = given[1:].islower() and len(given) > 3  # as given names are, but no degree
        if family and given and "," not in given and (is_word or not _is_behind_name(family, given)):
            return Author(name, family, given, orcid)
        return Author(name, "", "", orcid)
    if last == "." or last.isupper():
        family, space, initials = name.partition(" ")
        while space:
            if _INITIALS.fullmatch(initials) and not _SUFFIX.fullmatch(initials) and not _INITIALS.fullmatch(family):
                return Author(name, family, initials, orcid)
            word, space, initials = initials.partition(" ")
            family = f"{family} {word}"
    return Author(name, "", "", orcid)


# The fields that Semantic Scholar and CORE have beside an author's name do not say which part is the family name.
_NAME_ALONE = frozenset(("name", "authorId", "ids", "url"))


def from_items(items: Iterable[Any], builder: RecordBuilder, field: str = "authors") -> tuple[list[Author], bool]:
    """Read the authors of a list of names or objects in any shape that feeds use, and tell whether the list is whole."""
    authors: list[Author] = []
    complete = True
    for item in items:
        name = item
        if isinstance(item, dict):
            name = item.get("name")
            if (name is None or not item.keys() <= _NAME_ALONE) and (author := _from_object(item, builder, field)):
                authors.append(author)
                continue
        author, is_whole = _from_text(builder.text(name, field, MAX_NAME))
        if author:
            authors.append(author)
        if not is_whole:
            complete = False
    return authors, complete


@lru_cache(maxsize=32_768)
def _from_text(name: str) -> tuple[Author | None, bool]:
    """Return the author whose name a text is, if any, and whether no others are left out; cached, for authors recur."""
    is_whole = not is_et_al(name)
    if not is_whole:
        name = _ET_AL.sub("", name).strip()
    if name and (" " in name or not is_missing(name)):
        author = from_name(name)
        if author.name == name or not is_missing(author.name):  # "?" is left of "0?" without its mark
            return author, is_whole
    return None, is_whole


def _from_object(item: dict[str, Any], builder: RecordBuilder, field: str) -> Author | None:
    """Read the author of an object with parts or a flag; None where the object has a name only."""
    family = builder.text(item.get("family") or item.get("surname"), field, MAX_NAME)
    given = builder.text(item.get("given") or item.get("given_name"), field, MAX_NAME)
    name = builder.text(item.get("name") or item.get("raw_name") or item.get("raw_author_name"), field, MAX_NAME)
    person = orcid(identifier) if (identifier := item.get("orcid") or item.get("ORCID")) else ""
    if family and not is_missing(family):
        suffix = builder.text(item["suffix"], field, 20) if "suffix" in item else ""
        return from_parts(family, given, name=name, suffix=suffix, orcid=person)
    name = name or given or builder.text(item.get("literal"), field, MAX_NAME)
    if not name or is_et_al(name) or is_missing(name):
        return None
    return from_name(name, orcid=person, organization=item.get("organization") is True)


def split_list(text: str) -> list[str]:
    """Split a list of names written as one text: at `;`, at ` and ` or, where it is clear, at commas."""
    text = fold(text[: MAX_NAME * MAX_AUTHORS])
    if "&" in text and ";" in text:
        text = html.unescape(html.unescape(text))
    if ";" in text:
        return [name for part in text.split(";") if (name := part.strip().removeprefix("and ").strip())]
    if " and " in text or " & " in text:
        parts = re.split(r",?\s+(?:and|&)\s+", text)
        if all(part.count(",") == 1 for part in parts):
            return [part.strip() for part in parts]
        return [name for part in parts for name in _at_commas(part)]
    return _at_commas(text)


def _at_commas(text: str) -> list[str]:
    """Split a text at commas into pairs of family name and initials, or whole names; one comma is `Family, Given`."""
    parts = [part for raw in text.split(",") if (part := raw.strip())]
    if len(parts) % 2 == 0 and parts and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    if len(parts) == 2 and " " not in parts[0]:
        return [", ".join(parts)]
    joined: list[str] = []
    for part in parts:
        if joined and _is_behind_name(joined[-1], part):
            joined[-1] += f", {part}"
        else:
            joined.append(part)
    return joined


_FOR_GROUP = re.compile(r"\b(?:for|on\s+behalf\s+of|representing)\s+(?=the\b|[A-Z])", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[,;]\s*(?:and\s+|&\s+)?|\s+(?:and|&)\s+", re.IGNORECASE)


def _without_parentheses(text: str) -> tuple[str, list[str]]:
    """Return a text without its (nested) parentheses, and the texts inside them."""
    kept: list[str] = []
    pieces: list[str] = []
    depth = 0
    for part in re.split(r"([()])", text):
        if part == "(":
            depth += 1
            if depth == 1:
                pieces.append("")
        elif part == ")":
            depth = max(depth - 1, 0)
        elif depth:
            pieces[-1] += part
        else:
            kept.append(part)
    return " ".join(kept), pieces


def split_free_text(text: str, builder: RecordBuilder) -> tuple[list[Author], bool]:
    """Read the authors of arXiv's free-text field, and tell whether the list is whole.

    `A. B., C. D. and E. F. (for the XYZ Collaboration)`: affiliations and their numbers in
    parentheses are dropped, a collaboration named there or after a colon is kept as an organization.
    """
    text = fold(text[: MAX_NAME * MAX_AUTHORS])
    text, pieces = _without_parentheses(text)
    groups = [piece for piece in pieces if _GROUP.search(piece) and len(piece) < MAX_NAME]
    before, colon, after = text.partition(":")
    if colon and _GROUP.search(before):
        groups.append(before)
        text = after
    authors: list[Author] = []
    complete = not is_et_al(text)
    if not complete:
        text = _ET_AL.sub("", text)
    for raw in _SEPARATOR.split(text):
        name, _, group = (raw, "", "") if not _GROUP.search(raw) else _FOR_GROUP.sub("\n", raw, 1).partition("\n")
        if group:
            groups.append(group)
        name = fold(name)[:MAX_NAME]
        if authors and name and _SUFFIX.fullmatch(name):
            authors[-1] = Author(f"{authors[-1].name}, {name}")
        elif name:
            # Here a comma always separates, so a name never is `Family, Given`.
            authors.append(Author(name, organization=_GROUP.search(name) is not None))
    for group in groups:
        name = fold(_FOR_GROUP.sub("", group, 1))
        if name and name not in {author.name for author in authors}:
            authors.append(Author(name, organization=True))
    if len(authors) > MAX_AUTHORS:
        builder.warn("authors", f"cut at {MAX_AUTHORS} members")
        return authors[:MAX_AUTHORS], False
    return authors, complete
