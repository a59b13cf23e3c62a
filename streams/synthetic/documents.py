"""Made-up documents of each source about a work, with the errors of that source.

The errors are those of real sources; every probability is multiplied by `noise`, so 0 gives faithful copies.
"""

from __future__ import annotations

from base64 import b32encode
from random import Random
from typing import Any

from streams.synthetic.people import FORMS, Person, make_person, name_ascii, name_swapped
from streams.synthetic.titles import ascii_title, capitalised, latex, typo
from streams.synthetic.works import Work

__all__ = ["Document", "make_documents", "newer", "sources_of"]

Document = dict[str, Any]

# The probability that a source repeats the abstract; sources that are not listed never do.
_ABSTRACT = {
    "arxiv": 1.0,
    "semantic_scholar": 0.5,
    "crossref": 0.35,
    "openalex": 0.5,
    "core": 0.8,
    "papers_with_code": 1.0,
}
_DOI_FORMS = ("https://doi.org/{}", "http://dx.doi.org/{}", "doi:{}", "{}.")


def sources_of(work: Work, rng: Random) -> list[str]:
    """Choose the sources that hold a record of the work: one to six, `document` standing for library exports."""
    random = rng.random
    if work.field.name == "medicine" and random() < 0.5:
        return ["document"] * (1 + int(random() * 4))
    found = []
    if work.arxiv and random() < 0.9:
        found.append("arxiv")
    if work.doi and random() < 0.85:
        found.append("crossref")
    for source, share in (("semantic_scholar", 0.6), ("openalex", 0.45), ("core", 0.2), ("internet_archive", 0.2)):
        if random() < share:
            found.append(source)
    if work.doi and random() < 0.2:
        found.append("unpaywall")
    if work.arxiv and work.field.name == "learning" and random() < 0.3:
        found.append("papers_with_code")
    if work.relation[0] and "crossref" not in found:
        found.append("crossref")
    if work.linked and work.arxiv and "arxiv" not in found:
        found.append("arxiv")
    return found[:6] or ["semantic_scholar"]


def make_documents(work: Work, rng: Random, noise: float) -> list[Document]:
    """Make one document for each source that holds the work."""
    sources = sources_of(work, rng)
    return [_document(work, source, copy, rng, noise) for copy, source in enumerate(sources)]


def newer(document: Document, work: Work, rng: Random) -> Document:
    """Return the record as the source sends it later: a new arXiv version, or corrected fields."""
    later = dict(document)
    later["version"] = document.get("version", 0) + 1
    later["updated"] = f"{work.year + 1}-{1 + int(rng.random() * 12):02d}-15T09:30:00Z"
    if document["source"] == "arxiv" and work.doi:
        later["doi"] = work.doi
    later["title"] = document.get("title", work.title).rstrip(".")
    return later


def source_id(source: str, work: Work, copy: int, rng: Random) -> str:
    """Return the id of a source's record; made-up ids lie above the real ranges."""
    if source == "arxiv":
        return work.arxiv
    if source in ("crossref", "unpaywall"):
        return work.doi.lower()
    if source == "semantic_scholar":
        return str(9_000_000_000 + work.number)
    if source == "openalex":
        return f"W{9_000_000_000 + work.number}"
    if source == "core":
        return str(8_000_000_000 + work.number)
    if source == "internet_archive":
        return b32encode(rng.randbytes(16)).decode()[:26].lower()
    if source == "papers_with_code":
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in work.title.lower())
        return f"{'-'.join(part for part in slug.split('-') if part)[:60]}-{work.number}"
    return f"{work.number}-{copy}"


def _document(work: Work, source: str, copy: int, rng: Random, noise: float) -> Document:
    random = rng.random
    early = source in ("arxiv", "papers_with_code") or (
        work.arxiv != "" and source in ("semantic_scholar", "core", "openalex") and random() < 0.4
    )
    document: Document = {"source": source, "id": source_id(source, work, copy, rng)}
    _title(document, work, early, rng, noise)
    authors = _authors(work, source, rng, noise)
    if authors:
        document["authors"] = authors
    _date(document, work, early, rng, noise)
    _place(document, work, early, rng, noise)
    _identifiers(document, work, early, rng, noise)
    if work.text and random() < _ABSTRACT.get(source, 0.6):
        document["abstract"] = _abstract(work.text, source, rng, noise)
    if work.relation[0] and source == "crossref":
        document["relations"] = [{"kind": work.relation[0], "scheme": "doi", "value": work.relation[1].lower()}]
    if source == "arxiv":
        document["version"] = 1
        document["updated"] = f"{work.year}-{work.month:02d}-11T08:00:00Z"
    return document


def _title(document: Document, work: Work, early: bool, rng: Random, noise: float) -> None:
    random, source = rng.random, document["source"]
    title, subtitle = (work.preprint_title or work.title) if early else work.title, work.subtitle
    if source == "arxiv" and random() < 0.7 * noise:
        title, subtitle = latex(title), latex(subtitle)
    elif random() < 0.1 * noise:
        title, subtitle = ascii_title(title), ascii_title(subtitle)
    title = _slips(title, rng, noise)
    if work.original_title:
        if source == "document":
            title = f"[{title}]"
        elif random() < 0.5:
            title = work.original_title
        else:
            document["other_titles"] = [work.original_title]
    if subtitle and source in ("crossref", "internet_archive") and random() < 0.5:
        document["subtitle"] = subtitle
    elif subtitle and random() > 0.08 * noise:
        title = f"{title}: {subtitle}"
    document["title"] = title


