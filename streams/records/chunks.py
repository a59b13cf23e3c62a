"""Handle very many values some at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["chunks"]

T = TypeVar("T")


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of `size`, the last of which may be shorter; takes no value before the chunk that it is in."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
