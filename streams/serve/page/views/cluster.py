"""What the page of a cluster shows: the document and its origins, the records beside each other, why they are together. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.clusters.disjoint_sets import DisjointSets
from streams.query.answers import Spanning
from streams.query.dossier import MOST_SHOWN, Dossier, StoredRecord
from streams.query.explain import Pairing, RefusedLink
from streams.records.record import Record
from streams.serve.page.views.differences import Segments, compare_lists, compare_names, compare_texts, name_key
from streams.serve.page.views.pair import CorrectionRow, correction_row
from streams.serve.page.views.reason_words import RELATIONS, VERDICTS, words_of
from streams.serve.page.views.search import short_list

__all__ = ["ApartRow", "ClusterView", "DocumentRow", "LinkRow", "RecordRow", "RelationRow", "cluster_view"]

_FIELDS: tuple[tuple[str, str], ...] = (
    ("title", "Title"), ("subtitle", "Subtitle"), ("authors", "Authors"), ("publication_date", "Date"), ("journal", "Journal"),
    ("volume", "Volume"), ("number", "Issue"), ("pages", "Pages"), ("publisher", "Publisher"), ("type", "Type"),
    ("language", "Language"), ("doi", "DOI"), ("arxiv_id", "arXiv id"), ("abstract", "Abstract"), ("urls", "Links"),
)  # fmt: skip
"""Fields of the document that are shown, in this order."""
_MOST_AUTHORS = 40
_MOST_NAMES = 8
_MOST_LINKS = 12
_MOST_APART = 20
_MOST_REASONS = 3
_SAID = "People said that they are different papers"
_SPACE = re.compile(r"\W+")


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the document: its value, and the record that it comes from.

    `same`, `other` and `none` count the shown records that have this value (but for case, accents and punctuation), another one, or
    none. `values` has several for links alone.
    """

    field: str
    label: str
    values: tuple[str, ...]
    more: int
    origins: tuple[str, ...]
    same: int
    other: int
    none: int


class RecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record beside the document: words that differ from it are marked. `gives`: the fields that the document has from it."""

    number: int
    record: str
    source: str
    title: Segments
    authors: Segments
    date: Segments
    venue: Segments
    identifiers: tuple[Segments, ...]
    type: str
    version: int
    arrived: float
    warnings: tuple[str, ...]
    gives: tuple[str, ...]


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A link of the waterfall: `before` and `after` are the sizes of the larger part that it joins, and of the result."""

    a: str
    b: str
    percent: float
    reasons: tuple[str, ...]
    before: int
    after: int


