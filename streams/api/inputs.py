"""Read what users pass in: documents as dictionaries, records, and payloads of feeds.

Rows of data frames are dictionaries whose missing values are NaN, whose whole numbers may be floats and whose lists may be arrays;
`plain` turns their values into those of JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

from streams.errors import PayloadError
from streams.matching.ruleset import DEFAULT, POLICIES, Rules
from streams.records.record import Delete, Record
from streams.sources import Item
from streams.sources import document as documents
from streams.sources import parse as parse_payload
from streams.sources.payloads import Json, Member, collect

__all__ = ["RecordLike", "name_side", "parse", "plain", "read_item", "read_pair", "rules_for"]

RecordLike: TypeAlias = Record | Mapping[str, Any]
"""A record, or a dictionary of the `document` form."""


def parse(source: str, payload: bytes | str | Json | list[Any] | None, key: bytes | str | None = None) -> list[Item]:
    """Read one message of a feed and return its items: a Record, a Delete or a PayloadError for each.

    `source` names the feed (`arxiv`, `crossref`, `document`, …); `payload` is the source's own answer as bytes, text or
    decoded JSON. An empty payload under a `key` (the record's id at the source) deletes that record. Nothing is raised
    for bad content: what cannot be read is among the items as a PayloadError with a stable `code`.
    """
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    if raw is not None and not isinstance(raw, bytes):
        raw = json.dumps(plain(raw)).encode()
    return parse_payload(source, raw, key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key)


def rules_for(preprints: str) -> Rules:
    """Return the rules in force under a preprint policy: `merge`, `relate` or `separate`."""
    if preprints not in POLICIES:
        raise ValueError(f"preprints must be one of {', '.join(POLICIES)}, not {preprints!r}")
    return DEFAULT.with_policy(preprints)


def read_item(value: object, where: str) -> Item:
    """Return a record, a delete or the error that a value stands for; `where` is its position in the input.

    Raises TypeError where the value is neither a dictionary nor a `Record`, `Delete` or `PayloadError`.
    """
    if isinstance(value, (Record, Delete, PayloadError)):
        return value
    if isinstance(value, Mapping):
        return collect([Member(where, plain(value))], documents.read)[0]
    problem = f"expected a dictionary or a Record, found {type(value).__name__}"
    if isinstance(value, str):  # what iterating over a data frame gives: names of columns
        problem += "; pass the rows of a data frame: frame.to_dict('records'), or frame.iter_rows(named=True) of polars"
    raise TypeError(problem)


def read_pair(a: RecordLike, b: RecordLike) -> tuple[Record, Record]:
    """Return both records of a pair. A document without an id or a source gets the name of its side, `a` or `b`.

    So two documents that say nothing of where they come from count as records of two feeds. Raises PayloadError.
    """
    return _record(_named(a, "a", _source(b)), "/a"), _record(_named(b, "b", _source(a)), "/b")


def plain(value: Any) -> Any:
    """Return a value as JSON has it: missing values as None, arrays as lists, dates as ISO text, whole floats as integers."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else float(value)
    if isinstance(value, Mapping):
        return {str(name): kept for name, given in value.items() if (kept := plain(given)) is not None}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [kept for given in value if (kept := plain(given)) is not None]
    if hasattr(value, "tolist"):  # numpy: arrays and scalars
        return plain(value.tolist())
    if _is_missing(value):
        return None
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_missing(value: Any) -> bool:
    """Tell whether a value is pandas' NaT or NA: neither equals itself, and NA cannot even say so."""
    try:
        return bool(value != value)  # noqa: PLR0124 - the one test that needs no pandas
    except TypeError:
        return True


def _source(value: RecordLike) -> object:
    return value.source if isinstance(value, Record) else value.get("source") if isinstance(value, Mapping) else None


def _named(value: RecordLike, name: str, other_source: object) -> RecordLike:
    return name_side(plain(value), name, other_source) if isinstance(value, Mapping) else value


def name_side(document: Json, name: str, other_source: object) -> Json:
    """Return a document to compare, with an id and a source where it lacks them: `name` for both.

    A missing source differs from `other_source`, so the two documents count as records of two feeds.
    """
    label = name if other_source != name else name * 2
    return {
        **document,
        **{field: given for field, given in (("id", name), ("source", label)) if _lacks(document, field)},
    }


def _lacks(document: Json, field: str) -> bool:
    value = document.get(field)
    return value is None or (isinstance(value, str) and not value.strip())


def _record(value: RecordLike, where: str) -> Record:
    item = read_item(value, where)
    if isinstance(item, Record):
        return item
    raise item if isinstance(item, PayloadError) else PayloadError("not_a_paper", "a delete cannot be compared", where)
