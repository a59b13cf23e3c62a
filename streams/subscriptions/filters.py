"""What a subscriber wants to receive of `dedup.events`. Pure.

`types`, `sources` and `corrections_only` narrow: all of those given must hold. `clusters` and `identifiers` name papers: an
event about any of them passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from streams.errors import UsageError
from streams.events.schemas import schema
from streams.normalize.identifiers import normalize

__all__ = ["EVERYTHING", "NEW_PAPERS", "TYPES", "Facts", "Filter", "facts_of"]

TYPES: tuple[str, ...] = tuple(schema("event")["properties"]["type"]["enum"])
"""The types of events."""
_MOST = 1000
_CLUSTER = re.compile(r"c[a-z2-7]{13}(\.[1-9]\d{0,9})?")
_SOURCE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_OTHERS = ("merged_from", "merged_into", "split_into", "split_from")
_SCHEMES = (("doi", "doi"), ("arxiv", "arxiv_id"))
"""Schemes of identifiers, and the fields of a document that have them."""
_NONE: frozenset[str] = frozenset()


class Facts(NamedTuple):
    """What filters ask about an event.

    `sources` are those of its records before and after, `clusters` its own and those that it names, `identifiers` the DOIs and
    arXiv ids of its document and of the versions there, each as `scheme:value`.
    """

    type: str
    sources: frozenset[str]
    clusters: frozenset[str]
    identifiers: frozenset[str]
    is_correction: bool


def facts_of(event: Mapping[str, Any]) -> Facts:
    """Return what filters ask about an event, given as its JSON fields."""
    document = event.get("document") or {}
    papers = (document, *document.get("versions", ()))
    return Facts(
        event["type"],
        frozenset(record.partition(":")[0] for record in (*event["before"], *event["after"])),
        frozenset((event["cluster_id"], *(other for name in _OTHERS for other in event.get(name, ())))),
        frozenset(f"{scheme}:{paper[name]}" for paper in papers for scheme, name in _SCHEMES if name in paper),
        bool(event.get("corrections")),
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """A subscriber's choice of events; empty sets choose all."""

    types: frozenset[str] = _NONE
    sources: frozenset[str] = _NONE
    clusters: frozenset[str] = _NONE
    identifiers: frozenset[str] = _NONE
    corrections_only: bool = False

    @classmethod
    def of(
        cls,
        *,
        types: Iterable[str] = (),
        sources: Iterable[str] = (),
        clusters: Iterable[str] = (),
        dois: Iterable[str] = (),
        arxiv_ids: Iterable[str] = (),
        corrections_only: bool = False,
    ) -> Filter:
        """Return the filter of values as users write them; identifiers in any usual spelling. Raises UsageError."""
        made = cls(
            frozenset(_checked(kind, kind in TYPES, f"type of event, one of {', '.join(TYPES)}") for kind in types),
            frozenset(_checked(source, bool(_SOURCE.fullmatch(source)), "source") for source in sources),
            frozenset(_checked(each, bool(_CLUSTER.fullmatch(each)), "cluster id") for each in clusters),
            frozenset((*(_normal("doi", each) for each in dois), *(_normal("arxiv", each) for each in arxiv_ids))),
            corrections_only,
        )
        if max(map(len, (made.sources, made.clusters, made.identifiers))) > _MOST:
            raise UsageError(f"more than {_MOST} values of one filter; subscribe without it and choose on your side")
        return made

    @property
    def is_everything(self) -> bool:
        """Return whether every event passes."""
        return self == EVERYTHING

    def passes(self, facts: Facts) -> bool:
        """Return whether an event is one that the subscriber wants."""
        if self.types and facts.type not in self.types:
            return False
        if self.sources and self.sources.isdisjoint(facts.sources):
            return False
        if self.corrections_only and not facts.is_correction:
            return False
        if not (self.clusters or self.identifiers):
            return True
        return not (self.clusters.isdisjoint(facts.clusters) and self.identifiers.isdisjoint(facts.identifiers))


EVERYTHING = Filter()
NEW_PAPERS = Filter(types=frozenset(("created",)))
"""Clusters that begin, or come back after their last record was deleted."""


def _checked(value: str, is_right: bool, what: str) -> str:
    if not is_right:
        raise UsageError(f"{value[:100]!r} is not a {what}")
    return value


def _normal(scheme: str, value: str) -> str:
    found = normalize(scheme, value)
    if found is None or found.scheme not in dict(_SCHEMES):
        raise UsageError(f"{value[:100]!r} is not an identifier of the kind {scheme}")
    return f"{found.scheme}:{found.value}"  # a DOI of arXiv is an arXiv id
