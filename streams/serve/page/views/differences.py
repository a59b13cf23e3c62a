"""Compares what two records say field by field, and marks the words in which they differ. Pure.

Words are compared without case, accents and punctuation, as matching does: what is left unmarked would not count as a difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Literal

import msgspec

from streams.records.record import Record

__all__ = [
    "FieldRow", "Segment", "Segments", "State", "compare_lists", "compare_names", "compare_texts", "field_texts", "name_key",
    "side_by_side",
]  # fmt: skip

_MOST_WORDS = 400
"""Words of a text that are compared: some milliseconds."""
_MOST_NAMES = 30
_MOST_ENTRIES = 12
_WORD = re.compile(r"\S+\s*")

State = Literal["same", "alike", "differs", "only_a", "only_b"]


class Segment(msgspec.Struct, frozen=True):
    """A piece of a text; `differs`: the other text has not these words here."""

    text: str
    differs: bool = False


Segments = tuple[Segment, ...]


class FieldRow(msgspec.Struct, frozen=True, kw_only=True):
    """A field of two records. `a` and `b` are lines: one for most fields, one an entry for identifiers.

    `state`: `same` to the letter, `alike` but for case, accents and punctuation, `differs`, or given by one side alone.
    """

    field: str
    label: str
    state: State
    a: tuple[Segments, ...]
    b: tuple[Segments, ...]


def compare_texts(a: str, b: str) -> tuple[Segments, Segments]:
    """Return two texts in pieces, the words that differ marked; of a long text its beginning."""
    if not a or not b:
        return _whole(a), _whole(b)
    mine, theirs = _words(a), _words(b)
    left, right = [_plain(word) for word in mine], [_plain(word) for word in theirs]
    first: list[Segment] = []
    second: list[Segment] = []
    for tag, start, end, begin, stop in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        _add(first, "".join(mine[start:end]), differs=tag != "equal" and any(left[start:end]))
        _add(second, "".join(theirs[begin:stop]), differs=tag != "equal" and any(right[begin:stop]))
    return tuple(first), tuple(second)


def compare_lists(a: Sequence[str], b: Sequence[str]) -> tuple[tuple[Segments, ...], tuple[Segments, ...]]:
    """Return two lists as lines, the entries that the other list has not marked."""

    def lines(mine: Sequence[str], theirs: Sequence[str]) -> tuple[Segments, ...]:
        known = set(theirs)
        shown = [(Segment(entry, bool(known) and entry not in known),) for entry in mine[:_MOST_ENTRIES]]
        if len(mine) > _MOST_ENTRIES:
            shown.append((Segment(f"and {len(mine) - _MOST_ENTRIES} more"),))
        return tuple(shown)

    return lines(a, b), lines(b, a)


def compare_names(a: Sequence[str], b: Sequence[str], most: int = _MOST_NAMES) -> tuple[Segments, Segments]:
    """Return two lists of authors in one line each, the names that the other list has not marked.

    The order of the words in a name is no difference, so `Reef, Ada` is `Ada Reef`. Without names on one side nothing is marked.
    """
    keys = [{name_key(name) for name in names} for names in (a, b)]

    def line(names: Sequence[str], known: set[str]) -> Segments:
        found: list[Segment] = []
        for place, name in enumerate(names[:most]):
            _add(found, name, differs=bool(known) and name_key(name) not in known)
            if place + 1 < len(names):
                _add(found, "; ", differs=False)
        if len(names) > most:
            _add(found, f"and {len(names) - most:,} more", differs=False)
        return tuple(found)

    return line(a, keys[1]), line(b, keys[0])


def name_key(name: str) -> str:
    """Return a name without case, accents, punctuation and the order of its words."""
    return " ".join(sorted(filter(None, (_plain(word) for word in re.split(r"[\s,.]+", name)))))


def field_texts(record: Record) -> dict[str, str]:
    """Return the fields of a record that have one value, as text by name; absent ones are empty."""
    return {name: read(record) for name, _, read in _FIELDS}


def side_by_side(a: Record, b: Record) -> tuple[FieldRow, ...]:
    """Return the fields that one of two records has or both have, title and authors first."""
    rows = [row for name, label, read in _FIELDS if (row := _row(name, label, read(a), read(b)))]
    rows = [_named(row, a, b) if row.field == "authors" and row.a and row.b else row for row in rows]
    for name, label, entries in _LISTS:
        mine, theirs = entries(a), entries(b)
        if mine or theirs:
            left, right = compare_lists(mine, theirs)
            state = _state(bool(mine), bool(theirs), "same" if set(mine) == set(theirs) else "differs")
            rows.append(FieldRow(field=name, label=label, state=state, a=left, b=right))
    order = {name: place for place, name in enumerate(_ORDER)}
    return tuple(sorted(rows, key=lambda row: order[row.field]))


def _row(name: str, label: str, a: str, b: str) -> FieldRow | None:
    if not a and not b:
        return None
    left, right = compare_texts(a, b)
    marked = any(segment.differs for segment in (*left, *right))
    state = _state(bool(a), bool(b), "same" if a == b else "differs" if marked else "alike")
    return FieldRow(field=name, label=label, state=state, a=(left,) if a else (), b=(right,) if b else ())


def _named(row: FieldRow, a: Record, b: Record) -> FieldRow:
    """Return the row of authors with whole names marked, for the order of words in a name is no difference."""
    left, right = compare_names([author.name for author in a.authors], [author.name for author in b.authors])
    differs = any(segment.differs for segment in (*left, *right))
    state: State = "same" if row.state == "same" else "differs" if differs else "alike"
    return msgspec.structs.replace(row, state=state, a=(left,), b=(right,))


def _state(has_a: bool, has_b: bool, both: State) -> State:
    return both if has_a and has_b else "only_a" if has_a else "only_b"


def _whole(text: str) -> Segments:
    return (Segment(text),) if text else ()


def _words(text: str) -> list[str]:
    found = _WORD.findall(text)
    return [*found[:_MOST_WORDS], "…"] if len(found) > _MOST_WORDS else found


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def _add(segments: list[Segment], text: str, *, differs: bool) -> None:
    if not text:
        return
    if differs and (word := text.rstrip()) != text:  # the space behind a word is not marked
        _add(segments, word, differs=True)
        _add(segments, text[len(word) :], differs=False)
        return
    if segments and segments[-1].differs == differs:
        segments[-1] = Segment(segments[-1].text + text, differs)
    else:
        segments.append(Segment(text, differs))


def _title(record: Record) -> str:
    return ": ".join(part for part in (record.title, record.subtitle) if part)


def _authors(record: Record) -> str:
    names = [author.name for author in record.authors[:_MOST_NAMES]]
    left = len(record.authors) - len(names)
    more = [f"and {left} more"] if left else [] if record.authors_complete else ["and others"]
    return "; ".join(names + more)


_FIELDS: Sequence[tuple[str, str, Callable[[Record], str]]] = (
    ("title", "Title", _title),
    ("other_titles", "Other titles", lambda record: "; ".join(record.other_titles)),
    ("authors", "Authors", _authors),
    ("date", "Date", lambda record: record.date),
    ("type", "Type", lambda record: record.type),
    ("journal", "Journal", lambda record: record.journal),
    ("volume", "Volume", lambda record: record.volume),
    ("number", "Issue", lambda record: record.number),
    ("pages", "Pages", lambda record: record.pages),
    ("publisher", "Publisher", lambda record: record.publisher),
    ("language", "Language", lambda record: record.language),
    ("version", "Version", lambda record: str(record.version or "")),
    ("abstract", "Abstract", lambda record: record.abstract),
)
_LISTS: Sequence[tuple[str, str, Callable[[Record], list[str]]]] = (
    ("identifiers", "Identifiers", lambda record: [f"{each.scheme} {each.value}" for each in record.identifiers]),
    (
        "relations",
        "Relations",
        lambda record: [f"{each.kind.replace('_', ' ')} {each.scheme} {each.value}" for each in record.relations],
    ),
    ("urls", "Links", lambda record: list(record.urls)),
)
_ORDER = (
    "title", "other_titles", "authors", "date", "identifiers", "type", "journal", "volume", "number", "pages", "publisher",
    "language", "version", "relations", "urls", "abstract",
)  # fmt: skip
