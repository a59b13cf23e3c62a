"""Changes after which the pair is two works, that differ in one thing alone (`bench/mutations.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from msgspec.structs import replace
from mutations import Decisive, Trio

from streams.matching.feature_values import IS_PREPRINT
from streams.matching.features import extract
from streams.records.record import Identifier, Record


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _sibling(record: Record, **changed: Any) -> Record:
    """Return a record without what two works cannot share: identifiers, place in print, abstract."""
    bare: dict[str, Any] = dict.fromkeys(("identifiers", "relations", "urls", "other_titles"), ())
    bare |= dict.fromkeys(("volume", "number", "pages", "abstract"), "")
    return replace(record, **(bare | changed))


def _retitled(a: Record, b: Record, title: str) -> Trio:
    return Trio(a, _sibling(b), _sibling(b, title=title))


def _ends_in_note(*records: Record) -> bool:
    """Return whether a title ends in an indexer's note or a cut, behind which no word of the title can stand."""
    return any(record.title.rstrip(" .,").endswith(("]", ")", ";", "\u2026")) for record in records)


def _both(a: Record, b: Record, one: str, other: str) -> Trio | None:
    """Return a pair with the same words behind both titles, and one with other words behind the second."""
    if _ends_in_note(a, b):
        return None
    longer = replace(a, title=f"{a.title} {one}", other_titles=())
    return Trio(longer, _sibling(b, title=f"{b.title} {one}"), _sibling(b, title=f"{b.title} {other}"))


_NUMBER = re.compile(r"(?<![\w.-])\d{1,3}(?![\w.-])")  # not the number of a name, as COVID-19


def _other_number(a: Record, b: Record, random: Random) -> Trio | None:
    found = list(_NUMBER.finditer(b.title))
    if not found or not _NUMBER.search(a.title):
        return None
    at = random.choice(found)
    return _retitled(a, b, b.title[: at.start()] + str(int(at.group()) + random.randint(1, 3)) + b.title[at.end() :])


def _part_two(a: Record, b: Record, random: Random) -> Trio | None:
    if _ends_in_note(b) or re.search(r"(\d|\b[IVX]+)\W*$", b.title):
        return None
    return _retitled(a, b, b.title.rstrip(". ") + random.choice((" II", ": Part II", ", part 2", ". 2")))


_MONTHS = _words("January February March April May June July August September October November December")


def _other_month(a: Record, b: Record, random: Random) -> Trio | None:
    one, other = random.sample(_MONTHS, 2)
    return _both(a, b, f"- {one} 2014", f"- {other} 2014")


_NEGATIONS = (
    (" with ", " without "),
    (" is ", " is not "),
    (" are ", " are not "),
    (" can ", " cannot "),
    (" does ", " does not "),
)


def _negated(a: Record, b: Record, _: Random) -> Trio | None:
    for plain, negated in _NEGATIONS:
        if plain in b.title and negated not in b.title:
            return _retitled(a, b, b.title.replace(plain, negated, 1))
    return None


_ORGANISMS = _words(
    "rats mice rabbits dogs pigs sheep horses chickens zebrafish humans monkeys cats goats salmon trout"
)
_DRUGS = _words(
    "metformin insulin aspirin ibuprofen warfarin heparin morphine ketamine tamoxifen cisplatin "
    "omeprazole simvastatin prednisone lithium clozapine ritonavir amoxicillin vancomycin liraglutide "
    "sitagliptin"
)
_PLACES = _words(
    "Kenya Peru Norway Vietnam Brazil Canada Egypt Ghana Iran Iraq India Japan China Germany France Spain "
    "Italy Sweden Turkey Mexico Chile Nigeria Uganda Tanzania Ethiopia Nepal Pakistan Bangladesh Thailand "
    "Malaysia Australia Austria Zambia Gambia London Paris Berlin Vienna Tokyo Boston Chicago"
)


def _swapped(kind: Sequence[str], behind: str) -> Callable[[Record, Record, Random], Trio | None]:
    """Return a change that puts another of a kind into the title; into both titles one of the kind where there is none."""

    def swap(a: Record, b: Record, random: Random) -> Trio | None:
        for word in kind:
            found = re.search(rf"\b{word}\b", b.title, re.IGNORECASE)
            if found and re.search(rf"\b{word}\b", a.title, re.IGNORECASE):
                other = random.choice([one for one in kind if one != word])
                return _retitled(a, b, b.title[: found.start()] + other + b.title[found.end() :])
        one, other = random.sample(list(kind), 2)
        return _both(a, b, f"{behind} {one}", f"{behind} {other}")

    return swap


