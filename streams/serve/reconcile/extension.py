"""Fields of clusters as new columns: data extension. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.query.answers import ClusterAnswer
from streams.serve.reconcile.properties import PROPERTIES, Cell, property_of
from streams.serve.reconcile.protocol import ExtendProperty, ExtendQuery

__all__ = ["extension", "proposals"]


def extension(query: ExtendQuery, clusters: Mapping[str, ClusterAnswer]) -> dict[str, Any]:
    """Return the values of each property for each id asked for; none where the cluster or the property is not known.

    Every id has a list for every property: OpenRefine moves the columns of a row where one is missing.
    """
    return {
        "meta": [{"id": each.id, "name": _name(each.id)} for each in query.properties],
        "rows": {
            asked: {each.id: _values(each, clusters.get(asked)) for each in query.properties} for asked in query.ids
        },
    }


def proposals(limit: int | None = None) -> list[dict[str, str]]:
    """Return the properties that an extension has, at most `limit` of them."""
    having = [each for each in PROPERTIES if each.values]
    return [{"id": each.id, "name": each.name, "description": each.description} for each in having[:limit]]


def _name(pid: str) -> str:
    known = property_of(pid)
    return known.name if known else pid


def _values(asked: ExtendProperty, cluster: ClusterAnswer | None) -> list[dict[str, Cell]]:
    known = property_of(asked.id)
    if cluster is None or not cluster.records or known is None or known.values is None:
        return []
    values = known.values(cluster)[: _limit(asked)]
    return [{"int": value} if isinstance(value, int) else {"str": value} for value in values]


def _limit(asked: ExtendProperty) -> int | None:
    """Return the user's limit of values, None for no limit; forms send numbers as text."""
    try:
        limit = int(float((asked.settings or {}).get("limit", 0)))
    except (TypeError, ValueError, OverflowError):
        return None
    return limit if limit > 0 else None
