"""Features of a record for matching (`matching/feature_values.py`), a pure function of the record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from streams.matching.doi_classes import COMPONENT, DATA, IN_ARCHIVE, REPORT, REVIEW, doi_class
from streams.matching.feature_values import (
    AUTHORS_CUT,
    IS_BOOK,
    IS_DATA,
    IS_PREPRINT,
    IS_THESIS,
    MAX_AUTHORS,
    SERIAL,
    STOP_TITLE,
    TRANSLATED,
    Features,
)
from streams.matching.fingerprint import fingerprint
from streams.matching.serial_titles import serial_title
from streams.matching.spelling import one_spelling
from streams.matching.stop_titles import is_stop_title
from streams.matching.titles import TitleForms, all_title_forms, title_forms
from streams.normalize.names import GIVEN, author_key, split_names
from streams.normalize.text import STOPWORDS, fold_words, word_set
from streams.records.record import Author, Record

__all__ = ["extract", "extract_all"]

_LONGEST_TITLE = 400
_MOST_OTHERS = 3

# Identifiers that name a work and that more than one source states. ISBN and ISSN name books and journals, never papers.
_WORK_SCHEMES = word_set(
    "doi arxiv pmid pmcid mag s2 s2_paper openalex dblp acl core core_work hal bibcode jstor fatcat fatcat_work handle "
    "openreview doaj wikidata pwc"
)
# The order ids are kept in: first those that name one paper for certain. One order makes comparison symmetric.
_RANK = {scheme: rank for rank, scheme in enumerate(("arxiv", "pmid", "pmcid", "doi"))}
_PREPRINT_TYPES = frozenset(
    (
        "preprint",
        "posted-content",
        "working-paper",
        "working_paper",
        "workingpaper",
        "discussion-paper",
        "discussion_paper",
    )
)
# First letters of the names of servers, as a journal field has them; and of Copernicus's journals `... Discussions`, whose
# papers are preprints of those of the journal.
_PREPRINT_JOURNALS = (
    "arxi",
    "corr abs",
    "corr",
    "biorx",
    "medrx",
    "ssrn",
    "chemr",
    "rese squa",
    "soci scie rese netw",
    "prep ",
)
_DERIVED_BY_DOI = {COMPONENT: "supplements", REPORT: "reviews", REVIEW: "reviews"}
_DERIVED_BY_TYPE = {
    "erratum": "corrects", "corrigendum": "corrects", "correction": "corrects", "addendum": "corrects",
    "retraction": "retracts", "peer-review": "reviews", "peer_review": "reviews", "component": "supplements",
    "supplementary-materials": "supplements", "book-review": "reviews", "reply": "replies_to", "comment": "comments_on",
    "retraction notice": "retracts",
}  # fmt: skip


# Kinds of works that are no text, by the type names of DataCite, Crossref, OpenAlex, Zenodo and reference managers.
_KINDS = {
    "dataset": "data", "data": "data", "database": "data", "data-set": "data", "collection": "data",
    "software": "software", "computer program": "software", "computationalnotebook": "software", "model": "software",
    "workflow": "software", "code": "software", "softwarecode": "software", "software-code": "software",
    "poster": "poster", "conferenceposter": "poster", "conference-poster": "poster",
    "presentation": "talk", "lecture": "talk", "slides": "talk", "conferencepresentation": "talk", "conference-presentation":
    "talk", "speech": "talk", "talk": "talk", "image": "media", "figure": "media", "video": "media", "audiovisual": "media",
    "sound": "media", "film": "media", "motion_picture": "media", "graphic": "media", "interactiveresource": "media",
    "physicalobject": "media", "patent": "patent",
}  # fmt: skip

_THESIS = re.compile(
    r"\b(?:this|the|my|present) (?:\w+['\u2019]?s? )?(?:thesis|dissertation)\b|"
    r"^(?:thesis|dissertation|diplomarbeit|tesis|th[e\u00e8]se de)\b|"
    r"\bthesis \(|修士|博士|\bpresented (?:to|for) the degree|doctor of philosophy|doctoral (?:thesis|dissertation)",
    re.IGNORECASE,
)
_THESIS_HINTS = (
    "thesis",
    "dissertation",
    "diplomarbeit",
    "tesis",
    "these de",
    "thèse de",
    "修士",
    "博士",
    "degree",
    "doctor of",
)
_DIGITS = re.compile(r"\d+")
_PAGE = re.compile(r"^\W*(?:pp?\.?\s*)?([a-z]{0,3}[\s.-]?\d+)", re.IGNORECASE)
_NO_PAGE = re.compile(r"[\s.-]")
_LAST_PAGE = re.compile(r"\s*(?:[-\u2010-\u2015\u2212]+|to)\s*[a-z]{0,3}\s?(\d+)", re.IGNORECASE)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_JOURNAL_STOP = STOPWORDS | {"journal", "j", "jour", "proceedings", "proc"}


def _authors(authors: tuple[Author, ...]) -> tuple[str, ...]:
    keys: list[str] = []
    for author in authors[: MAX_AUTHORS + 2]:
        if author.family or author.organization:
            found = _keys_of_parts(author.name, author.family, author.given, author.organization)
        else:
            found = _keys_of_name(author.name)
        for key in found:
            if key not in keys:
                keys.append(key)
        if len(keys) >= MAX_AUTHORS:
            break
    return tuple(keys[:MAX_AUTHORS])


# Cached, for authors recur.
@lru_cache(maxsize=32_768)
def _keys_of_name(name: str) -> tuple[str, ...]:
    """Return the keys of the author, or the authors, that one name names."""
    return tuple([key for part in split_names(name) if (key := _short_key(Author(part)))])


@lru_cache(maxsize=16_384)
def _keys_of_parts(name: str, family: str, given: str, organization: bool) -> tuple[str, ...]:
    key = _short_key(Author(name, family, given, organization=organization))
    return (key,) if key else ()


def _short_key(author: Author) -> str:
    key = author_key(author)
    short = _shorten(key) if key else ""
    return short if len(short) > 1 else ""  # a single letter is the rest of a name that was cut off


def _shorten(key: str) -> str:
    """Cut the given names of a name to what comparison needs: five letters of the first, initials of the rest."""
    if key[0] == "*":
        return key[:32]
    family, _, given = key.partition("|")
    if not given:
        return family[:24]
    first, *rest = given.split(" ")
    return f"{family[:24]}|{' '.join([first[:GIVEN], *(word[0] for word in rest[:2])])}"


def _date(date: str) -> int:
    digits = date[:4], date[5:7] or "00", date[8:10] or "00"
    return int("".join(digits)) if len(date) >= 4 and all(d.isdigit() for d in digits) else 0


@lru_cache(maxsize=8192)
def _journal(name: str) -> str:
    """Return the first letters of the words of a journal's name; cached, for journals recur."""
    words = [
        word for word in fold_words(name.partition("(")[0] or name).split(" ") if word and word not in _JOURNAL_STOP
    ]
    # Four letters a word tell "Diab Metab" from "Diabetes Care"; a name of one word needs more: Diabetes, Diabetologia.
    return " ".join(word[:4] for word in words[:5]) if len(words) > 1 else "".join(words)[:12]