def _other_arxiv(a: Record, b: Record, random: Random) -> Trio | None:
    value = a.identifier("arxiv")
    return _identified(a, b, Identifier("arxiv", value), _next(value, random)) if value else None


def _other_pmid(a: Record, b: Record, random: Random) -> Trio:
    """Return a pair that has a PubMed id, made up where there is none, and one with another."""
    value = a.identifier("pmid") or str(random.randint(20_000_000, 30_000_000))
    named = Identifier("pmid", value)
    first = replace(a, identifiers=(*(one for one in a.identifiers if one.scheme != "pmid"), named))
    return _identified(first, b, named, _next(value, random))


def _identified(a: Record, b: Record, shared: Identifier, other: str) -> Trio:
    return Trio(a, _sibling(b, identifiers=(shared,)), _sibling(b, identifiers=(shared._replace(value=other),)))


def _other_doi(*, year: bool) -> Callable[[Record, Record, Random], Trio | None]:
    """Return a change of a publisher's DOI, and with it of the year."""

    def change(a: Record, b: Record, random: Random) -> Trio | None:
        value = a.identifier("doi")
        if not any(letter.isdigit() for letter in value[8:]) or _is_preprint(a) or _is_preprint(b):
            return None
        if year and not (a.year and b.year):
            return None
        date = str(a.year + 1) if year else b.date
        same = _sibling(b, identifiers=(Identifier("doi", value),))
        return Trio(a, same, _sibling(b, identifiers=(Identifier("doi", _next(value, random)),), date=date))

    return change


def _is_preprint(record: Record) -> bool:
    return bool(extract(record).flags & IS_PREPRINT)


def _next(value: str, random: Random) -> str:
    """Return an identifier with another number at its end."""
    *_, last = re.finditer(r"\d+", value)
    number = str(int(last.group()) + random.randint(1, 8)).zfill(len(last.group()))
    return value[: last.start()] + number[-max(len(last.group()), 1) :] + value[last.end() :]


_COLUMNS = ("Editorial", "Letters to the editor", "Book reviews", "News", "President's message", "In this issue")


def _other_issue(a: Record, b: Record, random: Random) -> Trio:
    """Return two records of one column, printed at one place, and one of the issue after."""
    title, number, page = random.choice(_COLUMNS), random.randint(1, 4), random.randint(1, 400)
    first, same = (
        _sibling(
            one,
            title=title,
            subtitle="",
            volume="12",
            number=str(number),
            pages=str(page),
            journal=a.journal,
            date=a.date,
        )
        for one in (a, b)
    )
    return Trio(first, same, replace(same, number=str(number + 1), pages=str(page + 100)))


def _other_place(a: Record, b: Record, random: Random) -> Trio | None:
    if not (a.volume.isdigit() and a.year and re.match(r"\d+", a.pages)):
        return None
    same = _sibling(b, volume=a.volume, pages=a.pages, date=a.date)
    page = random.randint(400, 900)
    other = _sibling(b, volume=str(int(a.volume) + 2), pages=f"{page}-{page + 9}", date=str(a.year + 2))
    return Trio(a, same, other)


DECISIVE: tuple[Decisive, ...] = (
    Decisive("number", "another number in the title", _other_number),
    Decisive("part II", "a part number behind the title", _part_two),
    Decisive("month", "another month behind the title", _other_month),
    Decisive("negation", "the title denies", _negated),
    Decisive("organism", "another organism in the title", _swapped(_ORGANISMS, "in")),
    Decisive("drug", "another drug in the title", _swapped(_DRUGS, "after")),
    Decisive("place", "another country or city in the title", _swapped(_PLACES, "in")),
    Decisive("DOI", "another DOI of the publisher", _other_doi(year=False)),
    Decisive("DOI and year", "another DOI of the publisher, and the next year", _other_doi(year=True)),
    Decisive("arXiv id", "another arXiv id", _other_arxiv),
    Decisive("PubMed id", "another PubMed id", _other_pmid),
    Decisive("issue of a column", "a column's title, and the next issue", _other_issue),
    Decisive("volume, page, year", "another place in print, two years later", _other_place),
)
