"""The addresses of identifiers at the sites that have them, for people who want to see the paper itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

__all__ = ["address_of"]

_SITES: Mapping[str, str] = {
    "doi": "https://doi.org/{}",
    "arxiv": "https://arxiv.org/abs/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "openalex": "https://openalex.org/{}",
    "s2_paper": "https://www.semanticscholar.org/paper/{}",
}
_NAME = re.compile(r"(\w+)[: ](\S+)")


def address_of(identifier: str) -> str:
    """Return where an identifier such as `doi:10.1000/x` or `doi 10.1000/x` leads to; empty where no site is known for it."""
    found = _NAME.fullmatch(identifier)
    site = _SITES.get(found[1]) if found else None
    return site.format(quote(found[2], safe="/:;().,_-")) if site and found else ""
