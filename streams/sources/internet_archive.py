"""Internet Archive Scholar: fatcat release entities, and hits of its search index.

`ext_ids.arxiv` always names a version; Streams keeps the paper's id only. Releases
of one work share `work_id`, which is kept as a relation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streams.errors import PayloadError
from streams.normalize.identifiers import normalize
from streams.records.record import Author, Delete, Record
from streams.sources import authors as names
from streams.sources.datacite import relate
from streams.sources.payloads import Adapter, Json, Member, envelope, read_json
from streams.sources.record_builder import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, RecordBuilder, delete_marked

__all__ = ["ADAPTER"]

NAME = "internet_archive"
_SCHEMES = (
    ("doi", "doi"),
    ("arxiv", "arxiv"),
    ("pmid", "pmid"),
    ("pmcid", "pmcid"),
    ("core", "core"),
    ("jstor", "jstor"),
    ("mag", "mag"),
    ("dblp", "dblp"),
    ("hdl", "handle"),
    ("wikidata_qid", "wikidata"),
    ("doaj", "doaj"),
)
_FLAT = (
    ("doi", "doi"),
    ("arxiv_id", "arxiv"),
    ("pmid", "pmid"),
    ("pmcid", "pmcid"),
    ("core_id", "core"),
    ("jstor_id", "jstor"),
    ("wikidata_qid", "wikidata"),
    ("doaj_id", "doaj"),
    ("dblp_id", "dblp"),
)


def _identifiers(data: Json, builder: RecordBuilder) -> None:
    for fields, values in ((_SCHEMES, builder.mapping(data.get("ext_ids"), "ext_ids")), (_FLAT, data)):
        for name, scheme in fields:
            if value := values.get(name):
                builder.identify(scheme, value, f"ext_ids.{name}")


def _authors(data: Json, builder: RecordBuilder) -> tuple[list[Author], bool]:
    listed = data.get("contribs")
    if listed is None:
        listed = data.get("contrib_names")
    contribs = builder.items(listed, "contribs", MAX_AUTHORS)
    # Editors and translators are in the same list; they count only where there is no author.
    writers = [c for c in contribs if not isinstance(c, dict) or c.get("role") in (None, "author")]
    return names.from_items(writers or contribs, builder, "contribs")


def _abstract(data: Json, builder: RecordBuilder) -> str:
    """Return the abstract in plain text where there is one, else the first in another format."""
    found = [
        a for a in builder.items(data.get("abstracts"), "abstracts", 20) if isinstance(a, dict) and a.get("content")
    ]
    plain = [a for a in found if a.get("mimetype") == "text/plain"]
    chosen = (plain or found or [{}])[0]
    return builder.text(chosen.get("content"), "abstracts", MAX_ABSTRACT)


def _journal(data: Json, extra: Json, builder: RecordBuilder) -> str:
    container = data.get("container")
    name = container.get("name") if isinstance(container, dict) else None
    return builder.text(name or data.get("container_name") or extra.get("container_name"), "container")


def _date(data: Json, extra: Json, builder: RecordBuilder) -> str:
    date = builder.date(data.get("release_date"), "release_date") or builder.date(
        data.get("release_year"), "release_year"
    )
    month = extra.get("release_month")
    if len(date) == 4 and isinstance(month, int) and 1 <= month <= 12:
        return f"{date}-{month:02d}"
    return date


def _relations(data: Json, extra: Json, builder: RecordBuilder) -> None:
    builder.relate("version_of", "fatcat_work", data.get("work_id"), "work_id")
    datacite = extra.get("datacite")
    if isinstance(datacite, dict):
        for item in builder.items(datacite.get("relations"), "extra.datacite.relations", 500):
            relate(item, builder, "extra.datacite.relations", preprint=False)


def read(data: Json) -> Record | Delete:
    """Read one release.

    Raises:
        PayloadError: `no_identity`, also for an unpublished release that has no id yet.

    """
    builder = RecordBuilder(NAME)
    ident = builder.identify("fatcat", data.get("ident"), "ident")
    state = data.get("state")
    if state in ("deleted", "redirect"):
        return builder.delete(ident, f"fatcat_{state}")
    if delete_marked(data):
        return builder.delete(ident, "delete_marker")
    status = builder.text(data.get("withdrawn_status"), "withdrawn_status", 100).lower()
    if status == "withdrawn":
        return builder.delete(ident, "fatcat_withdrawn")
    if not ident:
        raise PayloadError("no_identity", "the release has no ident", "/ident")
    _identifiers(data, builder)
    extra = builder.mapping(data.get("extra"), "extra")
    _relations(data, extra, builder)
    authors, complete = _authors(data, builder)
    builder.link(data.get("best_pdf_url") or data.get("ia_pdf_url"), "best_pdf_url")
    original = data.get("original_title")
    return builder.record(
        ident,
        title=builder.text(data.get("title"), "title", MAX_TITLE),
        subtitle=builder.text(data.get("subtitle") or extra.get("subtitle"), "subtitle", MAX_TITLE),
        other_titles=builder.texts(original, "original_title", MAX_TITLE) if original else (),
        authors=authors,
        authors_complete=complete,
        date=_date(data, extra, builder),
        journal=_journal(data, extra, builder),
        volume=builder.text(data.get("volume"), "volume"),
        number=builder.text(data.get("issue"), "issue"),
        pages=builder.text(data.get("pages"), "pages"),
        publisher=builder.text(data.get("publisher"), "publisher"),
        abstract=_abstract(data, builder),
        # `withdrawn_status` (a retraction, for instance) outranks the type, for it says what the release is.
        type=status or builder.text(data.get("release_type"), "release_type", 100).lower(),
        language=builder.text(data.get("language"), "language", 100),
    )


def source_id(key: str) -> str:
    """Return a release's ident, from a topic's key."""
    identifier = normalize("fatcat", key)
    return identifier.value if identifier else ""


_ANSWERS = envelope("results", "hits")


def members(value: Any) -> Iterator[Member]:
    """Return releases, single or listed; a hit of the index that was asked for few fields has the ident in `_id` only."""
    for where, member in _ANSWERS(value):
        found = member.get("_source") if isinstance(member, dict) else None
        if isinstance(found, dict):
            yield Member(f"{where}/_source", {"ident": member.get("_id"), **found})
        else:
            yield Member(where, member)


ADAPTER = Adapter(NAME, read_json(members, read), source_id)
