from __future__ import annotations

import pytest

from streams.normalize.urls import from_url
from streams.records.record import Identifier

SHA = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"


def test_a_handle_that_is_a_doi_is_a_doi() -> None:
    assert from_url("https://hdl.handle.net/10.1000/X") == (Identifier("doi", "10.1000/x"),)


@pytest.mark.parametrize(
    ("url", "scheme", "value"),
    [
        ("https://dx.doi.org/10.1038/nature14539", "doi", "10.1038/nature14539"),
        ("http://arxiv.org/pdf/quant-ph/0612097v1", "arxiv", "quant-ph/0612097"),
        ("https://www.semanticscholar.org/paper/Attention-is-All-you-Need/" + SHA, "s2_paper", SHA),
        (f"http://pdfs.semanticscholar.org/{SHA[:4]}/{SHA[4:]}.pdf", "s2_paper", SHA),
        ("https://api.semanticscholar.org/CorpusID:13756489", "s2", "13756489"),
        ("https://openalex.org/W2963403868", "openalex", "W2963403868"),
        ("https://api.openalex.org/works/W2963403868", "openalex", "W2963403868"),
        ("https://core.ac.uk/download/82985284.pdf", "core", "82985284"),
        ("https://core.ac.uk/download/pdf/82985284.pdf", "core", "82985284"),
        ("https://api.core.ac.uk/v3/outputs/469841313", "core", "469841313"),
        ("https://core.ac.uk/works/58971691", "core_work", "58971691"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3105910/", "pmcid", "PMC3105910"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC3105910/", "pmcid", "PMC3105910"),
        ("https://europepmc.org/articles/pmc3105910?pdf=render", "pmcid", "PMC3105910"),
        ("https://europepmc.org/article/MED/40120586", "pmid", "40120586"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/40120586", "pmid", "40120586"),
        ("https://aclanthology.org/P18-1001.pdf", "acl", "P18-1001"),
        ("https://openreview.net/pdf?id=r1g6MCEtwr", "openreview", "r1g6MCEtwr"),
        ("https://hal.science/hal-00620841v2/document", "hal", "hal-00620841"),
        ("https://archive.org/download/arxiv-cond-mat0107190/cond-mat0107190.pdf", "arxiv", "cond-mat/0107190"),
        ("https://archive.org/details/arxiv-0812.3075", "arxiv", "0812.3075"),
        ("https://web.archive.org/web/20210602092828/https://arxiv.org/abs/2105.13074", "arxiv", "2105.13074"),
        (
            "https://web.archive.org/web/20180725025539id_/http://doi.org/10.1038/nature14539",
            "doi",
            "10.1038/nature14539",
        ),
        ("https://link.springer.com/content/pdf/10.1007/s00198-014-2673-x.pdf", "doi", "10.1007/s00198-014-2673-x"),
        (
            "https://link.springer.com/article/10.1007/s00198-014-2673-x/fulltext.html",
            "doi",
            "10.1007/s00198-014-2673-x",
        ),
        ("https://onlinelibrary.wiley.com/doi/pdfdirect/10.1002/cbf.935", "doi", "10.1002/cbf.935"),
        ("https://www.biorxiv.org/content/10.1101/366815v1.full.pdf", "doi", "10.1101/366815"),
        (
            "https://iopscience.iop.org/article/10.1088/1757-899X/225/1/012198/pdf",
            "doi",
            "10.1088/1757-899x/225/1/012198",
        ),
        (
            "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0182437",
            "doi",
            "10.1371/journal.pone.0182437",
        ),
        ("https://example.org/articles/10.16995/sim.144/galley/140/download/", "doi", "10.16995/sim.144"),
        ("https://example.org/article-pdf/doi/10.2118/172584-MS/1378217/spe-172584-ms.pdf", "doi", "10.2118/172584-ms"),
        ("https://www.researchsquare.com/article/rs-2382535/v1", "doi", "10.21203/rs.3.rs-2382535/v1"),
        ("http://front.math.ucdavis.edu/math.AG/0611800", "arxiv", "math/0611800"),
        ("http://arxiv.org/PS_cache/hep-th/pdf/9711/9711200v3.pdf", "arxiv", "hep-th/9711200"),
        ("https://ui.adsabs.harvard.edu/abs/2017arXiv170603762V/abstract", "arxiv", "1706.03762"),
        ("https://identifiers.org/pubmed:40120586", "pmid", "40120586"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/?term=40120586", "pmid", "40120586"),
        ("http://dx.doi.org/doi:10.5555/abc.12", "doi", "10.5555/abc.12"),
        ("https://doi.org.proxy.lib.example.edu/10.5555/abc.12", "doi", "10.5555/abc.12"),
        ("https://example.org/doi/10.5555/abc.12/full;jsessionid=AB.f01", "doi", "10.5555/abc.12"),
        ("oai:arXiv.org:math/0611800", "arxiv", "math/0611800"),
        ("oai:pubmedcentral.nih.gov:12008803", "pmcid", "PMC12008803"),
    ],
)
def test_identifiers_in_urls(url: str, scheme: str, value: str) -> None:
    assert from_url(url) == (Identifier(scheme, value),)


def test_a_dblp_page_of_corr_names_both() -> None:
    assert from_url("https://dblp.org/rec/journals/corr/abs-1706-03762.html") == (
        Identifier("dblp", "journals/corr/abs-1706-03762"),
        Identifier("arxiv", "1706.03762"),
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "https://",
        "https://example.org/abs/1706.03762",
        "https://github.com/a/b",
        "https://arxiv.org/list/cs.CL/recent",
        "https://www.nature.com/articles/s41586-021-03998-y",
        "https://web.archive.org/",
        "oai:",
        "oai:example.org:12",
    ],
)
def test_urls_that_say_nothing(url: str) -> None:
    assert from_url(url) == ()
