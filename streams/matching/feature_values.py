"""The value `Features`: normal forms only, small enough to keep millions in memory.

Blocking keys and decisions are made from `Features` alone. It is a pure function of a Record (`matching/features.py`), does not
contain the record's id, and carries a fingerprint in place of the abstract. It has a module of its own because mypyc, which may
compile those beside it, cannot compile a `msgspec.Struct`.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "AUTHORS_CUT",
    "IS_BOOK",
    "IS_DATA",
    "IS_PREPRINT",
    "IS_THESIS",
    "MAX_AUTHORS",
    "SERIAL",
    "STOP_TITLE",
    "TRANSLATED",
    "Features",
]

MAX_AUTHORS = 8

STOP_TITLE = 1
TRANSLATED = 2
IS_PREPRINT = 4
AUTHORS_CUT = 8
IS_BOOK = 16
IS_THESIS = 32
IS_DATA = 64
SERIAL = 128


class Features(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record in the form that comparisons use.

    - `title`: words of main title and subtitle in normal form; `cut` is the length of the main title in it, 0 without subtitle.
    - `others`: other titles (original language, translated) in normal form.
    - `authors`: the first `MAX_AUTHORS` as `family|given` (see `streams.normalize.names`); `n_authors` counts all authors.
    - `date`: YYYYMMDD with 00 for a month or day that is not known; 0 for no date.
    - `ids`: `scheme:value` of every identifier that names a work; DOIs without their version.
    - `journal`: first letters of its words; `volume`, `number`, `page` (first page or article number) as digits where they
      can be; `last` is the last page where it is given and differs from the first.
    - `abstract`: fingerprint, 16 bytes or none.
    - `kind`: the kind of a work that is no text: `data`, `software`, `poster`, `talk`, `media`, `patent`; `""` for a text or where
      the kind is not known.
    - `derived`: kind of derived work by title, type or DOI; `ordinal`: its number or name; `full`: the title with its
      announcement, where it announces something.
    - `part`: the numbers of the part or volume that the title names.
    - `flags`: the sum of the constants `STOP_TITLE` to `SERIAL` of this module that apply.
    - `relations`: `kind scheme:value` as the source states them.
    """

    source: str
    title: str
    cut: int = 0
    others: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    n_authors: int = 0
    date: int = 0
    ids: tuple[str, ...] = ()
    journal: str = ""
    volume: str = ""
    number: str = ""
    page: str = ""
    abstract: bytes = b""
    derived: str = ""
    ordinal: str = ""
    flags: int = 0
    relations: tuple[str, ...] = ()
    last: str = ""
    kind: str = ""
    part: str = ""
    full: str = ""

    @property
    def main(self) -> str:
        """The main title."""
        return self.title[: self.cut] if self.cut else self.title

    @property
    def year(self) -> int:
        """The year, 0 where it is not known."""
        return self.date // 10000