def _number(text: str) -> str:
    found = _DIGITS.search(text) if text else None
    return found.group().lstrip("0") if found else ""


def _pages(text: str) -> tuple[str, str]:
    """Return the first page and the last, as digits where they can be; 221-8 ends on page 228."""
    found = _PAGE.match(text) if text else None
    if not found:
        return "", ""
    first = _NO_PAGE.sub("", found.group(1)).lower().lstrip("0")
    second = _LAST_PAGE.match(text, found.end())
    if not second:
        return first, ""
    last = second.group(1).lstrip("0")
    digits = first.lstrip(_LETTERS)
    if len(last) < len(digits):
        last = digits[: len(digits) - len(last)] + last
    return first, last if last != digits else ""


def _ids(record: Record) -> tuple[tuple[str, ...], str, bool]:
    """Return the identifiers that name a work, the class of the first DOI, and whether one of the DOIs is a publication's."""
    ids: list[str] = []
    kind, published = "", False
    for scheme, value in record.identifiers:
        if scheme not in _WORK_SCHEMES or not value:
            continue
        if scheme == "doi":
            found = doi_class(value)
            value = found.base  # noqa: PLW2901
            kind = kind or found.kind
            published = published or found.kind not in IN_ARCHIVE
        text = f"{scheme}:{value}"
        if text not in ids:
            ids.append(text)
    ids.sort(key=lambda text: (_RANK.get(text.partition(":")[0], len(_RANK)), text))
    return tuple(ids[:8]), kind, published


def _is_thesis(abstract: str) -> bool:
    if not abstract:
        return False
    start = abstract[:200]
    lower = start.lower()
    return any(hint in lower for hint in _THESIS_HINTS) and _THESIS.search(start) is not None


