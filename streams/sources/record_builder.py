"""Builder of records for the adapters of sources: reads fields of any JSON type and warns where one was malformed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import SCHEMES, dois_in, find_arxiv, normalize, parse_arxiv
from streams.normalize.placeholders import is_missing
from streams.normalize.urls import from_url
from streams.records.record import Author, Delete, Identifier, Record, Relation
from streams.sources import dates

__all__ = ["RecordBuilder", "delete_marked", "fold", "written"]

MAX_TITLE, MAX_ABSTRACT, MAX_TEXT = 10_000, 50_000, 2_000
MAX_AUTHORS, MAX_IDENTIFIERS, MAX_RELATIONS, MAX_URLS, MAX_TITLES = 1_000, 100, 500, 100, 20
MAX_ID = 300

# Every record of a catalogue has these ids of the catalogue itself. A row with such an id and no title is no paper but a
# projection (`{"paperId": …, "citationCount": 3}`), which as a record would replace the full one.
_OWN: dict[str, frozenset[str]] = {
    "semantic_scholar": frozenset(("s2", "s2_paper")),
    "openalex": frozenset(("openalex",)),
    "core": frozenset(("core", "core_work")),
    "internet_archive": frozenset(("fatcat",)),
    "papers_with_code": frozenset(("pwc",)),
}
_RANK = {
    scheme: rank for rank, scheme in enumerate(("doi", "arxiv", *(s for s in SCHEMES if s not in ("doi", "arxiv"))))
}
_FLAGS = ("deleted", "_deleted", "is_deleted", "__deleted")
_OPERATIONS = ("op", "action", "_op")
_MARKS = frozenset(_FLAGS + _OPERATIONS)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]|[\ud800-\udfff]")


def _rank(identifier: Identifier) -> int:
    return _RANK[identifier[0]]


def fold(text: str) -> str:
    """Fold the whitespace of a text, and leave out what is no character (NUL, lone surrogates)."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_NOT_TEXT.sub("", text).split())


def delete_marked(data: dict[str, Any]) -> bool:
    """Tell whether an object is marked as deleted.

    Accepted beside the id: `deleted`, `_deleted`, `is_deleted` or `__deleted` being true, or `op`,
    `action` or `_op` being `delete`. The Semantic Scholar diffs list bare keys in files of their
    own; a harvester that puts those on the topic adds the marker, or sends a tombstone.
    """
    if _MARKS.isdisjoint(data):
        return False
    for name in _FLAGS:
        value = data.get(name)
        if value is True or (isinstance(value, str) and value.lower() in ("true", "deleted")):
            return True
    return any(
        isinstance(value, str) and value.lower() in ("delete", "d", "deleted", "remove")
        for value in map(data.get, _OPERATIONS)
    )


