from __future__ import annotations

import pytest

from streams.serve.page.views.addresses import address_of


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("doi:10.1103/PhysRevLett.116.061102", "https://doi.org/10.1103/PhysRevLett.116.061102"),
        ("doi 10.1002/(SICI)1097<1::AID>3.0.CO;2-#", "https://doi.org/10.1002/(SICI)1097%3C1::AID%3E3.0.CO;2-%23"),
        ("arxiv:hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("pmid 123", "https://pubmed.ncbi.nlm.nih.gov/123/"),
        ("openalex:W9100000003", "https://openalex.org/W9100000003"),
        ("core:8100000004", ""),
        ("javascript:alert(1)", ""),
        ("doi:10.1000/x onclick", ""),
        ("and 3 more", ""),
        ("", ""),
    ],
)
def test_where_an_identifier_leads_to(identifier: str, address: str) -> None:
    assert address_of(identifier) == address
