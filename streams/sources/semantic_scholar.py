"""Semantic Scholar: Graph API papers and answers, Datasets rows, and the Open Corpus of before 2022.

A record's id is the corpus id, which is stable, else the paper's sha, which is not stable but the only other
id. Datasets spell top-level keys in lower case; ids inside `externalids` may be null or text.
"""

from __future__ import annotations

from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import find_arxiv, normalize
from streams.records.record import Delete, Record
from streams.sources import authors as names
from streams.sources.payloads import Adapter, Json, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "semantic_scholar"
# The DOI first: where two are found, the one Semantic Scholar names is the record's own.
_SCHEMES = (
    ("DOI", "doi"),
    ("ArXiv", "arxiv"),
    ("PubMed", "pmid"),
    ("PubMedCentral", "pmcid"),
    ("DBLP", "dblp"),
    ("ACL", "acl"),
    ("MAG", "mag"),
    ("CorpusId", "s2"),
)
_LEGACY = (("doi", "doi"), ("pmid", "pmid"), ("magId", "mag"))


def _refuse_other_rows(data: Json) -> None:
    """Refuse rows of data sets other than `papers`: they have a paper's id but describe something else."""
    if "title" in data:
        return
    if "abstract" in data and "openaccessinfo" in data:
        raise PayloadError("not_a_paper", "a row of the abstracts dataset")
    if "sha" in data and "primary" in data:
        raise PayloadError("not_a_paper", "a row of the paper-ids dataset")
    if "alternate_names" in data or "alternate_issns" in data:
        raise PayloadError("not_a_paper", "a row of the publication-venues dataset")
    if "authorId" in data and "paperId" not in data:
        raise PayloadError("not_a_paper", "an author")
    if "files" in data or "diffs" in data:
        raise PayloadError("not_a_paper", "a list of the Datasets API's files")


def _source_id(data: Json, builder: RecordBuilder) -> str:
    external = data.get("externalIds", data.get("externalids"))
    nested = external.get("CorpusId") if isinstance(external, dict) else None
    for corpus in (data.get("corpusId"), data.get("corpusid"), nested):
        if source_id := builder.identify("s2", corpus, "corpusId"):
            break
    else:
        source_id = ""
    sha = builder.identify("s2_paper", data.get("paperId") or _legacy_id(data), "paperId")
    return source_id or sha


def _legacy_id(data: Json) -> Any:
    return data.get("id") if "s2Url" in data or "paperAbstract" in data else None


def _identifiers(data: Json, builder: RecordBuilder) -> None:
    external = builder.mapping(data.get("externalIds", data.get("externalids")), "externalIds")
    for name, scheme in _SCHEMES:
        if value := external.get(name):
            builder.identify(scheme, value, f"externalIds.{name}")
    dblp = external.get("DBLP")
    if isinstance(dblp, str) and "corr/" in dblp and (found := find_arxiv(dblp)):
        builder.identify("arxiv", found.base, "externalIds.DBLP")
    for name, scheme in _LEGACY:
        if value := data.get(name):
            builder.identify(scheme, value, name)


def _links(data: Json, builder: RecordBuilder) -> None:
    builder.link(data.get("url") or data.get("s2Url"), "url")
    if (open_access := data.get("openAccessPdf")) and isinstance(open_access, dict):
        builder.link(open_access.get("url"), "openAccessPdf")
    for url in builder.items(data.get("pdfUrls"), "pdfUrls", 50):
        builder.link(url, "pdfUrls")


def _type(value: Any, builder: RecordBuilder) -> str:
    """Return the first type in lower case, and `JournalArticle` only where it is the only one."""
    kinds = builder.texts(value, "publicationTypes", 50)
    telling = [kind for kind in kinds if kind != "JournalArticle"] or kinds
    return telling[0].lower() if telling else ""


def read(data: Json) -> Record | Delete:
    """Read one paper.

    Raises:
        PayloadError: `not_a_paper`, `no_identity`.

    """
    builder = RecordBuilder(NAME)
    source_id = _source_id(data, builder)
    if delete_marked(data):
        return builder.delete(source_id, "diff_delete", data.get("updated"))
    _refuse_other_rows(data)
    _identifiers(data, builder)
    _links(data, builder)
    journal = builder.mapping(data.get("journal"), "journal")
    name = builder.text(journal.get("name") or data.get("journalName"), "journal.name")
    name = name or builder.text(data.get("venue"), "venue")
    volume = builder.text(journal.get("volume") or data.get("journalVolume"), "journal.volume")
    builder.locate(name, volume)
    authors, complete = names.from_items(builder.items(data.get("authors"), "authors", MAX_AUTHORS), builder)
    date = builder.date(data.get("publicationDate") or data.get("publicationdate"), "publicationDate")
    return builder.record(
        source_id,
        title=builder.text(data.get("title"), "title", MAX_TITLE),
        authors=authors,
        authors_complete=complete,
        date=date or builder.date(data.get("year"), "year"),
        journal=name,
        volume=volume,
        pages=builder.text(journal.get("pages") or data.get("journalPages"), "journal.pages"),
        abstract=builder.text(data.get("abstract") or data.get("paperAbstract"), "abstract", MAX_ABSTRACT),
        type=_type(data.get("publicationTypes") or data.get("publicationtypes"), builder),
        updated=builder.timestamp(data.get("updated"), "updated"),
    )


def source_id(key: str) -> str:
    """Return a paper's id, from a topic's key: a corpus id or a sha, plain, prefixed or in a URL."""
    for scheme in ("s2_paper", "s2"):
        if identifier := normalize(scheme, key):
            return identifier.value
    return ""


_MEMBERS = envelope("data", "recommendedPapers", "papers", inner=("citedPaper", "citingPaper", "paper"))
ADAPTER = Adapter(NAME, read_json(_MEMBERS, read), source_id)
