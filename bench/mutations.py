"""Changes to a record of a known pair: harmless ones, which leave it the same work, and decisive ones, which make it another.

Each is a row: code, meaning, and a function of the pair and a seeded random number generator that gives None where the change
does not apply. The word lists are our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeAlias

from msgspec.structs import replace

from streams.matching.features import IS_PREPRINT, extract
from streams.matching.words import is_word
from streams.normalize.text import normalize
from streams.records.record import Author, Identifier, Record

Changed: TypeAlias = Record | None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class Harmless(NamedTuple):
    """A change of one record after which the pair is still one work."""

    code: str
    meaning: str
    change: Callable[[Record, Random], Changed]


class Trio(NamedTuple):
    """A record, one that is the same work, and one that is another work and differs from the second in one thing alone."""

    a: Record
    same: Record
    other: Record


class Decisive(NamedTuple):
    """A change after which the pair is two works."""

    code: str
    meaning: str
    change: Callable[[Record, Record, Random], Trio | None]


# Harmless ------------------------------------------------------------------------------------------------------------


def _authors(record: Record, change: Callable[[Author], Author]) -> Changed:
    changed = tuple(map(change, record.authors))
    return replace(record, authors=changed) if changed != record.authors else None


def _misspelt_name(record: Record, random: Random) -> Changed:
    """Double a letter inside the longest word of an author's name."""
    people = [at for at, author in enumerate(record.authors) if _longest(author.name, 6)]
    if not people:
        return None
    at = random.choice(people)
    author = record.authors[at]
    word = _longest(author.name, 6)
    place = random.randint(2, len(word) - 2)
    wrong = word[:place] + word[place] + word[place:]
    changed = Author(
        author.name.replace(word, wrong),
        author.family.replace(word, wrong),
        author.given.replace(word, wrong),
        organization=author.organization,
    )
    return replace(record, authors=(*record.authors[:at], changed, *record.authors[at + 1 :]))


def _longest(text: str, least: int) -> str:
    words = [word for word in re.findall(r"\w+", text) if len(word) >= least and word.isalpha()]
    return max(words, key=len, default="")


def _initials(record: Record, _: Random) -> Changed:
    return _authors(record, _with_initials)


def _with_initials(author: Author) -> Author:
    if author.organization:
        return author
    if author.family:
        given = _short(author.given)
        return Author(f"{given} {author.family}".strip(), author.family, given)
    family, comma, given = author.name.partition(", ")
    if comma:
        return Author(f"{family}, {_short(given)}")
    *given_names, family = author.name.split() or [""]
    return Author(" ".join([*([_short(" ".join(given_names))] if given_names else []), family]))


def _short(given: str) -> str:
    return " ".join(f"{name[0]}." for name in re.split(r"[\s.-]+", given) if name)


def _subtitle_lost(record: Record, _: Random) -> Changed:
    if record.subtitle:
        return replace(record, subtitle="")
    main, colon, rest = record.title.partition(": ")
    return replace(record, title=main) if colon and len(main.split()) > 2 and rest else None


def _year(by: int) -> Callable[[Record, Random], Changed]:
    return lambda record, _: replace(record, date=str(record.year + by)) if record.year else None


def _lost(**empty: Any) -> Callable[[Record, Random], Changed]:
    def lose(record: Record, _: Random) -> Changed:
        return replace(record, **empty) if any(getattr(record, name) for name in empty) else None

    return lose


def _doi_lost(record: Record, _: Random) -> Changed:
    left = tuple(one for one in record.identifiers if one.scheme != "doi")
    return replace(record, identifiers=left) if left != record.identifiers else None


def _title(change: Callable[[str], str]) -> Callable[[Record, Random], Changed]:
    def alter(record: Record, _: Random) -> Changed:
        title = change(record.title)
        return replace(record, title=title) if title and title != record.title else None

    return alter


def _in_letters(change: Callable[[str], str]) -> Callable[[Record, Random], Changed]:
    """Return a change of letters alone: LaTeX commands in other letters would be no commands."""
    alter = _title(change)
    return lambda record, random: None if "\\" in record.title else alter(record, random)


def _without_accents(record: Record, _: Random) -> Changed:
    changed = replace(
        record,
        title=_plain(record.title),
        authors=tuple(
            Author(_plain(a.name), _plain(a.family), _plain(a.given), "", a.organization) for a in record.authors
        ),
    )
    same = changed.title == record.title and [a.name for a in changed.authors] == [a.name for a in record.authors]
    return None if same else changed


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def _turned_round(record: Record, _: Random) -> Changed:
    return replace(record, authors=record.authors[::-1]) if len(record.authors) > 1 else None


_SPELLINGS = tuple(
    tuple(pair.split("/"))
    for pair in _words(
        "behavior/behaviour color/colour tumor/tumour labor/labour neighbor/neighbour analyze/analyse "
        "modeling/modelling center/centre fiber/fibre anemia/anaemia edema/oedema estrogen/oestrogen "
        "fetal/foetal pediatric/paediatric leukemia/leukaemia hemoglobin/haemoglobin hematology/haematology "
        "ischemia/ischaemia ischemic/ischaemic randomized/randomised organization/organisation "
        "optimization/optimisation generalized/generalised characterization/characterisation "
        "program/programme aging/ageing sulfur/sulphur labeled/labelled signaling/signalling "
        "esophageal/oesophageal orthopedic/orthopaedic gynecology/gynaecology catalog/catalogue "
        "analog/analogue defense/defence"
    )
)


