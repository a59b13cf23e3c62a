"""Any number of made-up records whose words and authors never run out: a feed that grows as a real one does.

The feed of `generator` draws from lists that end, so the larger it is the more of its records share a key. Here ranks of words and
persons are drawn from a power law without an end: new ones keep coming, ever more slowly (Heaps' law), and the frequent ones stay
frequent. A person writes about subjects of its own with the same co-authors, and families are shared, as names are. A record is
made from its number alone, so nothing is kept and copies of any earlier record can be made at any time.

    python -m streams.synthetic.growing --records 100000 --seed 1 --out feed.jsonl
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

import orjson

from streams.synthetic.documents import Document
from streams.synthetic.titles import typo

__all__ = ["growing_documents", "main", "works"]

_STRIDE = 0x9E3779B97F4A7C15  # spreads (seed, number) over the seeds of Random
_COPIES = 0.025  # of all records: a copy of an earlier one, as another catalog has it
_OWN_WORDS = 0.5  # of the words of a title: those of its first author's subjects
_SUBJECTS = 6  # words that a person writes about again and again
_WORDS = (300.0, 1.9)  # where the power law of words bends, and how fast it falls (the exponent of Zipf's law, 1 above)
_PERSONS = (2_200.0, 1.8)
_FAMILIES = (600.0, 1.6)
_ONSETS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z",
    "br", "cr", "dr", "fl", "gr", "pl", "pr", "sc", "sh", "sl", "sp", "st", "th", "tr",
)  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "io", "ou")
_CODAS = ("", "", "n", "r", "s", "l", "nd", "x")
_SYLLABLES = len(_ONSETS) * len(_VOWELS) * len(_CODAS)


def growing_documents(seed: int, records: int) -> Iterator[Document]:
    """Yield documents: the same seed gives the same feed, and a shorter feed is the beginning of a longer one."""
    for number in range(records):
        rng = _random(seed, number)
        original = _copied(number, rng)
        yield _document(number, rng) if original is None else _copy(seed, original, number, rng)


def works(seed: int, records: int) -> Iterator[int]:
    """Yield a number for the work of each document: documents with the same one are of one work.

    The copy of a record that is a copy itself is made from that record's number, so of another work, which has copies alone; it has
    a negative number.
    """
    copies: set[int] = set()
    for number in range(records):
        original = _copied(number, _random(seed, number))
        if original is None:
            yield number
        else:
            copies.add(number)
            yield -original if original in copies else original


def _copied(number: int, rng: Random) -> int | None:
    """Return the number of the record that this one is a copy of, None for most."""
    return int(rng.random() * number) if number and rng.random() < _COPIES else None


def _random(seed: int, number: int) -> Random:
    return Random((seed << 64) ^ (number * _STRIDE & 0xFFFFFFFFFFFFFFFF))  # noqa: S311 - not for secrets


def _rank(rng: Random, law: tuple[float, float]) -> int:
    bend, fall = law
    return int(min(bend * (rng.random() ** (-1.0 / (fall - 1.0)) - 1.0), 1e12))


@lru_cache(maxsize=32_768)
def _spelled(rank: int) -> str:
    """Return the word of a rank: the rarer the longer, and no two alike."""
    syllables = []
    number = rank
    while True:
        number, syllable = divmod(number, _SYLLABLES)
        syllable, coda = divmod(syllable * 1_009 % _SYLLABLES, len(_CODAS))
        onset, vowel = divmod(syllable, len(_VOWELS))
        syllables.append(_ONSETS[onset] + _VOWELS[vowel] + _CODAS[coda])
        if not number:
            return "".join(syllables) + ("ing", "s", "al", "ion", "ic", "er")[rank % 6]
        number -= 1


@lru_cache(maxsize=32_768)
def _person(number: int) -> tuple[str, tuple[str, ...]]:
    """Return the name of a person and the words of its subjects."""
    rng = _random(77, number)
    family = _spelled(_rank(rng, _FAMILIES)).capitalize()
    given = "ABCDEFGHIJKLMNOPRSTVWYZ"[int(rng.random() * 23)]
    return f"{given}. {family}", tuple(_spelled(_rank(rng, _WORDS)) for _ in range(_SUBJECTS))


def _document(number: int, rng: Random) -> Document:
    person = _rank(rng, _PERSONS)
    name, subjects = _person(person)
    words = [
        subjects[int(rng.random() * _SUBJECTS)] if rng.random() < _OWN_WORDS else _spelled(_rank(rng, _WORDS))
        for _ in range(4 + int(rng.random() * 6))
    ]
    team = [name, *(_person(person + 1 + int(rng.random() * 6))[0] for _ in range(int(rng.random() * 4)))]
    document: Document = {
        "source": f"catalog_{number % 3}",
        "id": str(number),
        "title": " ".join(words).capitalize(),
        "authors": list(dict.fromkeys(team)),
    }
    if rng.random() < 0.5:
        document["year"] = 1980 + int(rng.random() * 45)
    return document


def _copy(seed: int, original: int, number: int, rng: Random) -> Document:
    """Return a record of the work of an earlier one, with slips of its own."""
    document = _document(original, _original(seed, original))
    document |= {"source": f"catalog_{3 + number % 3}", "id": str(number)}
    if rng.random() < 0.2:
        document["title"] = typo(rng, document["title"])
    if rng.random() < 0.1:
        document["authors"] = document["authors"][:1]
    return document


def _original(seed: int, number: int) -> Random:
    rng = _random(seed, number)
    if number:
        rng.random()
    return rng


def main(arguments: list[str] | None = None) -> None:
    """Write a growing feed to a file, a document a line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    with chosen.out.open("wb") as out:
        for document in growing_documents(chosen.seed, chosen.records):
            out.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
