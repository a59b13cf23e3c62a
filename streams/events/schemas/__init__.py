"""JSON Schemas (2020-12) of everything that is published, of the documents that are taken in, and of reports.

They are made for readers: what Streams publishes may have fields that a schema does not name, as a later version may add
some. They refer to one another by their `$id`, `urn:streams:schema:NAME`; `schema("event")` gives one by its name.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson

__all__ = ["NAMES", "schema"]

NAMES = (
    "canonical",
    "cluster",
    "correction",
    "dead-letter",
    "decision",
    "document",
    "event",
    "gap",
    "position",
    "summary",
    "verification",
)


def schema(name: str) -> dict[str, Any]:
    """Return the schema of a name, one of `NAMES`."""
    found: dict[str, Any] = orjson.loads(files(__name__).joinpath(f"{name}.json").read_bytes())
    return found