def _other_spelling(record: Record, _: Random) -> Changed:
    title = record.title
    for american, british in _SPELLINGS:
        for one, other in ((american, british), (british, american)):
            found = re.search(rf"\b{one}", title, re.IGNORECASE)
            if found and not title[found.start() :].lower().startswith(other):
                word = other.capitalize() if found.group()[0].isupper() else other
                return replace(record, title=title[: found.start()] + word + title[found.end() :])
    return None


_ACCENTS = {"\u0301": "'", "\u0300": "`", "\u0308": '"', "\u0302": "^", "\u0303": "~", "\u030c": "v ", "\u0327": "c "}
_SYMBOLS = {
    "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "δ": r"$\delta$", "λ": r"$\lambda$", "μ": r"$\mu$", "π": r"$\pi$",
    "σ": r"$\sigma$", "ω": r"$\omega$", "Λ": r"$\Lambda$", "Ω": r"$\Omega$", "√": r"$\sqrt{}$", "–": "--", "ß": r"{\ss}",
    "ø": r"{\o}", "Ø": r"{\O}", "ł": r"{\l}", "æ": r"{\ae}",
}  # fmt: skip


def _latex(record: Record, _: Random) -> Changed:
    changed = replace(
        record,
        title=_in_latex(record.title),
        authors=tuple(
            Author(_in_latex(a.name), _in_latex(a.family), _in_latex(a.given), "", a.organization)
            for a in record.authors
        ),
    )
    same = changed.title == record.title and [a.name for a in changed.authors] == [a.name for a in record.authors]
    return None if same else changed


def _in_latex(text: str) -> str:
    found = []
    for letter in unicodedata.normalize("NFC", text):
        base, *marks = list(unicodedata.normalize("NFD", letter))
        if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii():
            found.append(f"{{\\{_ACCENTS[marks[0]]}{base}}}")
        else:
            found.append(_SYMBOLS.get(letter, letter))
    return "".join(found)


def _typo(record: Record, random: Random) -> Changed:
    """Let two neighbouring letters of a long word change places, so that it is no word any more."""
    words = [word for word in re.findall(r"[^\W\d_]+", record.title) if len(word) >= 7]
    random.shuffle(words)
    for word in words:
        at = random.randint(2, len(word) - 3)
        wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if wrong != word and not is_word(normalize(wrong)):
            return replace(record, title=record.title.replace(word, wrong, 1))
    return None


_PAGES = re.compile(r"(\d{2,})\s*[-–]+\s*(\d{2,})")


def _last_page_cut(record: Record, _: Random) -> Changed:
    found = _PAGES.fullmatch(record.pages)
    if not found or len(found[1]) != len(found[2]):
        return None
    first, last = found.groups()
    kept = next((at for at in range(len(first)) if first[at] != last[at]), 0)
    return replace(record, pages=f"{first}-{last[kept:]}") if kept else None


def _journal_cut(record: Record, _: Random) -> Changed:
    words = record.journal.split()
    if len(words) < 2 or any("." in word for word in words):
        return None
    short = [
        word if len(word) < 6 else f"{word[:4]}." for word in words if word.lower() not in ("of", "the", "and", "for")
    ]
    return replace(record, journal=" ".join(short))


HARMLESS: tuple[Harmless, ...] = (
    Harmless("name misspelt", "a letter doubled in an author's name", _misspelt_name),
    Harmless("initials", "initials for all given names", _initials),
    Harmless("authors turned round", "the authors in the other order", _turned_round),
    Harmless("authors lost", "no authors", _lost(authors=())),
    Harmless("subtitle lost", "what follows the first colon is missing", _subtitle_lost),
    Harmless("upper case", "the title in capitals", _in_letters(str.upper)),
    Harmless("lower case", "the title in small letters", _in_letters(str.lower)),
    Harmless("accents lost", "no accents in title and names", _without_accents),
    Harmless("LaTeX", "accents, Greek letters and dashes in LaTeX", _latex),
    Harmless("British, American", "one word in the other spelling", _other_spelling),
    Harmless("typo", "two letters of a word change places", _typo),
    Harmless("footnote star", "a star at the title's end", _title(lambda title: f"{title}*")),
    Harmless("footnote 1", "a footnote's number at the title's end", _title(lambda title: f"{title} 1")),
    Harmless("full stop", "a full stop at the title's end", _title(lambda title: f"{title}.")),
    Harmless("year + 1", "the next year", _year(1)),
    Harmless("year - 1", "the year before", _year(-1)),
    Harmless("date lost", "no date", _lost(date="")),
    Harmless("journal lost", "no journal", _lost(journal="")),
    Harmless("journal abbreviated", "the words of the journal cut", _journal_cut),
    Harmless("volume lost", "neither volume nor issue", _lost(volume="", number="")),
    Harmless("pages lost", "no pages", _lost(pages="")),
    Harmless("last page cut", "221-8 for 221-228", _last_page_cut),
    Harmless("abstract lost", "no abstract", _lost(abstract="")),
    Harmless("DOI lost", "no DOI", _doi_lost),
)


# Decisive ------------------------------------------------------------------------------------------------------------


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
