"""What was done just now, kept in memory so that the page after a form can say it. Nothing is lost that is not elsewhere.

A form is answered with a redirect, and the page that it leads to names the outcome by an id. After a restart, or many outcomes
later, it is not known any more: the page then says that the decision was made, without what it settled.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import TypeVar

__all__ = ["Recent"]

T = TypeVar("T")
_MOST = 500


class Recent:
    """The last outcomes of forms, by id."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, object] = OrderedDict()

    def keep(self, outcome: object) -> str:
        """Keep an outcome, and return its id, which cannot be guessed."""
        identifier = secrets.token_urlsafe(12)
        self._kept[identifier] = outcome
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return identifier

    def find(self, identifier: str, kind: type[T]) -> T | None:
        """Return an outcome of a kind by its id; None where it is not known any more."""
        found = self._kept.get(identifier)
        return found if isinstance(found, kind) else None