def _slips(title: str, rng: Random, noise: float) -> str:
    random = rng.random
    roll = random()
    if roll < 0.12 * noise:
        title = capitalised(title)
    elif roll < 0.14 * noise:
        title = title.upper()
    elif roll < 0.17 * noise:
        title = title.lower()
    if random() < 0.02 * noise:
        title = typo(rng, title)
    return f"{title}." if random() < 0.05 * noise else title


def _authors(work: Work, source: str, rng: Random, noise: float) -> list[str]:
    random = rng.random
    people: tuple[Person, ...] = work.authors
    if random() < 0.03 * noise:
        return []
    if len(people) > 2 and random() < 0.06 * noise:
        lost = int(random() * len(people))
        people = people[:lost] + people[lost + 1 :]
    if len(people) > 4 and random() < 0.05 * noise:
        people = people[:3]
    if random() < 0.015 * noise:
        people += (make_person(rng), make_person(rng))
    if len(people) > 1 and random() < 0.01 * noise:
        people = people[::-1]
    names = [_name(person, source, rng, noise) for person in people]
    if source not in ("core", "document") and random() < 0.12 * noise:
        form = FORMS[int(random() * len(FORMS))]
        names = [form(person) for person in people]
    elif random() < 0.06 * noise:
        names = [name_ascii(name) for name in names]
    if work.collaboration and random() < 0.8:
        names = [work.collaboration, *names] if random() < 0.5 else [work.collaboration]
    return names


def _name(person: Person, source: str, rng: Random, noise: float) -> str:
    if source == "core":
        return name_swapped(person)
    if source == "document":
        return FORMS[2](person)
    if person.native and rng.random() < 0.03 * noise:
        return person.native
    return person.full


def _date(document: Document, work: Work, early: bool, rng: Random, noise: float) -> None:
    random, source = rng.random, document["source"]
    if source not in ("arxiv", "crossref") and random() < 0.04 * noise:
        return
    year = work.year
    if not early and work.arxiv:
        year += (0, 0, 1, 1, 2)[work.number % 5]
    if source not in ("arxiv", "crossref") and random() < 0.03 * noise:
        year += (-1, 1, 2)[int(random() * 3)]
    # Published no earlier than written: the printed month lies between the preprint's and December.
    month, day = (work.month, 11) if early else (work.month + work.number % (13 - work.month), work.number % 17 + 12)
    if source == "document" or (source in ("crossref", "semantic_scholar") and random() < 0.4):
        document["publication_date"] = str(year)
    elif source == "crossref" and random() < 0.4:
        document["publication_date"] = f"{year}-{month:02d}"
    else:
        document["publication_date"] = f"{year}-{month:02d}-{day:02d}"
    document["year"] = year


def _place(document: Document, work: Work, early: bool, rng: Random, noise: float) -> None:
    if early:
        if document["source"] == "semantic_scholar":
            document["journal"] = "ArXiv"
        return
    if rng.random() < 0.1 * noise:
        return
    document["journal"] = work.journal
    document["type"] = work.type
    if document["source"] in ("semantic_scholar", "core", "papers_with_code") or not work.page:
        return
    document["volume"], document["number"] = str(work.volume), str(work.issue)
    last = work.page + 5 + work.number % 17
    dash = "–" if rng.random() < 0.1 * noise else "-"
    short = str(last)[len(str(work.page)) - 2 :] if work.page > 99 and work.page // 100 == last // 100 else str(last)
    document["pages"] = f"{work.page}{dash}{short if rng.random() < 0.15 * noise else last}"


def _identifiers(document: Document, work: Work, early: bool, rng: Random, noise: float) -> None:
    random, source = rng.random, document["source"]
    if source in ("arxiv", "papers_with_code"):
        document["arxiv_id"] = work.arxiv
        if source == "arxiv" and work.doi and random() < (1 if work.linked else 0.3):
            document["doi"] = work.doi
    elif early or (work.arxiv and source in ("semantic_scholar", "core") and random() < (1 if work.linked else 0.5)):
        document["arxiv_id"] = work.arxiv
    if not work.doi or source in ("arxiv", "papers_with_code"):
        return
    if early and random() < 0.7 and not work.linked:
        return
    if source in ("crossref", "unpaywall") or work.linked or random() > 0.15 * noise:
        document["doi"] = _doi(work.doi, source, rng, noise)


def _doi(doi: str, source: str, rng: Random, noise: float) -> str:
    if source == "unpaywall":
        return doi.lower()
    if source == "openalex":
        return f"https://doi.org/{doi.lower()}"
    roll = rng.random()
    if source == "crossref" or roll > 0.12 * noise:
        return doi
    if roll < 0.03 * noise:
        return doi.upper()
    return _DOI_FORMS[int(rng.random() * len(_DOI_FORMS))].format(doi)


def _abstract(text: str, source: str, rng: Random, noise: float) -> str:
    if source == "crossref" and rng.random() < 0.3 * noise:
        return f"<jats:title>Abstract</jats:title><jats:p>{text}</jats:p>"
    if rng.random() < 0.05 * noise:
        return text[: len(text) // 2] + "..."
    return text
