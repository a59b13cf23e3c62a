"""The properties of `/reconcile`, as rows: columns that a query may give, fields of a cluster that an extension adds.

A librarian names them by their id; in a query, other common names of the column are understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from streams.query.answers import ClusterAnswer

__all__ = ["PROPERTIES", "Cell", "Property", "property_of", "search"]

Cell = str | int
"""A value of a cluster's field."""


class Property(NamedTuple):
    """One property.

    - `field`: the field of a document that a query's values become, `""` where a query has no use for them
    - `scheme`: the values are identifiers of this scheme, `any` for identifiers and links of all kinds
    - `values`: reads the values of a cluster; None where an extension does not have it
    - `aliases`: other names of such a column
    """

    id: str
    name: str
    description: str
    field: str = ""
    scheme: str = ""
    values: Callable[[ClusterAnswer], list[Cell]] | None = None
    aliases: tuple[str, ...] = ()


def _field(name: str) -> Callable[[ClusterAnswer], list[Cell]]:
    """Return a reader of one field of the canonical document; a list there is several values."""

    def read(cluster: ClusterAnswer) -> list[Cell]:
        value = cluster.document.get(name)
        if isinstance(value, list):
            return [each for each in value if each]
        return [value] if value else []

    return read


def _first_author(cluster: ClusterAnswer) -> list[Cell]:
    return _field("authors")(cluster)[:1]


def _dois(cluster: ClusterAnswer) -> list[Cell]:
    """Return the DOI of the document, then those of the other versions."""
    every = [cluster.document.get("doi"), *(version.get("doi") for version in cluster.document.get("versions", ()))]
    return list(dict.fromkeys(doi for doi in every if doi))


def _sources(cluster: ClusterAnswer) -> list[Cell]:
    return list(dict.fromkeys(record.partition(":")[0] for record in cluster.records))


PROPERTIES: tuple[Property, ...] = (
    Property("title", "Title", "Title of the paper", "title", values=_field("title")),
    Property("subtitle", "Subtitle", "Subtitle, where it is apart", "subtitle", values=_field("subtitle")),
    Property(
        "authors", "Authors", "All authors, in order; one text is split at ; and commas",
        "authors", values=_field("authors"), aliases=("creators",),
    ),
    Property(
        "author", "Author", "One or some authors, not surely all; as a new column the first one",
        "authors", values=_first_author, aliases=("first author", "creator"),
    ),
    Property(
        "year", "Year", "Year of publication",
        "publication_date", values=_field("year"), aliases=("publication year", "pubyear"),
    ),
    Property(
        "date", "Date", "Date of publication, as precise as it is known",
        "publication_date", values=_field("publication_date"), aliases=("publication date", "published", "issued"),
    ),
    Property(
        "journal", "Journal", "Journal, proceedings or other container",
        "journal", values=_field("journal"), aliases=("container title", "publication", "publication title", "source title"),
    ),
    Property("volume", "Volume", "Volume of the journal", "volume", values=_field("volume"), aliases=("vol",)),
    Property("number", "Issue", "Number of the issue", "number", values=_field("number"), aliases=("issue", "no")),
    Property("pages", "Pages", "Pages", "pages", values=_field("pages"), aliases=("page", "page range")),
    Property("publisher", "Publisher", "Publisher", "publisher", values=_field("publisher")),
    Property("type", "Type", "Kind of work in the source's words", "type", values=_field("type")),
    Property("language", "Language", "Language", "language", values=_field("language")),
    Property("abstract", "Abstract", "Abstract", "abstract", values=_field("abstract")),
    Property("doi", "DOI", "DOI, with or without https://doi.org/", scheme="doi", values=_field("doi")),
    Property("dois", "All DOIs", "The DOIs of all versions", values=_dois),
    Property(
        "arxiv", "arXiv id", "arXiv id, as 2111.12710",
        scheme="arxiv", values=_field("arxiv_id"), aliases=("arxiv id", "eprint"),
    ),
    Property("pmid", "PMID", "PubMed id", scheme="pmid", aliases=("pubmed", "pubmed id")),
    Property("pmcid", "PMCID", "PubMed Central id", scheme="pmcid", aliases=("pmc", "pmc id")),
    Property("openalex", "OpenAlex id", "OpenAlex id of the work", scheme="openalex", aliases=("openalex id",)),
    Property("s2", "Semantic Scholar id", "Corpus id of Semantic Scholar", scheme="s2", aliases=("corpus id",)),
    Property(
        "identifier", "Identifier", "Any identifier with its scheme (pmid:31452104), cluster or record id",
        scheme="any", aliases=("id", "identifiers"),
    ),
    Property("url", "Link", "Links to the paper", "urls", scheme="any", values=_field("urls"), aliases=("urls", "link")),
    Property(
        "records", "Records", "Ids of the records in the cluster",
        scheme="any", values=lambda cluster: list(cluster.records), aliases=("record", "record id"),
    ),
    Property("sources", "Sources", "Sources that have a record in the cluster", values=_sources),
    Property("size", "Cluster size", "Number of records in the cluster", values=lambda cluster: [cluster.size]),
    Property(
        "cluster", "Cluster", "Id of the cluster; as a new column, after a merge, that of the cluster it went into",
        scheme="any", values=lambda cluster: [cluster.cluster_id], aliases=("cluster id",),
    ),
    Property("revision", "Revision", "Revision of the cluster", values=lambda cluster: [cluster.revision]),
)  # fmt: skip


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())


def _by_name() -> Mapping[str, Property]:
    found: dict[str, Property] = {}
    for each in PROPERTIES:
        for name in (each.id, each.name, *each.aliases):
            found.setdefault(_plain(name), each)
    return found


_BY_NAME = _by_name()


def property_of(pid: str) -> Property | None:
    """Return the property that a client names by id, name or another name of such a column; None where there is none."""
    return _BY_NAME.get(_plain(pid))


def search(prefix: str) -> list[Property]:
    """Return the properties for what a person has typed: those whose id or name begins so, then those that contain it."""
    wanted = _plain(prefix)
    names = {each.id: [_plain(name) for name in (each.id, each.name, *each.aliases)] for each in PROPERTIES}
    begins = [each for each in PROPERTIES if any(name.startswith(wanted) for name in names[each.id])]
    return begins + [each for each in PROPERTIES if each not in begins and any(wanted in n for n in names[each.id])]