class ApartRow(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is kept out: `inside` is the record of the cluster, `outside` the other, `why` in words."""

    inside: str
    outside: str
    title: str
    verdict: str
    why: str


class RelationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A relation to another work."""

    record: str
    words: str
    other: str
    title: str


class ClusterView(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `next_from` and `previous_from` are the places where further records begin, -1 where there are none."""

    cluster_id: str
    revision: int
    size: int
    title: str
    authors: str
    facts: tuple[str, ...]
    sources: tuple[tuple[str, int], ...]
    document: tuple[DocumentRow, ...]
    records: tuple[RecordRow, ...]
    first: int
    previous_from: int
    next_from: int
    links: tuple[LinkRow, ...]
    links_left_out: int
    parts: int
    is_exact: bool
    compared: int
    apart: tuple[ApartRow, ...]
    apart_left_out: int
    is_compared: bool
    corrections: tuple[CorrectionRow, ...]
    relations: tuple[RelationRow, ...]
    merged_from: str


def cluster_view(found: Dossier) -> ClusterView:
    """Return what the page shows of a cluster."""
    answer = found.answer
    document = answer.document
    first = found.shown[0].place if found.shown else 0
    end = first + len(found.shown)
    apart = _apart(found)
    return ClusterView(
        cluster_id=answer.cluster_id,
        revision=answer.revision,
        size=answer.size,
        title=document.get("title", ""),
        authors=short_list(document.get("authors", ()), 10),
        facts=tuple(str(document[name]) for name in ("publication_date", "journal", "type") if document.get(name)),
        sources=tuple(Counter(record.partition(":")[0] for record in answer.records).most_common()),
        document=_document(found),
        records=tuple(_record(each, document, found) for each in found.shown),
        first=first,
        previous_from=max(first - MOST_SHOWN, 0) if first else -1,
        next_from=end if end < answer.size and found.shown else -1,
        links=_waterfall(answer.records, found.spanning),
        links_left_out=found.spanning.left_out,
        parts=found.spanning.parts,
        is_exact=found.spanning.exact,
        compared=found.spanning.compared,
        apart=apart[:_MOST_APART],
        apart_left_out=max(len(apart) - _MOST_APART, 0),
        is_compared=found.is_compared,
        corrections=tuple(map(correction_row, found.corrections)),
        relations=_relations(found),
        merged_from=answer.merged_from,
    )


def _document(found: Dossier) -> tuple[DocumentRow, ...]:
    rows = []
    for field, label in _FIELDS:
        value = found.answer.document.get(field)
        if not value:
            continue
        most = _MOST_LINKS if field == "urls" else _MOST_AUTHORS
        values = tuple(map(str, value)) if isinstance(value, list) else (str(value),)
        shown = (short_list(values, most),) if field == "authors" else values[:most]
        counts = Counter(_compared(each.record, field, value) for each in found.shown)
        rows.append(
            DocumentRow(
                field=field,
                label=label,
                values=shown,
                more=len(values) - most if field == "urls" and len(values) > most else 0,
                origins=found.origins.get(field, ()),
                same=counts["same"],
                other=counts["other"],
                none=counts["none"],
            )
        )
    return tuple(rows)


def _compared(record: Record, field: str, value: Any) -> str:
    """Return whether a record has the value of the document, another one, or none."""
    mine = _value(record, field)
    if not mine:
        return "none"
    if field == "urls":
        return "same"
    if field == "authors":
        names = [name_key(author.name) for author in record.authors]
        return "same" if names == [name_key(name) for name in value] else "other"
    return "same" if _plain(mine) == _plain(str(value)) else "other"


def _value(record: Record, field: str) -> str:
    if field == "authors":
        return "; ".join(author.name for author in record.authors)
    if field in ("doi", "arxiv_id"):
        return record.identifier(field.removesuffix("_id"))
    if field == "publication_date":
        return record.date
    if field == "urls":
        return " ".join(record.urls)
    return str(getattr(record, field))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _SPACE.sub("", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


def _record(stored: StoredRecord, document: dict[str, Any], found: Dossier) -> RecordRow:
    record = stored.record
    names = [author.name for author in record.authors]
    ids = [f"{each.scheme}:{each.value}" for each in record.identifiers]
    known = [
        f"{scheme}:{document[name]}" for name, scheme in (("doi", "doi"), ("arxiv_id", "arxiv")) if document.get(name)
    ]
    gives = tuple(
        label if label.isupper() else label[0].lower() + label[1:]
        for field, label in _FIELDS
        if found.origins.get(field) == (record.id,)
    )
    return RecordRow(
        number=stored.place + 1,
        record=record.id,
        source=record.source,
        title=compare_texts(record.title, document.get("title", ""))[0],
        authors=compare_names(names, document.get("authors", ()), _MOST_NAMES)[0],
        date=_whole_differs(record.date, document.get("publication_date", "")),
        venue=compare_texts(_venue(record), _venue_of(document))[0],
        identifiers=compare_lists(ids, [*known, *(name for name in ids if not name.startswith(("doi:", "arxiv:")))])[0],
        type=record.type,
        version=record.version,
        arrived=stored.arrived / 1000,
        warnings=record.warnings,
        gives=gives,
    )


def _whole_differs(mine: str, theirs: str) -> Segments:
    """Return a value marked as a whole where it differs; one that is only less precise does not."""
    differs = bool(theirs) and not (theirs.startswith(mine) or mine.startswith(theirs))
    first, _ = compare_texts(mine, theirs if differs else mine)
    return first


def _venue(record: Record) -> str:
    return _venue_of({name: getattr(record, name) for name in ("journal", "volume", "number", "pages")})


def _venue_of(fields: dict[str, Any]) -> str:
    issue = f"({fields['number']})" if fields.get("number") else ""
    place = f"{fields.get('volume', '')}{issue}".strip()
    return ", ".join(part for part in (fields.get("journal", ""), place, fields.get("pages", "")) if part)


def _waterfall(records: Sequence[str], spanning: Spanning) -> tuple[LinkRow, ...]:
    """Return the links in the order of their strength, each with the part of the cluster that it completes."""
    sets: DisjointSets[str] = DisjointSets(records)
    sizes = dict.fromkeys(records, 1)
    rows = []
    for link in spanning.links:
        left, right = sets.find(link.a), sets.find(link.b)
        before = max(sizes[left], sizes[right])
        after = sizes[left] + sizes[right] if left != right else before
        sets.join(link.a, link.b)
        sizes[sets.find(link.a)] = after
        reasons = tuple(dict.fromkeys(map(words_of, link.reasons)))[:_MOST_REASONS]
        rows.append(
            LinkRow(a=link.a, b=link.b, percent=round(100 * link.score, 1), reasons=reasons, before=before, after=after)
        )
    return tuple(rows)


def _apart(found: Dossier) -> tuple[ApartRow, ...]:
    """Return the records that are kept out, each once: by a link that was refused, or by a contradiction."""
    rows: dict[str, ApartRow] = {}
    inside = set(found.answer.records)
    said = {frozenset((made.a, made.b)) for made in found.corrections if made.action == "different"}
    for refused in found.refused:
        because = refused.because
        why = _SAID if frozenset((because.a, because.b)) in said else _refusal(refused)
        row = _apart_row(refused.link, inside, found, why)
        rows.setdefault(row.outside, row)
    for pair in found.kept_apart:
        row = _apart_row(pair, inside, found, _first_reason(pair))
        rows.setdefault(row.outside, row)
    return tuple(rows.values())


def _apart_row(pair: Pairing, inside: set[str], found: Dossier, why: str) -> ApartRow:
    ours, other = (pair.a, pair.b) if pair.a in inside else (pair.b, pair.a)
    verdict = VERDICTS.get(pair.decision.verdict, pair.decision.verdict)
    return ApartRow(inside=ours, outside=other, title=found.titles.get(other, ""), verdict=verdict, why=why)


def _first_reason(pair: Pairing) -> str:
    return words_of(pair.decision.reasons[0]) if pair.decision.reasons else ""


def _refusal(refused: RefusedLink) -> str:
    because = refused.because
    reason = f"{because.a} and {because.b}: {_first_reason(because)}"
    said = (
        "Only the title agrees, and it is also that of another work"
        if refused.rival
        else "Alike, but others contradict"
    )
    return f"{said} ({reason})"


def _relations(found: Dossier) -> tuple[RelationRow, ...]:
    return tuple(
        RelationRow(
            record=each.record,
            words=RELATIONS.get(each.relation, each.relation.replace("_", " ")),
            other=each.other,
            title=found.titles.get(each.other, ""),
        )
        for each in found.answer.relations
    )
