"""Statistics of records, and records made up from them that resemble real ones by what is frequent, and say nothing that is real.

A made-up record has the fields of a real one, filled anew: words follow each other as often as they do in titles and abstracts,
names are put together from parts that are frequent, journals, publishers, and beginnings of addresses and identifiers are
frequent ones, and all else is random. What occurs in fewer than `LEAST` records is in none of them. Addresses have the forms that
publishers give them (`bench/link_patterns.txt`), for sets of labelled records have few.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random

import msgspec

from streams.records.record import Author, Identifier, Record

__all__ = ["LEAST", "MadeUp"]

LEAST = 4
ABSTRACT = 300  # letters of an abstract that are made up
_TEXTS = ("journal", "publisher", "type", "language")
_CODES = ("volume", "number", "pages")
_BREAK = re.compile(r"[/.:_?=&-]+|(?<=[a-zA-Z])(?=\d)")
_WORD = re.compile(r"[^\W\d_]+")
_HEXADECIMAL = re.compile(r"(?=.*[a-f])[0-9a-f-]{8,}")
PATTERNS = Path(__file__).with_name("link_patterns.txt")
_LINKED = 0.6  # share of records whose addresses are made by the patterns
_GAP = re.compile(r"\{(\w+)\}")
_LONG = 5  # letters of an identifier that an address repeats


class _Draw:
    """Draws values as often as they were counted."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        kept = sorted(value for value, n in counts.items() if n >= LEAST and value)
        self._values, self._sums = kept, list(accumulate(counts[value] for value in kept))

    def __bool__(self) -> bool:
        return bool(self._values)

    def __call__(self, random: Random) -> str:
        return self._values[bisect(self._sums, random.random() * self._sums[-1])] if self._values else ""


class _Text:
    """Words that begin texts, and words that follow words."""

    def __init__(self, texts: Iterable[str]) -> None:
        first, words, pairs = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
        for text in texts:
            given = text.split(" ")
            first[given[0]] += 1
            words.update(set(given))
            for before, after in set(pairwise(given)):
                pairs[before][after] += 1
        self._first, self._words = _Draw(first), _Draw(words)
        self._next = {word: draw for word, after in pairs.items() if (draw := _Draw(after))}

    def make(self, length: int, random: Random) -> str:
        """Return a text of some words."""
        made = [self._first(random)] if length else []
        while len(made) < length:
            made.append(self._next.get(made[-1], self._words)(random))
        return " ".join(made)


