"""What the search page shows: how the text was understood, and the clusters that it names or resembles. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from streams.matching.decision import DUPLICATE, RELATED
from streams.query.answers import ClusterAnswer, LookupAnswer, MatchAnswer, MatchedCluster
from streams.query.search_box import SearchAnswer
from streams.records.record import Record
from streams.serve.page.views.reason_words import RELATIONS, VERDICTS, words_of

__all__ = ["Card", "NameRow", "SearchView", "card_of", "search_view", "short_list"]

_MOST_AUTHORS = 6
_MOST_REASONS = 4
_SCHEMES = {
    "doi": "DOI", "arxiv": "arXiv id", "pmid": "PubMed id", "pmcid": "PubMed Central id", "openalex": "OpenAlex id",
    "s2": "Semantic Scholar id", "s2_paper": "Semantic Scholar id", "isbn": "ISBN", "issn": "ISSN",
}  # fmt: skip
_FORMS = {"bibtex": "BibTeX", "ris": "RIS", "medline": "MEDLINE", "endnote-xml": "EndNote XML", "csv": "CSV"}


class NameRow(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier that was looked up: as it was given, what it was read as, and what was found."""

    asked: str
    read_as: str
    found: int
    detail: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster in a list.

    `sources` has each source with the number of its records. `verdict` and what follows it are empty where the cluster was named
    and not matched: `percent` is the score, `record` the record of the cluster that is most alike.
    """

    cluster_id: str
    title: str
    authors: str
    facts: str
    size: int
    sources: tuple[tuple[str, int], ...]
    verdict: str = ""
    verdict_words: str = ""
    percent: float = 0.0
    reasons: tuple[str, ...] = ()
    record: str = ""
    note: str = ""


class SearchView(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `understood` says what the text was taken for, `outcome` what would become of a document."""

    text: str
    kind: str
    understood: str
    read: tuple[tuple[str, str], ...] = ()
    names: tuple[NameRow, ...] = ()
    cards: tuple[Card, ...] = ()
    outcome: str = ""
    problem: str = ""
    where: str = ""
    left_out: int = 0
    warnings: tuple[str, ...] = ()


def search_view(text: str, answer: SearchAnswer) -> SearchView:
    """Return what the page shows of an answer."""
    question, matched = answer.question, answer.match
    by_match = {found.cluster_id: found for found in matched.clusters} if matched else {}
    named = [name for found in answer.found for name in found.clusters]
    ordered = [name for name in dict.fromkeys([*named, *by_match]) if name in answer.clusters]
    is_title = question.kind == "title"
    return SearchView(
        text=text,
        kind=question.kind,
        understood=_understood(answer),
        read=_read(question.record) if question.record and not is_title else (),
        names=tuple(map(_name, answer.found)),
        cards=tuple(_card(answer.clusters[name], by_match.get(name), is_named=name in named) for name in ordered),
        outcome=_outcome(matched) if matched and not is_title else "",
        problem=question.problem,
        where=question.where,
        left_out=matched.left_out if matched else 0,
        warnings=matched.warnings if matched else (),
    )


def card_of(answer: ClusterAnswer) -> Card:
    """Return a cluster as it is shown in a list."""
    return _card(answer, None, is_named=False)


def _card(answer: ClusterAnswer, found: MatchedCluster | None, *, is_named: bool) -> Card:
    document = answer.document
    card = Card(
        cluster_id=answer.cluster_id,
        title=document.get("title", ""),
        authors=short_list(document.get("authors", ()), _MOST_AUTHORS),
        facts=" · ".join(str(document[name]) for name in ("year", "journal", "doi", "arxiv_id") if document.get(name)),
        size=answer.size,
        sources=tuple(sorted(Counter(record.partition(":")[0] for record in answer.records).items())),
        note="has this identifier" if is_named else "",
    )
    if found is None:
        return card
    reasons = tuple(dict.fromkeys(map(words_of, found.reasons)))[:_MOST_REASONS]
    return msgspec.structs.replace(
        card,
        verdict=found.verdict,
        verdict_words=_verdict(found),
        percent=round(100 * found.score, 1),
        reasons=reasons,
        record=found.record,
        note=_kept_out(found) or card.note,
    )


