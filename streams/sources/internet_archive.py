"""Internet Archive Scholar: fatcat release entities, and hits of its search index.

`ext_ids.arxiv` always names a version; only the paper counts here, for the release is fatcat's. Releases
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
from streams.sources.drafts import MAX_ABSTRACT, MAX_AUTHORS, MAX_TITLE, Draft, delete_marked
from streams.sources.payloads import Adapter, Json, Member, envelope, read_json

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


def _identifiers(data: Json, draft: Draft) -> None:
    for fields, values in ((_SCHEMES, draft.mapping(data.get("ext_ids"), "ext_ids")), (_FLAT, data)):
        for name, scheme in fields:
            if value := values.get(name):
                draft.identify(scheme, value, f"ext_ids.{name}")


def _authors(data: Json, draft: Draft) -> tuple[list[Author], bool]:
    listed = data.get("contribs")
    if listed is None:
        listed = data.get("contrib_names")
    contribs = draft.items(listed, "contribs", MAX_AUTHORS)
    # Editors and translators stand in the same list; without any author they are the best there is.
    writers = [c for c in contribs if not isinstance(c, dict) or c.get("role") in (None, "author")]
    return names.from_items(writers or contribs, draft, "contribs")


def _abstract(data: Json, draft: Draft) -> str:
    """The abstract as plain text where there is one, else whichever comes first."""
    found = [a for a in draft.items(data.get("abstracts"), "abstracts", 20) if isinstance(a, dict) and a.get("content")]
    plain = [a for a in found if a.get("mimetype") == "text/plain"]
    chosen = (plain or found or [{}])[0]
    return draft.text(chosen.get("content"), "abstracts", MAX_ABSTRACT)


def _journal(data: Json, extra: Json, draft: Draft) -> str:
    container = data.get("container")
    name = container.get("name") if isinstance(container, dict) else None
    return draft.text(name or data.get("container_name") or extra.get("container_name"), "container")


def _date(data: Json, extra: Json, draft: Draft) -> str:
    date = draft.date(data.get("release_date"), "release_date") or draft.date(data.get("release_year"), "release_year")
    month = extra.get("release_month")
    if len(date) == 4 and isinstance(month, int) and 1 <= month <= 12:
        return f"{date}-{month:02d}"
    return date


def _relations(data: Json, extra: Json, draft: Draft) -> None:
    draft.relate("version_of", "fatcat_work", data.get("work_id"), "work_id")
    datacite = extra.get("datacite")
    if isinstance(datacite, dict):
        for item in draft.items(datacite.get("relations"), "extra.datacite.relations", 500):
            relate(item, draft, "extra.datacite.relations", preprint=False)


def read(data: Json) -> Record | Delete:
    """One release. Raises `PayloadError` (`no_identity`), for drafts too, which have no id yet."""
    draft = Draft(NAME)
    ident = draft.identify("fatcat", data.get("ident"), "ident")
    state = data.get("state")
    if state in ("deleted", "redirect"):
        return draft.delete(ident, f"fatcat_{state}")
    if delete_marked(data):
        return draft.delete(ident, "delete_marker")
    status = draft.text(data.get("withdrawn_status"), "withdrawn_status", 100).lower()
    if status == "withdrawn":
        return draft.delete(ident, "fatcat_withdrawn")
    if not ident:
        raise PayloadError("no_identity", "the release has no ident", "/ident")
    _identifiers(data, draft)
    extra = draft.mapping(data.get("extra"), "extra")
    _relations(data, extra, draft)
    authors, complete = _authors(data, draft)
    draft.link(data.get("best_pdf_url") or data.get("ia_pdf_url"), "best_pdf_url")
    original = data.get("original_title")
    return draft.record(
        ident,
        title=draft.text(data.get("title"), "title", MAX_TITLE),
        subtitle=draft.text(data.get("subtitle") or extra.get("subtitle"), "subtitle", MAX_TITLE),
        other_titles=draft.texts(original, "original_title", MAX_TITLE) if original else (),
        authors=authors,
        authors_complete=complete,
        date=_date(data, extra, draft),
        journal=_journal(data, extra, draft),
        volume=draft.text(data.get("volume"), "volume"),
        number=draft.text(data.get("issue"), "issue"),
        pages=draft.text(data.get("pages"), "pages"),
        publisher=draft.text(data.get("publisher"), "publisher"),
        abstract=_abstract(data, draft),
        # That a release was retracted, for instance, outranks its type, for that is what the release is.
        type=status or draft.text(data.get("release_type"), "release_type", 100).lower(),
        language=draft.text(data.get("language"), "language", 100),
    )


def source_id(key: str) -> str:
    """The release ident a key stands for."""
    identifier = normalize("fatcat", key)
    return identifier.value if identifier else ""


_ANSWERS = envelope("results", "hits")


def members(value: Any) -> Iterator[Member]:
    """Releases, alone or listed; a hit of the index that was asked for few fields has the ident in `_id` only."""
    for where, member in _ANSWERS(value):
        found = member.get("_source") if isinstance(member, dict) else None
        if isinstance(found, dict):
            yield Member(f"{where}/_source", {"ident": member.get("_id"), **found})
        else:
            yield Member(where, member)


ADAPTER = Adapter(NAME, read_json(members, read), source_id)
