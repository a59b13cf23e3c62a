"""Documents in the payload shape of their source, as that source would send them.

Only fields the source has survive: Crossref knows no arXiv id, arXiv no journal of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from typing import Any

__all__ = ["payload"]

Json = dict[str, Any]


def payload(document: Json) -> Json:
    """Return the payload of a document whose `source` is a feed with a shape of its own."""
    return _SHAPES[document["source"]](document)


def _arxiv(document: Json) -> Json:
    """Make a line of the arXiv metadata snapshot."""
    authors: list[str] = document.get("authors", [])
    version = document.get("version", 1)
    created: str = document.get("publication_date", "2020-01-01")
    return {
        "id": document["arxiv_id"],
        "submitter": authors[0] if authors else None,
        "authors": ", ".join(authors[:-1]) + (" and " if len(authors) > 1 else "") + authors[-1] if authors else "",
        "title": _folded(document["title"]),
        "comments": None,
        "journal-ref": document.get("journal"),
        "doi": document.get("doi"),
        "report-no": None,
        "categories": "math.GM",
        "license": None,
        "abstract": f"  {_folded(document.get('abstract', ''))}\n",
        "versions": [{"version": f"v{v}", "created": _rfc822(created, v)} for v in range(1, version + 1)],
        "update_date": str(document.get("updated", created))[:10],
        "authors_parsed": [_parsed(name) for name in authors],
    }


def _semantic_scholar(document: Json) -> Json:
    """Make a paper of the Graph API."""
    corpus = int(document["id"])
    ids: Json = {"CorpusId": corpus}
    if "arxiv_id" in document:
        ids["ArXiv"] = document["arxiv_id"]
    if "doi" in document:
        ids["DOI"] = document["doi"]
    date = document.get("publication_date", "")
    return {
        "paperId": _paper_id(corpus),
        "corpusId": corpus,
        "externalIds": ids,
        "title": document["title"],
        "abstract": document.get("abstract"),
        "venue": document.get("journal", ""),
        "year": document.get("year"),
        "publicationDate": date if len(date) == 10 else None,
        "publicationTypes": None,
        "journal": {"name": document["journal"]} if "journal" in document else None,
        "authors": [{"authorId": None, "name": name} for name in document.get("authors", [])],
    }


def _crossref(document: Json) -> Json:
    """Make a work of the REST API."""
    work: Json = {
        "DOI": document.get("doi", document["id"]),
        "type": document.get("type", "journal-article"),
        "title": [document["title"]],
        "subtitle": [document["subtitle"]] if "subtitle" in document else [],
        "original-title": document.get("other_titles", []),
        "container-title": [document["journal"]] if "journal" in document else [],
        "issued": {"date-parts": [_date_parts(document)]},
        "deposited": {"date-time": document.get("updated", "2020-01-01T00:00:00Z")},
        "relation": {},
    }
    if work["type"] == "erratum":
        work["type"] = "journal-article"  # Crossref has no such type: the notice says what it updates
    for name, field in (("volume", "volume"), ("number", "issue"), ("pages", "page"), ("abstract", "abstract")):
        if name in document:
            work[field] = document[name]
    if "authors" in document:
        work["author"] = [_crossref_author(name, index) for index, name in enumerate(document["authors"])]
    for relation in document.get("relations", []):
        if relation["kind"] == "comments_on":
            work["relation"] = {
                "is-comment-on": [{"id-type": "doi", "id": relation["value"], "asserted-by": "subject"}]
            }
        else:
            kind = "retraction" if relation["kind"] == "retracts" else "correction"
            work["update-to"] = [{"DOI": relation["value"], "type": kind}]
    return work


def _openalex(document: Json) -> Json:
    """Make a work of the OpenAlex API."""
    url = f"https://openalex.org/{document['id']}"
    doi = document.get("doi")
    arxiv = document.get("arxiv_id")
    landing = f"https://arxiv.org/abs/{arxiv}" if arxiv else doi
    location = {
        "landing_page_url": landing,
        "version": "submittedVersion" if arxiv else "publishedVersion",
        "source": {"display_name": document["journal"], "type": "journal"} if "journal" in document else None,
    }
    return {
        "id": url,
        "doi": doi,
        "title": document["title"],
        "display_name": document["title"],
        "publication_year": document.get("year"),
        "publication_date": document.get("publication_date"),
        "ids": {"openalex": url} | ({"doi": doi} if doi else {}),
        "language": "en",
        "type": "article",
        "is_paratext": False,
        "is_retracted": False,
        "primary_location": location if landing else None,
        "locations": [location] if landing else [],
        "authorships": [
            {"author": {"id": None, "display_name": name, "orcid": None}, "raw_author_name": name}
            for name in document.get("authors", [])
        ],
        "biblio": {
            "volume": document.get("volume"),
            "issue": document.get("number"),
            "first_page": None,
            "last_page": None,
        },
        "abstract_inverted_index": _inverted(document["abstract"]) if "abstract" in document else None,
        "updated_date": document.get("updated", "2020-01-01T00:00:00")[:19],
    }


def _core(document: Json) -> Json:
    """Make a work of CORE v3."""
    date = document.get("publication_date", "")
    return {
        "id": int(document["id"]),
        "title": document["title"],
        "authors": [{"name": name} for name in document.get("authors", [])],
        "abstract": document.get("abstract"),
        "doi": document.get("doi"),
        "arxivId": document.get("arxiv_id"),
        "identifiers": [{"identifier": document["id"], "type": "CORE_ID"}],
        "publishedDate": f"{date}T00:00:00" if len(date) == 10 else None,
        "yearPublished": document.get("year"),
        "documentType": "research",
        "language": {"code": "en", "name": "English"},
        "journals": [{"title": document["journal"], "identifiers": []}] if "journal" in document else [],
        "links": [],
        "updatedDate": document.get("updated", "2020-01-01T00:00:00Z"),
    }


def _unpaywall(document: Json) -> Json:
    """Make a DOI object of Unpaywall."""
    return {
        "doi": document["id"],
        "doi_url": f"https://doi.org/{document['id']}",
        "title": document["title"],
        "genre": document.get("type", "journal-article"),
        "is_paratext": False,
        "published_date": document.get("publication_date"),
        "year": document.get("year"),
        "journal_name": document.get("journal"),
        "oa_locations": [],
        "z_authors": [
            {"author_position": "first" if index == 0 else "additional", "raw_author_name": name}
            for index, name in enumerate(document.get("authors", []))
        ],
        "updated": document.get("updated", "2020-01-01T00:00:00")[:19],
    }


def _internet_archive(document: Json) -> Json:
    """Make a fatcat release."""
    date = document.get("publication_date", "")
    ids = {"doi": document["doi"].lower()} if "doi" in document else {}
    release: Json = {
        "ident": document["id"],
        "work_id": document["id"][::-1],
        "state": "active",
        "title": document["title"],
        "contribs": [
            {"index": index, "raw_name": name, "role": "author"}
            for index, name in enumerate(document.get("authors", []))
        ],
        "ext_ids": ids | ({"arxiv": f"{document['arxiv_id']}v1"} if "arxiv_id" in document else {}),
        "release_type": "article-journal",
        "release_stage": "published",
        "abstracts": [],
        "refs": [],
    }
    if len(date) == 10:
        release["release_date"] = date
    if "year" in document:
        release["release_year"] = document["year"]
    for name, field in (("subtitle", "subtitle"), ("volume", "volume"), ("number", "issue"), ("pages", "pages")):
        if name in document:
            release[field] = document[name]
    return release


def _papers_with_code(document: Json) -> Json:
    """Make a paper of the Papers with Code dump."""
    return {
        "paper_url": f"https://paperswithcode.com/paper/{document['id']}",
        "arxiv_id": document.get("arxiv_id"),
        "nips_id": None,
        "title": document["title"],
        "abstract": document.get("abstract"),
        "url_abs": f"http://arxiv.org/abs/{document['arxiv_id']}",
        "proceeding": None,
        "authors": document.get("authors", []),
        "date": document.get("publication_date"),
    }


_SHAPES: dict[str, Callable[[Json], Json]] = {
    "arxiv": _arxiv,
    "semantic_scholar": _semantic_scholar,
    "crossref": _crossref,
    "openalex": _openalex,
    "core": _core,
    "unpaywall": _unpaywall,
    "internet_archive": _internet_archive,
    "papers_with_code": _papers_with_code,
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _paper_id(corpus: int) -> str:
    return sha1(str(corpus).encode(), usedforsecurity=False).hexdigest()


def _folded(text: str) -> str:
    # The snapshot folds long titles and abstracts at about 72 columns.
    at = text.find(" ", 60)
    return text if at < 0 else f"{text[:at]}\n  {text[at + 1 :]}"


def _rfc822(date: str, version: int) -> str:
    year, month, day = (date + "-01-01").split("-")[:3]
    return f"{int(day)} {_MONTHS[int(month) - 1]} {int(year) + (version > 1)} 12:00:00 GMT"


def _parsed(name: str) -> list[str]:
    if ", " in name:
        family, given = name.split(", ", 1)
        return [family, given, ""]
    given, _, family = name.rpartition(" ")
    return [family, given, ""]


def _crossref_author(name: str, index: int) -> Json:
    place: Json = {"sequence": "first" if index == 0 else "additional", "affiliation": []}
    family, given, _ = _parsed(name)
    if not given or "Collaboration" in name or "Group" in name:
        return {"name": name, **place}
    return {"given": given, "family": family, **place}


def _date_parts(document: Json) -> list[int | None]:
    date = document.get("publication_date", "")
    return [int(part) for part in date.split("-")] if date else [None]


def _inverted(text: str) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(text.split()):
        places.setdefault(word, []).append(at)
    return places