def short_list(names: Iterable[str], most: int) -> str:
    """Return the first names of a list as text, with the number of the others."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more


def _verdict(found: MatchedCluster) -> str:
    if found.verdict == RELATED and found.relation:
        return f"related: one {RELATIONS.get(found.relation, found.relation)} the other"
    return VERDICTS.get(found.verdict, found.verdict)


def _kept_out(found: MatchedCluster) -> str:
    if found.joins or found.verdict != DUPLICATE:
        return ""
    return f"would not join it: {found.kept_out_by} contradicts" if found.kept_out_by else "would not join it"


def _understood(answer: SearchAnswer) -> str:
    question = answer.question
    if question.kind == "nothing":
        return ""
    if question.kind == "unreadable":
        return "This could not be read"
    if question.kind == "name":
        return f"Understood as {_what(answer.found[0])}" if answer.found else "Understood as a name"
    if question.kind == "title":
        also = (
            f", with {len(answer.found)} identifier{'s' if len(answer.found) > 1 else ''} in it" if answer.found else ""
        )
        authors = question.record.authors if question.record else ()
        by = f" and {len(authors)} author{'s' if len(authors) > 1 else ''}" if authors else ""
        return f"Understood as a title{by}{also}"
    if question.kind == "document":
        return "Understood as a document"
    more = f", the first of {question.left_out + 1:,}" if question.left_out else ""
    return f"Understood as a reference in {_FORMS.get(question.form, question.form)}{more}"


def _what(found: LookupAnswer) -> str:
    kinds = [_kind(read) for read in found.read_as]
    return " or ".join(dict.fromkeys(kinds)) or "a name"


def _kind(read: str) -> str:
    if read == "cluster":
        return "a cluster id"
    scheme = read.partition(":")[0]
    name = _SCHEMES.get(scheme)
    if name is None:
        return "a record id"
    return f"an {name}" if name[0] in "aAIO" else f"a {name}"


def _name(found: LookupAnswer) -> NameRow:
    read_as = ", ".join(read for read in found.read_as if read not in ("cluster", found.asked))
    detail = found.detail
    if found.merged_into:
        detail = f"merged into {found.merged_into}"
    elif found.key_full:
        detail = "more records may have it than are listed"
    return NameRow(asked=found.asked, read_as=read_as, found=len(found.clusters), detail=detail)


def _read(record: Record) -> tuple[tuple[str, str], ...]:
    """Return the fields that were read of a document."""
    names = short_list((author.name for author in record.authors), _MOST_AUTHORS)
    place = " ".join(
        part for part in (record.volume, f"({record.number})" if record.number else "", record.pages) if part
    )
    identifiers = ", ".join(f"{each.scheme}:{each.value}" for each in record.identifiers)
    rows = (
        ("Title", record.title), ("Authors", names), ("Date", record.date), ("Journal", record.journal), ("Place", place),
        ("Identifiers", identifiers), ("Type", record.type),
    )  # fmt: skip
    return tuple((label, value) for label, value in rows if value)


def _outcome(answer: MatchAnswer) -> str:
    joined = [found.cluster_id for found in answer.clusters if found.joins]
    if not answer.partitioned:
        return "Were it sent now, it would be linked to clusters too large to be divided for an answer."
    if len(joined) > 1:
        return f"Were it sent now, it would make one cluster of {len(joined)}: {', '.join(joined)}."
    if answer.cluster_id:
        return f"Were it sent now, it would join cluster {answer.cluster_id}."
    compared = f"{answer.candidates:,} record{'' if answer.candidates == 1 else 's'}"
    return f"Were it sent now, it would begin a cluster of its own; it was compared with {compared}."
