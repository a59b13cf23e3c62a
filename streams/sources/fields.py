"""Names of the fields that a record's warnings may name.

A warning is `field: what`, where `field` is the adapter's own name for a place in its source's payloads. The names are a closed
list, so they may be labels of a metric.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FIELDS", "unread"]

# fmt: off
FIELDS: frozenset[str] = frozenset((
    "DOI", "URL", "abstract", "abstract_inverted_index", "abstracts", "arxivId", "arxiv_id", "attributes", "author",
    "authors", "authors_parsed", "authorships", "authorships.author", "best_pdf_url", "biblio", "biblio.first_page",
    "biblio.issue", "biblio.last_page", "biblio.volume", "conference_url_abs", "conference_url_pdf", "container",
    "container-title", "container.firstPage", "container.issue", "container.lastPage", "container.title",
    "container.volume", "contribs", "corpusId", "created", "creator", "creators", "date", "dates", "datestamp",
    "deposited", "description", "descriptions", "documentType", "doi", "downloadUrl", "ext_ids", "ext_ids.arxiv",
    "ext_ids.arxiv_id", "ext_ids.core", "ext_ids.core_id", "ext_ids.dblp", "ext_ids.dblp_id", "ext_ids.doaj",
    "ext_ids.doaj_id", "ext_ids.doi", "ext_ids.hdl", "ext_ids.jstor", "ext_ids.jstor_id", "ext_ids.mag",
    "ext_ids.pmcid", "ext_ids.pmid", "ext_ids.wikidata_qid", "externalIds", "externalIds.ACL", "externalIds.ArXiv",
    "externalIds.CorpusId", "externalIds.DBLP", "externalIds.DOI", "externalIds.MAG", "externalIds.PubMed",
    "externalIds.PubMedCentral", "extra", "extra.datacite.relations", "genre", "id", "ident", "identifier",
    "identifiers", "ids", "ids.doi", "ids.mag", "ids.pmcid", "ids.pmid", "issue", "journal", "journal-ref",
    "journal.name", "journal.pages", "journal.volume", "journal_name", "journal_ref", "journals", "language",
    "links", "locations", "magId", "number", "oa_locations", "oa_locations.pmh_id", "oa_locations.url",
    "oa_locations.url_for_landing_page", "oa_locations.url_for_pdf", "oaiIds", "openAccessPdf", "openreview_id",
    "original-title", "original_title", "other_titles", "outputs", "page", "pages", "paperId", "paper_arxiv_id",
    "paper_url", "paper_url_abs", "paper_url_pdf", "pdfUrls", "pmcid", "pmid", "primary_location",
    "primary_location.source", "proceeding", "publicationDate", "publicationTypes", "publicationYear",
    "publication_date", "publication_year", "published", "publishedDate", "published_date", "publisher", "pubmedId",
    "relatedIdentifiers", "relation", "relations", "release_date", "release_type", "release_year", "resource",
    "source.display_name", "source.publisher", "sourceFulltextUrls", "subtitle", "subtype", "summary", "title",
    "titles", "type", "types", "update-to", "update_date", "updated", "updatedDate", "updated_date", "url",
    "url_abs", "url_pdf", "urls", "venue", "version", "version/date", "versions", "volume", "withdrawn_status",
    "work_id", "year", "yearPublished", "z_authors",
))
# fmt: on
"""Every field that a warning may name, over all adapters."""


def unread(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that the warnings of a record name, each once."""
    return tuple(dict.fromkeys(warning.partition(":")[0] for warning in warnings))
