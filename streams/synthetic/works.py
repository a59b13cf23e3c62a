"""Made-up works, in families: a plain paper alone, or a few works that are easily taken for one another.

A family is one of the traps real feeds set. The works of a family are distinct by definition, however alike
their titles, so truth is known by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from streams.synthetic.people import COLLABORATIONS, Person, make_person
from streams.synthetic.titles import abstract, proper, replace_slot, title
from streams.synthetic.vocabulary import FIELDS, GENERIC_TITLES, SHORT_TITLES, Field

__all__ = ["FAMILIES", "Work", "make_family"]

MONTHS = 31 * 12  # works are spread over 1995 to 2025


@dataclass(slots=True)
class Work:
    """One work with everything true about it; records are made from it by `streams.synthetic.drafts`.

    `preprint_title` differs from `title` only where the paper was renamed, `original_title` is set where it was
    written in another language. `relation` is (kind, DOI of the other work) as sources state it.
    """

    number: int
    kind: str
    field: Field
    title: str
    subtitle: str
    authors: tuple[Person, ...]
    year: int
    month: int
    arxiv: str
    doi: str
    journal: str
    volume: int
    issue: int
    page: int
    text: str
    collaboration: str = ""
    preprint_title: str = ""
    original_title: str = ""
    type: str = "journal-article"
    language: str = "en"
    relation: tuple[str, str] = ("", "")
    linked: bool = False

    @property
    def id(self) -> str:
        """The name of the true cluster."""
        return f"w{self.number}"


def make_family(rng: Random, number: int) -> list[Work]:
    """The works of one family, numbered from `number` on."""
    roll = rng.random()
    for share, family in FAMILIES:
        if roll < share:
            return family(rng, number)
        roll -= share
    return [_plain(rng, number)]


def _plain(rng: Random, number: int, kind: str = "plain") -> Work:
    field = FIELDS[int(rng.random() * len(FIELDS))]
    main, subtitle = title(rng, field)
    # The month follows the number, so that (month, running number) is a unique arXiv id as the real ones are.
    slot = number * 5 % MONTHS
    year, month = 1995 + slot // 12, slot % 12 + 1
    people = tuple(
        make_person(rng) for _ in range(1 + int(rng.random() ** 2.2 * (9 if field.name != "mathematics" else 3)))
    )
    return Work(
        number=number,
        kind=kind,
        field=field,
        title=main,
        subtitle=subtitle,
        authors=people,
        year=year,
        month=month,
        arxiv=_arxiv_id(field, year, month, number // MONTHS + 1) if rng.random() < 0.6 else "",
        doi=_doi(field, number, year) if rng.random() < 0.75 else "",
        journal=field.journals[int(rng.random() * len(field.journals))],
        volume=year - 1960 + int(rng.random() * 9),
        issue=1 + int(rng.random() * 12),
        page=1 + int(rng.random() * 2400),
        text=abstract(rng, field, main),
    )


def _arxiv_id(field: Field, year: int, month: int, running: int) -> str:
    yymm = f"{year % 100:02d}{month:02d}"
    if year >= 2015:
        return f"{yymm}.{running:05d}" if running <= 99_999 else ""
    if (year, month) >= (2007, 4):
        return f"{yymm}.{running:04d}" if running <= 9_999 else ""
    archive = field.categories[0].partition(".")[0]
    return f"{archive}/{yymm}{running:03d}" if running <= 999 and archive not in ("cs", "econ", "q-bio") else ""


def _doi(field: Field, number: int, year: int) -> str:
    style = number % 4
    if style == 0:
        return f"10.5555/{field.name[:4]}.{year}.{number:07d}"
    if style == 1:
        return f"10.5555/S0{number:09d}"
    if style == 2:
        return f"10.5555/J.{field.name[:3].upper()}.{year}.{number:06d}"
    return f"10.5555/{number + 3_000_000}.{number + 3_000_017}"


def _sibling(rng: Random, number: int) -> list[Work]:
    first = _plain(rng, number, "sibling")
    works = [first]
    for step in range(1, 2 + int(rng.random() * 2)):
        work = _twin(rng, first, number + step)
        work.title = replace_slot(rng, first.field, first.title)
        if work.title in {other.title for other in works}:
            work.title = f"{work.title} in the {proper(rng)} {('basin', 'model', 'cohort', 'limit')[number % 4]}"
        work.text = (
            abstract(rng, first.field, work.title)
            if rng.random() < 0.5
            else first.text.replace(first.title, work.title)
        )
        works.append(work)
    return works


def _part(rng: Random, number: int) -> list[Work]:
    first = _plain(rng, number, "part")
    parts = 2 + (rng.random() < 0.25)
    form, base = int(rng.random() * 4), first.title
    works = [first, *(_twin(rng, first, number + index) for index in range(1, parts))]
    for index, work in enumerate(works):
        roman, subject = ("I", "II", "III")[index], title(rng, first.field)[0]
        work.title = (
            f"{base} {roman}",
            f"{base}, Part {index + 1}",
            f"{base}. {roman}. {subject}",
            f"{base} ({roman})",
        )[form]
        work.subtitle = ""
    return works


def _annual(rng: Random, number: int) -> list[Work]:
    first = _plain(rng, number, "annual")
    field, same_words = first.field, rng.random() < 0.4
    subject = f"{field.objects[int(rng.random() * len(field.objects))]} in {proper(rng)}"
    works = []
    for step in range(2 + int(rng.random() * 3)):
        work = first if step == 0 else _twin(rng, first, number + step)
        work.year = first.year + step
        work.arxiv, work.subtitle, work.type = "", "", "report"
        work.title = f"Annual report on {subject}" + ("" if same_words else f", {work.year}")
        work.volume = first.volume + step
        work.text = ""
        works.append(work)
    return works


def _generic(rng: Random, number: int) -> list[Work]:
    words = GENERIC_TITLES[int(rng.random() ** 1.5 * len(GENERIC_TITLES))]
    works = [_plain(rng, number + step, "generic") for step in range(2)]
    for work in works:
        work.title, work.subtitle, work.arxiv, work.text, work.type = words, "", "", "", "editorial"
        work.authors = work.authors[:2]
        work.doi = work.doi or _doi(work.field, work.number, work.year)
    return works


def _derived(rng: Random, number: int) -> list[Work]:
    original = _plain(rng, number, "derived")
    original.doi = original.doi or _doi(original.field, number, original.year)
    notice = _twin(rng, original, number + 1)
    prefix, kind = (
        ("Erratum to: ", "corrects"),
        ("Erratum: ", "corrects"),
        ("Correction to: ", "corrects"),
        ("Corrigendum to ", "corrects"),
        ("Comment on ", "comments_on"),
        ("Reply to comment on ", "comments_on"),
        ("Retraction: ", "retracts"),
    )[int(rng.random() * 7)]
    notice.title = f"{prefix}“{original.title}”" if rng.random() < 0.4 else prefix + original.title
    if kind == "comments_on":
        notice.authors = tuple(make_person(rng) for _ in range(2))
    notice.year, notice.arxiv, notice.text = original.year + (rng.random() < 0.5), "", ""
    notice.doi, notice.relation = _doi(original.field, number + 1, notice.year), (kind, original.doi)
    notice.type = "erratum" if kind == "corrects" else "journal-article"
    return [original, notice]


def _retitled(rng: Random, number: int) -> list[Work]:
    work = _plain(rng, number, "retitled")
    work.arxiv = work.arxiv or _arxiv_id(work.field, work.year, work.month, number // MONTHS + 1)
    if not work.arxiv:  # before preprints there is nothing to rename
        work.kind = "plain"
        return [work]
    work.preprint_title = title(rng, work.field)[0]
    work.doi = work.doi or _doi(work.field, number, work.year)
    work.linked = True
    return [work]


def _template(rng: Random, number: int) -> list[Work]:
    first = _plain(rng, number, "template")
    target = f"{proper(rng)} bosons decaying to {('top', 'bottom', 'charm')[number % 3]} quark pairs"
    energies = rng.sample(("7", "8", "13", "13.6"), 2)
    works = []
    for step, energy in enumerate(energies):
        work = first if step == 0 else _twin(rng, first, number + step)
        work.title, work.subtitle = f"Search for {target} in pp collisions at √s = {energy} TeV", ""
        work.collaboration, work.authors = COLLABORATIONS[number % 2], work.authors[:1]
        work.year = first.year + 2 * step
        works.append(work)
    return works


def _namesake(rng: Random, number: int) -> list[Work]:
    words = SHORT_TITLES[int(rng.random() * len(SHORT_TITLES))]
    works = [_plain(rng, number + step, "namesake") for step in range(2)]
    for work in works:
        work.title, work.subtitle = words, ""
    return works


def _translated(rng: Random, number: int) -> list[Work]:
    work = _plain(rng, number, "translated")
    language, opening = (("de", "Über"), ("fr", "Étude sur"), ("es", "Sobre"), ("pt", "Análise de"))[number % 4]
    work.original_title = f"{opening} {proper(rng)} {proper(rng).lower()} {proper(rng).lower()}"
    work.language, work.arxiv, work.subtitle = language, "", ""
    work.doi = work.doi or _doi(work.field, number, work.year)
    work.linked = True
    return [work]


def _thesis(rng: Random, number: int) -> list[Work]:
    paper = _plain(rng, number, "thesis")
    paper.subtitle = ""
    thesis = _twin(rng, paper, number + 1)
    thesis.title, thesis.type, thesis.journal = paper.title, "dissertation", f"University of {proper(rng)}"
    thesis.authors, thesis.arxiv, thesis.doi, thesis.text = paper.authors[:1], "", "", ""
    thesis.page = thesis.volume = thesis.issue = 0
    thesis.year = paper.year + 1
    return [paper, thesis]


def _twin(rng: Random, work: Work, number: int) -> Work:
    """Another work by the same people in the same place soon after, with ids of its own."""
    slot = number * 5 % MONTHS
    year, month = 1995 + slot // 12, slot % 12 + 1
    return replace(
        work,
        number=number,
        year=work.year + (rng.random() < 0.3),
        arxiv=_arxiv_id(work.field, year, month, number // MONTHS + 1) if work.arxiv else "",
        doi=_doi(work.field, number, work.year) if work.doi else "",
        issue=work.issue + 1,
        page=work.page + 12 + int(rng.random() * 90),
    )


FAMILIES: tuple[tuple[float, Callable[[Random, int], list[Work]]], ...] = (
    (0.78, lambda rng, number: [_plain(rng, number)]),
    (0.04, _sibling),
    (0.025, _part),
    (0.02, _annual),
    (0.025, _generic),
    (0.03, _derived),
    (0.03, _retitled),
    (0.02, _template),
    (0.01, _namesake),
    (0.015, _translated),
    (0.005, _thesis),
)