def written(scheme: str, number: float) -> str:
    """Return a number as the identifier it was before a table tool took it for one: 8906788.0, 704.0001, 1706.0376."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    if scheme != "arxiv" or isinstance(number, int):
        return str(number)
    month, _, digits = str(number).partition(".")
    return f"{month.zfill(4)}.{digits.ljust(5 if month >= '1501' and len(month) > 3 else 4, '0')}"


class RecordBuilder:
    """Builder of one record: collects warnings, identifiers, URLs and relations, then makes the record.

    More than ten methods, for each kind of value that adapters read has one.
    """

    __slots__ = ("_identifiers", "_is_document", "_relations", "_urls", "source", "warnings")

    def __init__(self, source: str, *, is_document: bool = False) -> None:
        """Begin a record of a `source`.

        With `is_document` the source is a label from a `document`, which may equal the name of a source with an adapter.
        """
        self.source = source
        self._is_document = is_document
        self.warnings: list[str] = []
        self._identifiers: dict[Identifier, None] = {}
        self._relations: dict[Relation, None] = {}
        self._urls: dict[str, None] = {}

    def warn(self, field: str, what: str) -> None:
        """Record that a field was dropped or repaired: each warning once, at most thirty."""
        warning = f"{field}: {what}"
        if len(self.warnings) < 30 and warning not in self.warnings:
            self.warnings.append(warning)

    def text(self, value: Any, field: str, limit: int = MAX_TEXT) -> str:
        """Return a value as text: a number is written out, of a list the first text counts.

        Any other type gives `""` and a warning; text beyond `limit` characters is cut, with a warning.
        """
        if isinstance(value, str):
            if len(value) <= limit and value.isprintable() and "  " not in value:
                return value.strip()
            return self._folded(value, field, limit)
        if value is None or value in ([], {}):
            return ""
        if isinstance(value, list):
            for member in value[:20]:
                if text := self.text(member, field, limit):
                    return text
            return ""
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return str(value)[:limit]
        self.warn(field, f"expected text, found {type(value).__name__}")
        return ""

    def _folded(self, text: str, field: str, limit: int) -> str:
        if len(text) > 2 * limit:
            text = text[: 2 * limit] + " " * 3
            self.warn(field, f"cut at {limit} characters")
        folded = fold(text)
        if "\x00" in text:
            self.warn(field, "NUL characters left out")
        if len(folded) > limit:
            self.warn(field, f"cut at {limit} characters")
            folded = folded[:limit].rstrip()
        return folded

    def texts(self, value: Any, field: str, limit: int = MAX_TEXT, count: int = MAX_TITLES) -> list[str]:
        """Return the texts of a list, or of a single value, without empty ones."""
        values = value if isinstance(value, list) else [value]
        return [text for text in (self.text(v, field, limit) for v in values[:count]) if text]

    def mapping(self, value: Any, field: str) -> dict[str, Any]:
        """Return a value that is an object; anything else gives `{}` and a warning."""
        if isinstance(value, dict):
            return value
        if value not in (None, [], ""):
            self.warn(field, f"expected an object, found {type(value).__name__}")
        return {}

    def items(self, value: Any, field: str, limit: int = MAX_AUTHORS) -> list[Any]:
        """Return a value that is a list, cut at `limit`; anything else gives `[]` and a warning."""
        if isinstance(value, list):
            if len(value) > limit:
                self.warn(field, f"cut at {limit} members")
                return value[:limit]
            return value
        if value not in (None, "", {}):
            self.warn(field, f"expected a list, found {type(value).__name__}")
        return []

    def date(self, value: Any, field: str) -> str:
        """Return a value as a partial date; a number is a year; anything else gives `""` and a warning."""
        if value is None or value == "":
            return ""
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            date = dates.partial_date(value if isinstance(value, str) else str(value))
            if not date and value != 0:
                self.warn(field, "not a date")
            return date
        self.warn(field, f"expected a date, found {type(value).__name__}")
        return ""

    def timestamp(self, value: Any, field: str) -> str:
        """Return a value as a time of change, UTC text; MongoDB's `{"$numberLong": …}` counts as its number."""
        if value is None or value == "":
            return ""
        if isinstance(value, dict):
            value = value.get("$numberLong", value.get("$date"))
            value = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
        if isinstance(value, (str, int)) and not isinstance(value, bool) and (moment := dates.timestamp(value)):
            return moment
        self.warn(field, "not a time")
        return ""

    def identify(self, scheme: str, value: Any, field: str) -> str:
        """Add an identifier of the work and return its normal form, `""` (and a warning) where it is none."""
        if value is None or value == "":
            return ""
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = value if isinstance(value, str) else written(scheme, value)
            identifier = normalize(scheme, text)
            if identifier:
                self._identifiers[identifier] = None
                # A field that is longer than its DOI may hold another behind it.
                if len(text) > len(identifier[1]) + 8 and scheme == "doi" and text.rfind("10.") > text.find("10.") + 8:
                    self._identifiers.update(dict.fromkeys(Identifier("doi", doi) for doi in dois_in(text)[1:]))
                return identifier[1]
            if is_missing(text.strip()) or not text.strip():
                return ""
        elif isinstance(value, list) and value:
            return next((taken for taken in [self.identify(scheme, item, field) for item in value[:20]] if taken), "")
        self.warn(field, f"not a usable {scheme}")
        return ""

    def identify_dois(self, value: Any, field: str) -> None:
        """Add all DOIs of a field that may hold several."""
        found = dois_in(value) if isinstance(value, str) else ()
        for doi in found:
            self.identify("doi", doi, field)
        if not found:
            self.identify("doi", value, field)

    def mention(self, text: str) -> None:
        """Add the arXiv id that a text names with an explicit cue (`arXiv:…`, `abs/…`), if any."""
        if ("/" in text or "xiv" in text.lower()) and (found := find_arxiv(text)):
            self._identifiers[Identifier("arxiv", found.base)] = None

    def locate(self, journal: str, volume: str) -> None:
        """Add the arXiv id that a source wrote in the place of journal and volume (`ArXiv`, `abs/2111.12710`)."""
        if journal:
            self.mention(journal)
        if len(volume) > 8:
            if journal.lower() in ("arxiv", "corr", "arxiv.org") and (found := parse_arxiv(volume)):
                self._identifiers[Identifier("arxiv", found.base)] = None
            else:
                self.mention(volume)

    def link(self, value: Any, field: str, *, identifies: bool = True) -> None:
        """Add a URL of the work and, where it `identifies` the work, the identifiers in it."""
        if not value:
            return
        if not isinstance(value, str):
            self.warn(field, f"expected a URL, found {type(value).__name__}")
            return
        url = value.strip() if value.isprintable() else fold(value)
        if len(url) > MAX_TEXT or url in self._urls:
            return
        if "://" in url:
            if len(self._urls) >= MAX_URLS:
                self.warn(field, f"cut at {MAX_URLS} URLs")
                return
            self._urls[url] = None
        if not identifies:
            return
        # A publisher's link may show another paper (Crossref has such PDF links), so a DOI in its path
        # counts only where the source gives no DOI; a resolver's link is the source's own word.
        takes_doi = "doi.org/" in url or not self.first("doi")
        for identifier in from_url(url, publishers=takes_doi):
            if takes_doi or identifier[0] != "doi":
                self._identifiers[identifier] = None

    def relate(self, kind: str, scheme: str, value: Any, field: str) -> None:
        """Add a relation to the work of an identifier; an unknown scheme is read as a URL."""
        if not isinstance(value, str) or len(self._relations) >= MAX_RELATIONS:
            return
        identifier = normalize(scheme, value) if scheme in SCHEMES else next(iter(from_url(value)), None)
        if identifier:
            self._relations[Relation(kind, identifier.scheme, identifier.value)] = None
        elif scheme in SCHEMES:
            self.warn(field, f"not a usable {scheme}")

    def first(self, scheme: str) -> str:
        """Return the first identifier of a scheme added so far, `""` where there is none."""
        for identifier in self._identifiers:
            if identifier[0] == scheme:
                return identifier[1]
        return ""

    def record(
        self,
        source_id: str,
        *,
        title: str = "",
        other_titles: Iterable[str] = (),
        authors: Sequence[Author] = (),
        **fields: Any,
    ) -> Record:
        """Build the record; keyword arguments are the fields of `Record`.

        Raises:
            PayloadError: `no_identity` where there is no id, or neither a title nor an identifier
                of the work beyond the catalogue's own.

        """
        check_id(source_id)
        identifiers = self._identifiers
        if not title:
            own = () if self._is_document else _OWN.get(self.source, ())
            if all(identifier.scheme in own for identifier in identifiers):
                raise PayloadError("no_identity", "neither a title nor an identifier of the work")
        ordered: Iterable[Identifier] = identifiers
        if len(identifiers) > 1:
            ordered = sorted(identifiers, key=_rank)[:MAX_IDENTIFIERS]
            if len(identifiers) > MAX_IDENTIFIERS:
                self.warn("identifiers", f"cut at {MAX_IDENTIFIERS}")
        if len(authors) >= MAX_AUTHORS:
            fields["authors_complete"] = False
        if other_titles:
            fields["other_titles"] = tuple(dict.fromkeys(other for other in other_titles if other != title))
        if self._relations:
            fields["relations"] = tuple(self._relations)
        if self.warnings:
            fields["warnings"] = tuple(self.warnings)
        return Record(
            source=self.source,
            source_id=source_id,
            title=title,
            authors=tuple(authors),
            identifiers=tuple(ordered),
            urls=tuple(self._urls),
            **fields,
        )

    def delete(self, source_id: str, reason: str, updated: Any = None) -> Delete:
        """Build the delete of a record.

        Raises:
            PayloadError: `no_identity` without an id.

        """
        check_id(source_id)
        return Delete(
            source=self.source, source_id=source_id, reason=reason, updated=self.timestamp(updated, "updated")
        )


def check_id(source_id: str) -> None:
    """Refuse an id that cannot name a record.

    Raises:
        PayloadError: `no_identity`.

    """
    if not source_id:
        raise PayloadError("no_identity", "no id that stays the same")
    if len(source_id) > MAX_ID:
        raise PayloadError("no_identity", f"the id has more than {MAX_ID} characters")
