"""MEDLINE's tagged form (nbib), as PubMed exports it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.references.reference import (
    Entry,
    Kept,
    Reference,
    author_texts,
    cluster_note,
    compact,
    first,
    identifier,
    is_given,
    lines_of,
    title_of,
    year_of,
    year_of_document,
)

__all__ = ["entry_of", "read", "write"]

_LINE = re.compile(r"([A-Z]{2,4}) *-(?: (.*))?")
_NO_PMID = "0"
"""What is written for a reference that is not in PubMed: each begins with this tag."""
_IDENTIFIER = re.compile(r"(.+?) \[(doi|pii|pmcid)\]")
_KINDS = {
    "journal article": "journal-article",
    "preprint": "preprint",
    "published erratum": "erratum",
    "review": "journal-article",
}


def read(text: str) -> Iterator[Reference]:
    """Yield the references of an nbib file; each begins with its `PMID`."""
    entry: dict[str, list[str]] = {}
    last = ""
    for line in lines_of(text):
        if found := _LINE.fullmatch(line.rstrip()):
            tag, value = found[1], found[2] or ""
            if tag == "PMID" and entry:
                yield _reference(entry)
                entry = {}
            entry.setdefault(tag, []).append(value)
            last = tag
        elif line.startswith(" ") and last in entry:
            entry[last][-1] = f"{entry[last][-1]} {line.strip()}".strip()
    if entry:
        yield _reference(entry)


def write(kept: Iterable[Kept]) -> str:
    """Return entries as an nbib file; a general note (`GN`) names the cluster and its number of references."""
    texts = []
    for entry, cluster, records in kept:
        note = cluster_note("", cluster, records)
        others = [text for text in entry.get("GN", []) if cluster_note(text, cluster, records) != note]
        fields = {**entry, "GN": [*others, note]}
        texts.append("".join(f"{tag:<4}- {value}\n" for tag, values in fields.items() for value in values))
    return "\n".join(texts)


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return a document as an entry of MEDLINE."""
    one = {
        "PMID": identifier(document, "pmid") or _NO_PMID,
        "TI": title_of(document),
        "AB": document.get("abstract"),
        "DP": year_of_document(document),
        "JT": document.get("journal"),
        "VI": document.get("volume"),
        "IP": document.get("number"),
        "PG": document.get("pages"),
        "AID": f"{document['doi']} [doi]" if document.get("doi") else "",
        "PMC": identifier(document, "pmcid"),
    }
    return {tag: [str(value)] for tag, value in compact(one).items()} | compact({"FAU": author_texts(document)})


def _reference(entry: Entry) -> Reference:
    identifiers = {
        found[2]: found[1]
        for value in (*entry.get("LID", ()), *entry.get("AID", ()))
        if (found := _IDENTIFIER.fullmatch(value))
    }
    kinds = [_KINDS[kind.lower()] for kind in entry.get("PT", ()) if kind.lower() in _KINDS]
    pmid = first(entry, ("PMID",)).removeprefix(_NO_PMID)
    document = compact(
        {
            "title": first(entry, ("TI", "BTI")),
            "other_titles": list(entry.get("TT", ())),
            "authors": [name for name in entry.get("FAU") or entry.get("AU") or () if is_given(name)],
            "year": year_of(first(entry, ("DP", "DEP"))),
            "journal": first(entry, ("JT", "TA")),
            "volume": first(entry, ("VI",)),
            "number": first(entry, ("IP",)),
            "pages": first(entry, ("PG",)),
            "abstract": first(entry, ("AB",)),
            "language": first(entry, ("LA",)),
            "type": kinds[-1] if kinds else "",
            "doi": identifiers.get("doi", ""),
            "pmid": pmid,
            "pmcid": first(entry, ("PMC",)),
        }
    )
    return Reference(pmid, document, entry)
