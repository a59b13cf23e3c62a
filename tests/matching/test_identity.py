"""What settles a pair before anything is weighed."""

from __future__ import annotations

import pytest

from streams.matching.feature_values import Features
from streams.matching.identity import identified_as
from streams.matching.pair import compare_fully
from streams.records.record import Relation
from tests.matching.matching_factory import features

LICHENS = "Lichens on basalt cliffs of the northern isles"
RIFTS = "Magma chambers beneath slow continental rifts"
INES, KWAME = "Ines Halvorsen", "Kwame Bediako"


def stating(kind: str) -> Features:
    return features(LICHENS, INES, relations=(Relation(kind, "doi", "10.5555/lichen.2"),))


@pytest.mark.parametrize(
    ("code", "effect", "a", "b"),
    [
        ("stated_version_of", "duplicate", stating("version_of"), features(LICHENS, INES, doi="10.5555/lichen.2")),
        ("stated_part_of", "related", stating("part_of"), features(RIFTS, KWAME, doi="10.5555/lichen.2")),
        ("stated_doubted", "review", stating("version_of"), features(RIFTS, KWAME, doi="10.5555/lichen.2")),
        ("arxiv_differ", "veto", features(LICHENS, INES, arxiv="1105.00001"), features(LICHENS, INES, arxiv="1105.00002")),
        ("derived_corrects", "related", features(LICHENS, INES), features(f"Erratum to: {LICHENS}", INES)),
        ("kind_supplements", "related", features(LICHENS, INES), features(LICHENS, INES, type="dataset")),
        ("kind_reviews", "related", features(LICHENS, INES, type="book"), features(LICHENS, KWAME, journal="Reviews", volume="4")),
        ("ordinal_differs", "veto", features(f"Erratum 2 to: {LICHENS}", INES), features(f"Erratum 3 to: {LICHENS}", INES)),
        ("notices_differ", "veto", features(f"Erratum to: {LICHENS}", INES, date="1999"),
         features(f"Erratum to: {LICHENS}", INES, date="2001")),
        ("same_arxiv", "duplicate", features(LICHENS, INES, arxiv="1105.00001"), features(RIFTS, INES, arxiv="1105.00001")),
        ("same_pmid", "duplicate", features(LICHENS, INES, pmid="30111222"), features(RIFTS, INES, pmid="30111222")),
        ("same_doi", "duplicate", features(LICHENS, INES, doi="10.5555/l.1"), features(RIFTS, INES, doi="10.5555/l.1")),
        ("identifier_of_whole", "distinct", features(LICHENS, INES, doi="10.5555/l"), features(RIFTS, KWAME, doi="10.5555/l")),
        ("titles_differ", "review", features(LICHENS, INES, doi="10.5555/l", date="1980"),
         features(RIFTS, INES, doi="10.5555/l", date="1999")),
    ],
)  # fmt: skip
def test_each_rule_settles_its_pair(code: str, effect: str, a: Features, b: Features) -> None:
    for one, other in ((a, b), (b, a)):
        rule = identified_as(compare_fully(one, other))
        assert rule is not None
        assert (rule.code, rule.effect) == (code, effect)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (features(LICHENS, INES), features(LICHENS, INES)),
        (features(LICHENS, INES, doi="10.5555/l.1"), features(LICHENS, INES, doi="10.5555/l.1")),
        (features(f"Erratum to: {LICHENS}", INES), features(f"Erratum: {LICHENS}", INES)),
        (features(LICHENS, INES, type="dataset"), features(LICHENS, INES, type="dataset")),
        (features(f"Erratum to: {LICHENS}", INES), features(RIFTS, KWAME)),
    ],
)
def test_other_pairs_are_weighed(a: Features, b: Features) -> None:
    assert identified_as(compare_fully(a, b)) is None
