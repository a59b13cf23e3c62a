"""Fold `dedup.dead-letter` into the number of current dead letters by source and reason code. Pure.

A dead letter comes again under its id where its message is read again, so the ids of the current ones are kept: those of at most
`MOST` dead letters, beyond which their number is not known. The topic keeps the last message of each id, so the fold begins with
its first message in each process.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["MOST", "LetterFold"]

MOST = 200_000


class _Letter(msgspec.Struct, frozen=True, gc=False):
    """A dead letter. Not known to the garbage collector, which would walk 200,000 of them while requests wait."""

    source: str
    code: str
    partition: int
    offset: int


class LetterFold:
    """The current dead letters. Add the messages of each partition in their order."""

    def __init__(self) -> None:
        self._found: dict[bytes, dict[bytes, _Letter]] = {}
        self._letters = 0

    def add(self, key: bytes, headers: Mapping[str, bytes], partition: int, offset: int) -> None:
        """Add a message: a dead letter, or a tombstone, which has no reason code."""
        code = headers.get("streams-code")
        if code is None:
            self._letters -= len(self._found.pop(key, ()))
            return
        if self.is_full:
            return
        # The first version of Streams gave all items of a payload the same key.
        items = self._found.setdefault(key, {})
        self._letters -= len(items)
        source = headers.get("streams-source", b"").decode("utf-8", "replace")
        items[headers.get("streams-where", b"")] = _Letter(source, code.decode("utf-8", "replace"), partition, offset)
        self._letters += len(items)

    def expire(self, first: Mapping[int, int]) -> None:
        """Drop the dead letters before the first offset that their partition still has: retention has deleted them."""
        for key, items in list(self._found.items()):
            kept = {where: letter for where, letter in items.items() if letter.offset >= first.get(letter.partition, 0)}
            self._letters -= len(items) - len(kept)
            if kept:
                self._found[key] = kept
            else:
                del self._found[key]

    @property
    def is_full(self) -> bool:
        """Tell whether there are more dead letters than are kept, so that their number is not known."""
        return self._letters >= MOST

    def counts(self) -> dict[str, dict[str, int]] | None:
        """Return the number of current dead letters by source and reason code, None where it is not known."""
        if self.is_full:
            return None
        counts: dict[str, dict[str, int]] = {}
        for items in self._found.values():
            for letter in items.values():
                codes = counts.setdefault(letter.source, {})
                codes[letter.code] = codes.get(letter.code, 0) + 1
        return counts
