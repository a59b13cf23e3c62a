"""The kinds of fault that people reported of reference managers, harvesters and deduplicators, each with its neighbours.

Every case goes the whole way from a document as it is sent to the verdict. The facts are made up.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.matching.blocking import blocking_keys
from streams.matching.decide import decide
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.records.record import Record
from streams.sources import parse

Document = dict[str, Any]
BRINE = "深层盐水入侵的数值模拟研究"
PING = "การจัดการน้ำในลุ่มแม่น้ำปิงตอนบน"
MOTH = "Wing pattern loci in a moth"
TEAM = ["Ngozi Okafor", "Per Lindqvist", "Hiro Tanaka"]


def paper(title: str, *authors: str, **fields: Any) -> Document:
    return {"title": title, "authors": list(authors or TEAM), "year": 2015} | fields


def read(document: Document, number: int) -> Features:
    (record,) = parse("document", orjson.dumps({"source": f"feed_{number}", "id": str(number)} | document))
    assert isinstance(record, Record), record
    return extract(record)


def two(title_a: str, title_b: str, want: str, **fields: Any) -> tuple[Document, Document, str]:
    return paper(title_a, **fields), paper(title_b, **fields), want


def one(title: str, a: Document, b: Document, want: str = "duplicate") -> tuple[Document, Document, str]:
    return paper(title, **a), paper(title, **b), want


CASES: dict[str, list[tuple[Document, Document, str]]] = {
    "other word read as misspelling": [
        two("Vitamin D intake in early childhood", "Vitamin A intake in early childhood", "distinct"),
        two("Hypertension in dialysis patients of two clinics", "Hypotension in dialysis patients of two clinics", "distinct"),
        two("Seed banks of alpine meadows in Slovakia", "Seed banks of alpine meadows in Slovenia", "distinct"),
        two("Sleep quality before cardiac surgery in adults", "Sleep quality after cardiac surgery in adults", "distinct"),
        two("The B cell response to dengue virus", "The T cell response to dengue virus", "distinct"),
        two("Adsorption of nitrite on activated biochar", "Adsorption of nitrate on activated biochar", "distinct"),
        two("Language and thought in bilingual infants", "Thought without language in bilingual infants", "distinct"),
        two("Tourism and water use in the Republic of Niger", "Tourism and water use in the Republic of Nigeria", "distinct"),
    ],
    "true misspelling": [
        two("Assesment of soil erosion in terraced vineyards", "Assessment of soil erosion in terraced vineyards", "duplicate"),
        two("Reef fish recruitment on artificial structures", "Reef fish recruitmnet on artificial structures", "duplicate"),
        two("Deterrninants of malnutrition in rural Nepal", "Determinants of malnutrition in rural Nepal", "duplicate"),
    ],
    "two PubMed ids": [
        one("Delayed cord clamping in preterm twins", {"pmid": "30111222"}, {"pmid": "31222333"}, "distinct"),
        one("Delayed cord clamping in preterm twins", {"pmid": "30111222"}, {"pmid": "30111222"}),
        one("Delayed cord clamping in preterm twins", {"pmid": "30111222"}, {"doi": "10.1016/j.xx.2015.01.002"}),
    ],
    "ordinary word read as notice": [
        (paper("Convolutional codes for quantum error-correction"),
         paper("Convolutional codes for quantum error correction", journal="Codes"), "duplicate"),
        (paper("Sediment transport in gravel rivers: a discussion of two methods"),
         paper("Sediment transport in gravel rivers: A discussion of two methods", doi="10.1/x1"), "duplicate"),
        (paper("Modelling the dose-response of ozone damage"),
         paper("Modelling the dose-response of ozone damage", doi="10.1/x2"), "duplicate"),
        (paper("Corrections to scaling in the three-dimensional spin glass"),
         paper("Corrections to scaling in the three-dimensional spin glass", arxiv_id="1501.00001"), "duplicate"),
        (paper("Reply speed and trust in online markets"),
         paper("Reply speed and trust in online markets.", doi="10.1/x3"), "duplicate"),
    ],
    "notice not known": [
        two("Publisher’s Note: Heat flow in layered shales", "Heat flow in layered shales", "related"),
        two("Editorial expression of concern: Heat flow in layered shales", "Heat flow in layered shales", "related"),
        two("Correction for Okafor et al., Heat flow in layered shales", "Heat flow in layered shales", "related"),
        two("Decision letter: Heat flow in layered shales", "Heat flow in layered shales", "related"),
        two("Berichtigung: Wärmestrom in geschichteten Schiefern", "Wärmestrom in geschichteten Schiefern", "related"),
        two("Fe de erratas: Flujo de calor en lutitas estratificadas", "Flujo de calor en lutitas estratificadas", "related"),
        two("Retracted: Heat flow in layered shales", "Heat flow in layered shales", "duplicate"),
    ],
    "notice in brackets": [
        two("Heat flow in layered shales (Retraction)", "Heat flow in layered shales", "related"),
        two("Heat flow in layered shales (Erratum)", "Heat flow in layered shales", "related"),
        two("Heat flow in layered shales (Comment)", "Heat flow in layered shales", "related"),
        two("Heat flow in layered shales (Review)", "Heat flow in layered shales", "duplicate"),
    ],
    "erratum marked by place only": [
        two("Heat flow in layered shales (vol 42, pg 310, 2013)", "Heat flow in layered shales", "related"),
    ],
    "note of an indexer": [
        two("Heat flow in layered shales [see comments]", "Heat flow in layered shales", "duplicate"),
        two("Heat flow in layered shales [published erratum appears in Shale Lett 2016 Jan;3(1):9]",
            "Heat flow in layered shales", "duplicate"),
    ],
    "two errata of one paper": [
        (paper("Erratum to: Heat flow in layered shales", doi="10.1007/s1-015-1"),
         paper("Erratum to: Heat flow in layered shales", doi="10.1007/s1-016-9", year=2016), "distinct"),
        (paper("Erratum to: Heat flow in layered shales", doi="10.1007/s1-015-1"),
         paper("Erratum: Heat flow in layered shales", doi="10.1007/s1-015-1"), "duplicate"),
    ],
    "other kind of work with the paper's title": [
        one("Bat calls of the Pantanal wetlands", {"type": "dataset", "doi": "10.5061/dryad.q1"}, {"doi": "10.1/b"}, "related"),
        one("Bat calls of the Pantanal wetlands", {"type": "poster"}, {"type": "journal-article", "doi": "10.1/b"}, "related"),
        one("Bat calls of the Pantanal wetlands", {"type": "software", "doi": "10.5281/zenodo.77"}, {"doi": "10.1/b"}, "related"),
        two("Table_1_Bat calls of the Pantanal wetlands.xlsx", "Bat calls of the Pantanal wetlands", "related"),
        one("Bat calls of the Pantanal wetlands", {"type": "dataset", "doi": "10.5061/dryad.q1"},
            {"type": "dataset", "doi": "10.5061/dryad.q1"}),
    ],
    "thesis and article of one author": [
        (paper("Grain boundaries in zirconia ceramics", "Lena Brandt", type="thesis", year=2014),
         paper("Grain boundaries in zirconia ceramics", "Lena Brandt", journal="Ceramics Letters", volume="7", pages="1-9",
               type="journal-article"), "distinct"),
        (paper("Grain boundaries in zirconia ceramics", "Lena Brandt", type="thesis"),
         paper("Grain boundaries in zirconia ceramics", "Brandt, Lena", type="dissertation"), "duplicate"),
    ],
    "discussion paper and final paper": [
        one("Aerosol layers above the Sahel in winter",
            {"doi": "10.5194/acpd-14-22045-2014", "journal": "Atmospheric Chemistry and Physics Discussions", "volume": "14",
             "pages": "22045-22090", "year": 2014},
            {"doi": "10.5194/acp-15-301-2015", "journal": "Atmospheric Chemistry and Physics", "volume": "15",
             "pages": "301-318"}),
        one("Aerosol layers above the Sahel in winter", {"doi": "10.5194/egusphere-2022-901", "year": 2022},
            {"doi": "10.5194/acp-23-301-2023", "year": 2023}),
    ],
    "version DOI not folded": [
        one(MOTH, {"doi": "10.1101/2020.02.03.931234v2"}, {"doi": "10.1101/2020.02.03.931234"}),
        one(MOTH, {"doi": "10.7554/eLife.80123.2"}, {"doi": "10.7554/elife.80123"}),
        one(MOTH, {"doi": "10.7287/peerj.preprints.1234v3"}, {"doi": "10.7287/peerj.preprints.1234v1"}),
        one(MOTH, {"doi": "10.32388/ABC123.2"}, {"doi": "10.32388/abc123"}),
        one(MOTH, {"doi": "10.12688/f1000research.1234.2"}, {"doi": "10.12688/f1000research.1234.1"}),
        one(MOTH, {"doi": "10.31234/osf.io/ab3cd_v2"}, {"doi": "10.31234/osf.io/ab3cd"}),
    ],
    "DOI field with words around it": [
        one(MOTH, {"doi": "doi: https://doi.org/10.1038/s41586-020-1-2"}, {"doi": "10.1038/S41586-020-1-2"}),
        one(MOTH, {"doi": "10.1038/s41586-020-1-2 [doi]"}, {"doi": "10.1038/s41586-020-1-2"}),
        one(MOTH, {"doi": "DOI 10.1038/s41586-020-1-2."}, {"doi": "10.1038/s41586-020-1-2"}),
    ],
    "DOI with LaTeX escapes": [
        one(MOTH, {"doi": "10.1007/978-3-030-1\\_2"}, {"doi": "10.1007/978-3-030-1_2"}),
        one(MOTH, {"doi": "10.1016/{s}0003-1"}, {"doi": "10.1016/s0003-1"}),
    ],
    "DOI field with a page or a session": [
        one(MOTH, {"doi": "10.1111/j.1-2.x/abstract"}, {"doi": "10.1111/j.1-2.x"}),
        one(MOTH, {"doi": "10.1111/j.1-2.x;jsessionid=0A9"}, {"doi": "10.1111/j.1-2.x"}),
        one(MOTH, {"doi": "10.1111/j.1-2.x?sequence=1"}, {"doi": "10.1111/j.1-2.x"}),
    ],
    "spelling of PubMed ids": [
        one(MOTH, {"pmid": "PMID: 30111222"}, {"pmid": 30111222, "year": 2016}),
        one(MOTH, {"pmid": 30111222.0}, {"pmid": "https://pubmed.ncbi.nlm.nih.gov/30111222/"}),
        one(MOTH, {"pmcid": "PMC 5566778"}, {"pmcid": "5566778"}),
    ],
    "spelling of arXiv ids": [
        one(MOTH, {"arxiv_id": "arXiv:1501.00001v3 [q-bio.PE]"}, {"arxiv_id": "1501.00001"}),
        one(MOTH, {"urls": ["http://arxiv.org/PS_cache/math/pdf/0501/0501001v1.pdf"]},
            {"arxiv_id": "math/0501001"}),
    ],
    "placeholder taken for a value": [
        (paper("Untitled", "nan"), paper("Untitled", "nan"), "distinct"),
        (paper("No title available", "Ngozi Okafor"), paper("No title available", "Ngozi Okafor", year=2015), "distinct"),
        (paper("(:unav)", "(:unav)", doi="10.1234/p1"), paper(MOTH, doi="10.1234/p1"), "duplicate"),
    ],
    "serial report of another year": [
        (paper("Annual report of the Harbour Commission", "Harbour Commission", year=2011),
         paper("Annual report of the Harbour Commission", "Harbour Commission", year=2012), "distinct"),
        (paper("Statistical yearbook of the coastal provinces", "Office of Statistics", year=2011),
         paper("Statistical yearbook of the coastal provinces", "Office of Statistics", year=2013), "distinct"),
        (paper("Annual report of the Harbour Commission", "Harbour Commission", year=2011),
         paper("Annual Report of the Harbour Commission", "Harbour Commission", year=2011), "duplicate"),
    ],
    "title without blanks": [
        (paper(BRINE, "王伟", "李娜"), paper(BRINE, "Wei Wang", "Na Li"), "duplicate"),
        (paper(PING, "สมชาย ใจดี"), paper(PING, "Somchai Jaidee"), "duplicate"),
        (paper(BRINE, "王伟"), paper("浅层盐水入侵的数值模拟研究", "王伟"), "distinct"),
    ],
    "traditional and simplified characters": [
        (paper("漢語詞彙歷史研究導論", "陳國華"), paper("汉语词汇历史研究导论", "陈国华"), "duplicate"),
    ],
    "short name with an umlaut": [
        (paper(MOTH, "J. Düy", "K. Roß"), paper(MOTH, "J. Duey", "K. Ross"), "duplicate"),
        (paper(MOTH, "Ö. Yıl"), paper(MOTH, "O. Yil"), "duplicate"),
    ],
    "sign or decimal point lost": [
        two("Bonding at 3.5 GPa in sodium clusters", "Bonding at 35 GPa in sodium clusters", "distinct"),
        two("Widths of the D* meson in hot matter", "Widths of the D meson in hot matter", "distinct"),
        two("Compiling C++ for small devices", "Compiling C for small devices", "distinct"),
        two("Scattering of K+ on carbon nuclei", "Scattering of K- on carbon nuclei", "distinct"),
        two("Bonding at 3.5 GPa in sodium clusters", "Bonding at 3.5 GPa in Sodium clusters", "duplicate"),
    ],
    "formula only as TeX": [
        two("Decay of the <tex-math>$B_c$</tex-math> meson", "Decay of the <tex-math>$B_s$</tex-math> meson", "distinct"),
        two("Decay of the <tex-math>$B_c$</tex-math> meson", "Decay of the B_c meson", "duplicate"),
    ],
    "parallel title": [
        two("Les oiseaux des marais salants = Birds of salt marshes", "Birds of salt marshes", "duplicate"),
        two("Les oiseaux des marais salants = Birds of salt marshes", "Les oiseaux des marais salants", "duplicate"),
    ],
    "number of a series read as a part": [
        two("Soils of the lower delta (Bulletin series; 14)", "Soils of the lower delta", "duplicate"),
        two("Soils of the lower delta. Part 2", "Soils of the lower delta. Part 1", "distinct"),
        two("Soils of the lower delta II", "Soils of the lower delta", "distinct"),
        two("Soils of the lower delta 1", "Soils of the lower delta", "duplicate"),
    ],
    "name with degrees or marks": [
        (paper(MOTH, "John Smith, M.D., Ph.D."), paper(MOTH, "Smith, John"), "duplicate"),
        (paper(MOTH, "Li1", "Wu2"), paper(MOTH, "Li", "Wu"), "duplicate"),
        (paper(MOTH, "J.Smith"), paper(MOTH, "John Smith"), "duplicate"),
    ],
    "entity in a name": [
        (paper(MOTH, "Hans M&uuml;ller; Eva Lang"), paper(MOTH, "Hans Müller", "Eva Lang"),
         "duplicate"),
    ],
    "less-than read as a tag": [
        two("Graphs with n<m vertices and k> 3 colours", "Graphs with n < m vertices and k > 3 colours", "duplicate"),
    ],
    "duplicates that never meet": [
        two("Odour: signalling in grey moulds", "Odor: signaling in gray molds", "duplicate"),
        two("Mycelium: what fungi remember of drought", "Mycelium: What Fungi Remember of Drought", "duplicate"),
    ],
    "printed twice, one place incomplete": [
        one(MOTH, {"doi": "10.1016/a1", "pages": "11-19", "journal": "Moths", "volume": "4"},
            {"doi": "10.1080/b2", "pages": "201-209"}, "distinct"),
    ],
    "abbreviated words": [
        two("Ch. 3 Soils of the lower delta", "Chapter 3 Soils of the lower delta", "duplicate"),
        two("Paper vs plastic in field packaging", "Paper versus plastic in field packaging", "duplicate"),
    ],
}  # fmt: skip
ALL = [(kind, *case) for kind, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(("kind", "a", "b", "want"), ALL, ids=[f"{kind}: {a['title'][:40]}" for kind, a, *_ in ALL])
def test_a_kind_of_fault(kind: str, a: Document, b: Document, want: str) -> None:
    one, other = read(a, 1), read(b, 2)
    found = decide(one, other)
    assert found.verdict == want, (kind, found.reasons, found.score)
    if want == "duplicate":
        assert set(blocking_keys(one)) & set(blocking_keys(other)), "they would never meet in a feed"


def test_every_kind_is_here() -> None:
    assert len(CASES) == 33
