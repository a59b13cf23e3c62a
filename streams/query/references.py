"""Reads what people ask with: cluster ids, record ids, identifiers with or without their scheme, links. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.clusters.group import cluster_key
from streams.matching.features import extract
from streams.normalize.identifiers import LONGEST, SCHEMES, normalize
from streams.normalize.urls import from_url
from streams.records.record import Identifier, Record

__all__ = ["Reference", "read_reference"]

_CLUSTER = re.compile(r"c[a-z2-7]{13}(\.[1-9]\d{0,9})?")
_BARE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (scheme, re.compile(pattern, re.IGNORECASE))
    for scheme, pattern in (
        ("doi", r"10\.\d{4,9}(?:\.\d+)*/.+"),
        ("arxiv", r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[a-z]{2})?/\d{7}(?:v\d+)?"),
        ("pmcid", r"pmc\d+(?:\.\d+)?"),
        ("openalex", r"w\d+"),
        ("s2_paper", r"[0-9a-f]{40}"),
    )
)
"""Identifiers that are known by their shape."""
_ALIASES = {"pubmed": "pmid", "pmc": "pmcid", "arxiv_id": "arxiv", "corpusid": "s2", "hdl": "handle"}


class Reference(NamedTuple):
    """What a text may name: a cluster by its key, a record by its id, works by identifiers (`scheme:value`, as features have them).

    A record id such as `arxiv:2111.12710` is an identifier as well. All are empty where the text names nothing.
    """

    cluster: bytes = b""
    record: str = ""
    identifiers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the text names nothing."""
        return not (self.cluster or self.record or self.identifiers)


def read_reference(text: str) -> Reference:
    """Read what a text names; an empty reference where it names nothing."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return Reference()
    if _CLUSTER.fullmatch(text):
        return _cluster(text)
    if "://" in text:
        return Reference(identifiers=_works(from_url(text)))
    scheme, colon, value = text.partition(":")
    if not colon or text.lower().startswith("10."):
        bare = next((name for name, pattern in _BARE if pattern.fullmatch(text)), "")
        return Reference(identifiers=_named(bare, text) if bare else ())
    name = scheme.strip().lower()
    record = text if scheme and value else ""
    return Reference(record=record, identifiers=_named(_ALIASES.get(name, name), value))


def _cluster(text: str) -> Reference:
    try:
        return Reference(cluster=cluster_key(text))
    except (ValueError, OverflowError):
        return Reference()


def _named(scheme: str, value: str) -> tuple[str, ...]:
    found = normalize(scheme, value) if scheme in SCHEMES else None
    return _works((found,)) if found else ()


def _works(identifiers: tuple[Identifier, ...]) -> tuple[str, ...]:
    """Return identifiers as the features of a record that has them, so that versions of DOIs fold in the same way."""
    return extract(Record(source="", source_id="", identifiers=identifiers)).ids
