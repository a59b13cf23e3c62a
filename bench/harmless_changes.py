"""Changes of one record after which the pair is still one work (`bench/mutations.py`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Any

from msgspec.structs import replace
from mutations import Changed, Harmless

from streams.matching.words import is_word
from streams.normalize.text import normalize
from streams.records.record import Author, Record


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
    for pair in (  # noqa: SIM905 - a list of words is easier to read so
        "behavior/behaviour color/colour tumor/tumour labor/labour neighbor/neighbour analyze/analyse "
        "modeling/modelling center/centre fiber/fibre anemia/anaemia edema/oedema estrogen/oestrogen "
        "fetal/foetal pediatric/paediatric leukemia/leukaemia hemoglobin/haemoglobin hematology/haematology "
        "ischemia/ischaemia ischemic/ischaemic randomized/randomised organization/organisation "
        "optimization/optimisation generalized/generalised characterization/characterisation "
        "program/programme aging/ageing sulfur/sulphur labeled/labelled signaling/signalling "
        "esophageal/oesophageal orthopedic/orthopaedic gynecology/gynaecology catalog/catalogue "
        "analog/analogue defense/defence"
    ).split()
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