class MadeUp:
    """Makes records up from the statistics of some."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._models = records
        self._titles = _Text({record.title for record in records if record.title})
        self._abstracts = _Text({record.abstract[:ABSTRACT] for record in records if record.abstract})
        parts = Counter(part for name in {a.name for r in records for a in r.authors} for part in name.split(" "))
        shapes = defaultdict[str, Counter[str]](Counter)
        for part, count in parts.items():
            shapes[_shape(part)][part] = count
        self._names = {shape: draw for shape, found in shapes.items() if (draw := _Draw(found))}
        self._texts = {name: _Draw(Counter(getattr(record, name) for record in records)) for name in _TEXTS}
        lines = [line.split() for line in PATTERNS.read_text().splitlines() if not line.startswith("#")]
        self._patterns = defaultdict[str, list[str]](list)
        for doi, address in lines:
            self._patterns[doi].append(address)
        begins = Counter(begin for r in records for code in _codes(r) for begin in set(_beginnings(code)))
        self._begins = frozenset(begin for begin, count in begins.items() if count >= LEAST)

    def make(self, count: int, seed: int = 1) -> Iterator[Record]:
        """Yield records; those of one seed are the same each time."""
        random = Random(seed)  # noqa: S311 - a seed makes dictionaries repeatable
        by_source = Counter(record.source for record in self._models)
        # A source of ten times as many records counts three times as much: sets of records are no picture of the world.
        weights = [by_source[record.source] ** -0.5 for record in self._models]
        for model in random.choices(self._models, weights, k=count):
            yield self._record(model, random)

    def _record(self, model: Record, random: Random) -> Record:
        known = {i.value: self._code(f"{i.scheme}:{i.value}", random).partition(":")[2] for i in model.identifiers}
        return msgspec.structs.replace(
            model,
            source_id=known.get(model.source_id) or self._code(model.source_id, random),
            title=self._title(model.title, random),
            subtitle=self._title(model.subtitle, random),
            other_titles=tuple(self._title(title, random) for title in model.other_titles),
            authors=tuple(self._author(author, random) for author in model.authors),
            abstract=self._abstracts.make(len(model.abstract[:ABSTRACT].split()), random)[:ABSTRACT],
            identifiers=tuple(Identifier(i.scheme, known[i.value]) for i in model.identifiers),
            urls=self._links(model, known, random) or tuple(self._address(url, known, random) for url in model.urls),
            relations=(),
            warnings=(),
            **{name: self._texts[name](random) if getattr(model, name) else "" for name in _TEXTS},
            **{name: _scrambled(getattr(model, name), random) for name in _CODES},
        )

    def _links(self, model: Record, known: Mapping[str, str], random: Random) -> tuple[str, ...]:
        """Return addresses by the patterns, for a share of the records that have some."""
        if not model.urls or random.random() > _LINKED:
            return ()
        doi = known.get(model.identifier("doi"), "")
        publisher = self._patterns.get(doi.partition("/")[0], [])
        chosen = [random.choice(patterns) for patterns in (publisher, self._patterns["*" if doi else "-"]) if patterns]
        return tuple(_filled(pattern, doi, random) for pattern in chosen)

    def _title(self, model: str, random: Random) -> str:
        return self._titles.make(len(model.split()), random)

    def _author(self, model: Author, random: Random) -> Author:
        return msgspec.structs.replace(
            model,
            name=self._name(model.name, random),
            family=self._name(model.family, random),
            given=self._name(model.given, random),
            orcid=_scrambled(model.orcid, random),
        )

    def _name(self, model: str, random: Random) -> str:
        parts = ((part, self._names.get(_shape(part))) for part in model.split(" ") if part)
        return " ".join(draw(random) if draw else _scrambled(part, random) for part, draw in parts)

    def _code(self, model: str, random: Random) -> str:
        begin = max((begin for begin in _beginnings(model) if begin in self._begins), key=len, default="")
        return begin + _scrambled(model[len(begin) :], random)

    def _address(self, model: str, known: Mapping[str, str], random: Random) -> str:
        for value, made in known.items():
            at = model.lower().find(value.lower())
            if at >= 0 and len(value) > _LONG:
                end = at + len(value)
                return self._code(model[:at], random) + made + _scrambled(model[end:], random)
        return self._code(model, random)


def _codes(record: Record) -> set[str]:
    return {record.source_id, *record.urls, *(f"{i.scheme}:{i.value}" for i in record.identifiers)}


def _beginnings(code: str) -> list[str]:
    return [code[: found.end()] for found in _BREAK.finditer(code)]


def _shape(part: str) -> str:
    """Return how a part of a name is written: `Ab` for a name, `A.` for an initial with its full stop."""
    return _WORD.sub(lambda word: "Ab"[: len(word[0])] if word[0][0].isupper() else "ab"[: len(word[0])], part)


def _filled(pattern: str, doi: str, random: Random) -> str:
    def fill(gap: re.Match[str]) -> str:
        shapes = {"doi": doi, "pii": "S" + "0" * 16, "time": "2" + "0" * 13, "x": "a" * random.randint(3, 9)}
        shape = shapes.get(gap[1], "0" * random.randint(3, 8))
        return (
            doi
            if gap[1] == "doi"
            else shape[0].replace("0", random.choice("123456789")) + _scrambled(shape[1:], random)
        )

    return _GAP.sub(fill, pattern)


def _scrambled(text: str, random: Random) -> str:
    """Return random letters and digits in place of those of a text."""
    if _HEXADECIMAL.fullmatch(text):
        return "".join(letter if letter == "-" else random.choice("0123456789abcdef") for letter in text)
    return "".join(_another(letter, random) for letter in text)


def _another(letter: str, random: Random) -> str:
    if letter.isdigit():
        return random.choice("0123456789")
    if letter.isalpha():
        made = random.choice("etaoinshrdlcumwfgypbvk")
        return made.upper() if letter.isupper() else made
    return letter