def _flags(record: Record, kind: str, published: bool, journal: str) -> int:
    flags = 0
    if not published and (
        kind in IN_ARCHIVE
        or record.source == "arxiv"
        or record.type in _PREPRINT_TYPES
        or journal.startswith(_PREPRINT_JOURNALS)
        or journal.endswith(" disc")
        or (record.identifier("arxiv") and not record.volume)
    ):
        flags |= IS_PREPRINT
    if not record.authors_complete or len(record.authors) > MAX_AUTHORS + 2:
        flags |= AUTHORS_CUT
    if record.type in ("book", "monograph", "edited-book", "reference-book"):
        flags |= IS_BOOK
    if record.type in ("thesis", "dissertation", "phd-thesis", "masters-thesis") or _is_thesis(record.abstract):
        flags |= IS_THESIS
    if record.type in ("dataset", "software", "data"):
        flags |= IS_DATA
    return flags


def _relations(record: Record, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the stated relations as `kind scheme:value`, without those to an identifier of the record itself."""
    found = []
    for kind, scheme, value in record.relations[:6]:
        target = f"{scheme}:{doi_class(value).base if scheme == 'doi' else value}"
        if target not in ids:
            found.append(f"{kind} {target}")
    return tuple(found)


def _title(forms: TitleForms) -> tuple[str, int]:
    """Return the words of the title, without a footnote's 1 at its end, and the length of its main part."""
    main, rest = one_spelling(forms.main), one_spelling(forms.rest) if forms.rest else ""
    title = f"{main} {rest}" if main and rest else main or rest
    if forms.bare == "1" and title.count(" ") > 1:
        title = title.removesuffix(" 1")
    return title[:_LONGEST_TITLE], len(main) if rest and len(main) < len(title) else 0


def _others(record: Record, forms: TitleForms, title: str) -> tuple[str, ...]:
    """Return the titles in other languages: those that the source names, then those within its title."""
    found: list[str] = []
    for other in (*(title_forms(text).whole for text in record.other_titles[:3]), *forms.others):
        words = one_spelling(other)[:_LONGEST_TITLE]
        if words and words != title and words not in found:
            found.append(words)
    return tuple(found[:_MOST_OTHERS])


def extract(record: Record) -> Features:
    """Extract the features of a record."""
    return extract_all((record,))[0]


def extract_all(records: Sequence[Record]) -> list[Features]:
    """Extract the features of records, in order.

    Each step runs over all records before the next, as in `engine/prepare.py`: the code of one step stays in the processor's
    cache, and so it takes four fifths of the time that record by record takes.
    """
    forms = all_title_forms([(record.title, record.subtitle) for record in records])
    titles = [_title(each) for each in forms]
    recurring = [
        STOP_TITLE if not title or is_stop_title(title) else SERIAL if serial_title(title) else 0 for title, _ in titles
    ]
    ids = [_ids(record) for record in records]
    journals = [_journal(record.journal) if record.journal else "" for record in records]
    authors = [_authors(record.authors) for record in records]
    abstracts = [fingerprint(record.abstract) for record in records]
    flags = [
        _flags(record, kind, published, journal)
        for record, (_, kind, published), journal in zip(records, ids, journals, strict=True)
    ]
    return [
        _features(
            record, forms[n], titles[n], ids[n], journals[n], authors[n], abstracts[n],
            flags[n] | recurring[n],
        )
        for n, record in enumerate(records)
    ]  # fmt: skip


def _features(
    record: Record,
    forms: TitleForms,
    words: tuple[str, int],
    identified: tuple[tuple[str, ...], str, bool],
    journal: str,
    authors: tuple[str, ...],
    abstract: bytes,
    flags: int,
) -> Features:
    title, cut = words
    ids, kind, _ = identified
    if forms.translated or forms.tagged:
        flags |= TRANSLATED
    preprint = flags & IS_PREPRINT
    page, last = ("", "") if preprint or not record.pages else _pages(record.pages)
    return Features(
        source=record.source,
        title=title,
        cut=cut,
        others=_others(record, forms, title) if record.other_titles or forms.others else (),
        authors=authors,
        n_authors=max(len(authors), min(len(record.authors), 9999)) if authors else 0,
        date=_date(record.date),
        ids=ids,
        journal=journal,
        volume=_number(record.volume) if record.volume and not preprint else "",
        number=_number(record.number) if record.number and not preprint else "",
        page=page,
        abstract=abstract,
        derived=forms.derived or _DERIVED_BY_DOI.get(kind, "") or _DERIVED_BY_TYPE.get(record.type, ""),
        ordinal=forms.ordinal,
        flags=flags,
        relations=_relations(record, ids) if record.relations else (),
        last=last,
        kind=_KINDS.get(record.type, "") or ("data" if kind == DATA else ""),
        part=forms.part,
        full=one_spelling(forms.full)[:_LONGEST_TITLE] if forms.full else "",
    )
