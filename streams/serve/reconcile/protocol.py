"""The messages of the Reconciliation API 0.2, as types, and the reading of what a client sends.

What is malformed is refused as a whole, with the key of the query and the field: the answer to a misread query would be stored in
the spreadsheet as if it were one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from streams.serve.problems import ProblemError, ProblemField

__all__ = [
    "MOST_EXTENDED",
    "MOST_QUERIES",
    "Candidate",
    "Entity",
    "EntityType",
    "ExtendProperty",
    "ExtendQuery",
    "Feature",
    "Query",
    "QueryProperty",
    "Result",
    "Suggestion",
    "Suggestions",
    "read_extend_query",
    "read_queries",
]

T = TypeVar("T")

MOST_QUERIES = 50
"""Queries in one batch, as the manifest announces: one match of the index. OpenRefine sends 10, or up to this of a long table."""
MOST_EXTENDED = 100
"""Clusters in one extension; OpenRefine sends 10."""
_MOST_PROPERTIES = 50
_MOST_VALUES = 100


class EntityType(msgspec.Struct, frozen=True):
    """A type of entities."""

    id: str
    name: str


class Entity(msgspec.Struct, frozen=True):
    """A value that was reconciled itself, by this service or another one."""

    id: str
    name: str = ""


Value = str | bool | int | float | Entity


class QueryProperty(msgspec.Struct, frozen=True):
    """The values of one property: a column that refines a query."""

    pid: str
    v: Value | Annotated[list[Value], msgspec.Meta(max_length=_MOST_VALUES)]


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reconciliation query: a text, properties, or both."""

    query: str | UnsetType = UNSET
    type: str | list[str] | UnsetType = UNSET
    limit: int | float | UnsetType = UNSET
    properties: Annotated[list[QueryProperty], msgspec.Meta(max_length=_MOST_PROPERTIES)] | UnsetType = UNSET
    type_strict: Literal["any", "should", "all"] | UnsetType = UNSET


class Feature(msgspec.Struct, frozen=True):
    """Something known of a candidate, for clients that compute scores of their own."""

    id: str
    value: bool | int | float


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that a query may mean. `score` is 0 to 100; `match`: it is the one."""

    id: str
    name: str
    description: str
    type: tuple[EntityType, ...]
    score: float
    match: bool
    features: tuple[Feature, ...]


class Result(msgspec.Struct, frozen=True):
    """The candidates of one query, by decreasing score."""

    result: tuple[Candidate, ...]


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entity, a property or a type that a text in a field may mean; `notable` are types of an entity."""

    id: str
    name: str
    description: str = ""
    notable: tuple[EntityType, ...] = ()


class Suggestions(msgspec.Struct, frozen=True):
    """Suggestions, best first."""

    result: tuple[Suggestion, ...]


class ExtendProperty(msgspec.Struct, frozen=True):
    """A property whose values are asked for; `settings` are the user's, as the manifest offers them."""

    id: str
    settings: dict[str, Any] | None = None


class ExtendQuery(msgspec.Struct, frozen=True):
    """Clusters, and the properties of them that are asked for."""

    ids: list[str]
    properties: Annotated[list[ExtendProperty], msgspec.Meta(max_length=_MOST_PROPERTIES)]


def read_queries(text: str) -> dict[str, Query]:
    """Return the queries of a batch by their keys.

    Raises:
        ProblemError: 413 for more than `MOST_QUERIES`, 400 for anything that is not a batch; it names the query and the field.

    """
    batch = _decode(text, dict[str, msgspec.Raw], "queries")
    if len(batch) > MOST_QUERIES:
        raise ProblemError(413, "too_large", f"{len(batch)} queries in a batch; at most {MOST_QUERIES} are answered")
    queries = {key: _decode(raw, Query, f"queries.{key}") for key, raw in batch.items()}
    for key, query in queries.items():
        if query.query is UNSET and not query.properties:
            raise _malformed(f"queries.{key}", "give `query`, `properties` or both")
        if query.limit is not UNSET and not query.limit >= 1:
            raise _malformed(f"queries.{key}", "`limit` is 1 or more")
    return queries


def read_extend_query(text: str) -> ExtendQuery:
    """Return a data extension query.

    Raises:
        ProblemError: 413 for more than `MOST_EXTENDED` clusters, 400 for anything that is not such a query.

    """
    query = _decode(text, ExtendQuery, "extend")
    if len(query.ids) > MOST_EXTENDED:
        raise ProblemError(413, "too_large", f"{len(query.ids)} ids at once; at most {MOST_EXTENDED} are answered")
    return query


def _decode(text: str | msgspec.Raw, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise _malformed(where, str(error)) from None
    except RecursionError:
        raise _malformed(where, "it is nested too deeply") from None


def _malformed(where: str, message: str) -> ProblemError:
    where = where[:100]
    return ProblemError(400, "invalid", f"{where}: {message}", errors=(ProblemField(where, message),))
