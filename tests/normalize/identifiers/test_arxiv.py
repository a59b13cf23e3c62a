from __future__ import annotations

import pytest

from streams.normalize.identifiers import (
    ArxivId,
    find_arxiv,
    normalize,
    parse_arxiv,
)
from streams.records.record import Identifier


@pytest.mark.parametrize(
    ("text", "base", "version"),
    [
        ("1706.03762", "1706.03762", 0),
        ("1706.03762v7", "1706.03762", 7),
        ("1706.03762v12 [cs.CL]", "1706.03762", 12),
        ("0704.0001", "0704.0001", 0),
        ("1412.9999", "1412.9999", 0),
        ("arXiv:1706.03762v5", "1706.03762", 5),
        ("arxiv: 1706.03762", "1706.03762", 0),
        ("math/0611800", "math/0611800", 0),
        ("math.CA/0611800", "math/0611800", 0),
        ("math.CA/0611800v2", "math/0611800", 2),
        ("cond-mat.stat-mech/0601001", "cond-mat/0601001", 0),
        ("physics.optics/0601001", "physics/0601001", 0),
        ("physics.plasm-ph/0601001", "physics/0601001", 0),
        ("hep-th/9711200", "hep-th/9711200", 0),
        ("hep-th9711200", "hep-th/9711200", 0),
        ("HEP-TH/9711200", "hep-th/9711200", 0),
        ("https://arxiv.org/abs/1706.03762v2", "1706.03762", 2),
        ("http://arxiv.org/pdf/cs.CL/0301001v1.pdf", "cs/0301001", 1),
        ("https://arxiv.org/pdf/1706.03762.pdf", "1706.03762", 0),
        ("https://arxiv.org/abs/1706.03762?context=cs", "1706.03762", 0),
        ("https://arxiv.org/abs/1706.03762#x", "1706.03762", 0),
        ("https://arxiv.org/html/1706.03762v7", "1706.03762", 7),
        ("https://arxiv.org/src/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/e-print/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/abs/math%2F0611800", "math/0611800", 0),
        ("https://arxiv.org/ftp/arxiv/papers/0704/0704.0001.pdf", "0704.0001", 0),
        ("https://arxiv.org/ftp/cs/papers/0301/0301001.pdf", "cs/0301001", 0),
        ("http://export.arxiv.org/abs/math/0611800", "math/0611800", 0),
        ("https://ar5iv.labs.arxiv.org/html/1706.03762", "1706.03762", 0),
        ("ar5iv.org/abs/1706.03762", "1706.03762", 0),
        ("https://www.alphaxiv.org/abs/1706.03762v1", "1706.03762", 1),
        ("https://huggingface.co/papers/2111.12710", "2111.12710", 0),
        ("https://scirate.com/arxiv/1706.03762", "1706.03762", 0),
        ("10.48550/arXiv.1706.03762", "1706.03762", 0),
        ("https://doi.org/10.48550/ARXIV.MATH/0611800", "math/0611800", 0),
        ("oai:arXiv.org:0704.0001", "0704.0001", 0),
        ("oai:arXiv.org:hep-th/9711200", "hep-th/9711200", 0),
        ("journals/corr/abs-1706-03762", "1706.03762", 0),
        ("corr/abs-1706-03762", "1706.03762", 0),
        ("journals/corr/cs-LO-0207091", "cs/0207091", 0),
        ("abs/2111.12710", "2111.12710", 0),
        ("https://web.archive.org/web/2018/https://arxiv.org/pdf/1706.03762v1.pdf", "1706.03762", 1),
        ("http://arxiv.org/PS_cache/arxiv/pdf/0704/0704.0001v1.pdf", "0704.0001", 1),
        ("http://arxiv.org/PS_cache/hep-th/pdf/9711/9711200v3.pdf", "hep-th/9711200", 3),
        ("arxiv.org/PS_cache/math/ps/0611/0611800.ps.gz", "math/0611800", 0),
        ("http://front.math.ucdavis.edu/math.AG/0611800", "math/0611800", 0),
        ("front.math.ucdavis.edu/0704.0001", "0704.0001", 0),
        ("http://xxx.lanl.gov/abs/hep-th/9711200", "hep-th/9711200", 0),
        ("cs.LG/1706.03762", "1706.03762", 0),
        ("stat.ML/1706.03762v2", "1706.03762", 2),
        ("arXiv:hep-th/1706.03762", "1706.03762", 0),
        ("https://arxiv.org/abs/cs.LG/1706.03762", "1706.03762", 0),
        ("[cs.CL] 1706.03762", "1706.03762", 0),
        ("arXiv preprint arXiv:1706.03762", "1706.03762", 0),
        ("arXiv no. 1706.03762", "1706.03762", 0),
        ("arXiv-1706.03762", "1706.03762", 0),
        ("arxiv.org/abs/1706.03762v7.pdf", "1706.03762", 7),
        ("1706.03762v7.pdf", "1706.03762", 7),
        ("10.48550/arXiv.1706.03762v2", "1706.03762", 2),
        ("abs-1706-03762", "1706.03762", 0),
        ("hep-th-9711200", "hep-th/9711200", 0),
        ("https://ui.adsabs.harvard.edu/abs/2017arXiv170603762V/abstract", "1706.03762", 0),
        ("704.0001", "0704.0001", 0),
    ],
)
def test_arxiv_ids_in_all_their_spellings(text: str, base: str, version: int) -> None:
    assert parse_arxiv(text) == ArxivId(base, version)
    assert normalize("arxiv", text) == Identifier("arxiv", base)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1713.03762",  # no thirteenth month
        "1700.03762",
        "1501.0001",  # five digits since 2015
        "0704.00012",  # four before
        "0703.0001",  # the form began in April 2007
        "1706.00000",
        "1706.037621",
        "1706.03762.12",
        "x1706.03762",
        "math/0613800",
        "math/0804001",  # the old form ended in March 2007
        "chemistry/0601001",
        "10.1000/1706.03762",
        "W2963403868",
    ],
)
def test_what_is_no_arxiv_id(text: str) -> None:
    assert parse_arxiv(text) is None


@pytest.mark.parametrize(
    "text", ["1706.03762", "pages 1234.5678", "vol. 0704.0001", "math/0611800", "10.1063/1706.03762"]
)
def test_free_text_needs_a_cue(text: str) -> None:
    assert find_arxiv(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "see arXiv:1706.03762 for details",
        "arXiv preprint arXiv:1706.03762",
        "arXiv e-prints, arXiv:1706.03762",
        "CoRR abs/1706.03762",
        "also arXiv:9999.99999 and arXiv:1706.03762v2",
    ],
)
def test_free_text_with_a_cue(text: str) -> None:
    found = find_arxiv(text)
    assert found is not None
    assert found.base == "1706.03762"
