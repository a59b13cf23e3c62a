"""Made-up records for the tests of matching."""

from __future__ import annotations

from typing import Any

from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.records.record import Author, Identifier, Record

ABSTRACT = (
    "We study the growth of coral colonies under slowly rising temperature with a stochastic lattice model. Colonies below a "
    "critical size vanish almost surely while larger colonies split into fragments whose sizes follow a power law. Field "
    "counts from three lagoons agree with the predicted exponent within errors and suggest a simple early warning sign."
)
OTHER_ABSTRACT = (
    "This note gives an elementary proof that every finite group of odd order acting on a tree fixes a vertex or an edge. "
    "The argument uses only counting of orbits and a lemma on medians, avoiding cohomology. Several corollaries for free "
    "products with amalgamation are recorded together with two questions that seem to be open at present."
)


def record(title: str, *authors: str, source: str = "openalex", **fields: Any) -> Record:
    """A record; `doi`, `arxiv`, `pmid` name identifiers, other fields are the record's own."""
    identifiers = tuple(
        Identifier(scheme, fields.pop(scheme)) for scheme in ("doi", "arxiv", "pmid", "openalex") if scheme in fields
    )
    return Record(
        source=source,
        source_id=fields.pop("source_id", "1"),
        title=title,
        authors=tuple(map(Author, authors)),
        identifiers=identifiers,
        **fields,
    )


def features(title: str, *authors: str, **fields: Any) -> Features:
    """The features of a made-up record."""
    return extract(record(title, *authors, **fields))
