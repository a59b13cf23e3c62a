"""What keeps a pair that scores as a duplicate in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from streams.matching.feature_values import Features
from streams.matching.pair import compare_fully
from streams.matching.review_rules import is_firm, review_rule_of
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT, features

TITLE = "Hearing of burrowing owls under snow cover in boreal winters"
INES, TOMAS = "Ines Halvorsen", "Tomas Reyk"


def of(title: str = TITLE, *authors: str, **fields: Any) -> Features:
    return features(title, *authors, **fields)


@pytest.mark.parametrize(
    ("code", "a", "b"),
    [
        ("other_title", of(TITLE, INES), of("Magma chambers beneath rifts", INES)),
        ("title_main", of("OWLNET: hearing of owls in snow", INES), of("OWLNET: nests of owls in snow", INES)),
        ("title_other", of(TITLE, INES, source="a"), of(TITLE.replace("snow", "leaf"), INES, source="a")),
        ("title_prefix_common", of("Burrowing owls", INES), of("Burrowing owls under snow cover", INES)),
        ("stop_title", of("Editorial", INES), of("Editorial", INES)),
        ("authors_none", of(TITLE, INES), of(TITLE, "Kwame Bediako")),
        ("title_differs_authors_unknown", of(), of(TITLE + " and of ravens")),
        ("title_alone", of("Owls of Norway"), of("Owls of Norway")),
        ("title_and_identifier_differ", of(TITLE, INES, doi="10.5555/owl.1"), of(TITLE + " of Norway", INES, doi="10.4444/owl.1")),
        ("title_extra", of("Hearing of burrowing owls under deep snow cover in boreal winters", INES, source="a"),
         of(TITLE, INES, source="a")),
        ("one_author_of_several", of(TITLE, INES, abstract=ABSTRACT), of(TITLE, INES, TOMAS, abstract=OTHER_ABSTRACT)),
        ("few_authors_other_year", of(TITLE, INES, date="2009", journal="Owls"),
         of(TITLE, INES, TOMAS, date="2011", journal="Owls")),
        ("years_apart", of(TITLE, INES, date="1999", journal="Owls"), of(TITLE, INES, date="2011", journal="Owls")),
    ],
)  # fmt: skip
def test_each_doubt_is_found(code: str, a: Features, b: Features) -> None:
    for one, other in ((a, b), (b, a)):
        rule = review_rule_of(compare_fully(one, other))
        assert rule is not None
        assert (rule.code, rule.effect) == (code, "review")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (of(TITLE, INES, TOMAS), of(TITLE, INES, TOMAS)),
        (of(), of()),  # a title that says enough
        (of(TITLE, INES, source="a", date="2011"), of(TITLE.replace("snow", "leaf"), INES, source="b", date="2011")),
        (of("Owls of Norway", doi="10.5555/owl.1"), of("Owls of Norway", doi="10.5555/owl.1")),
    ],
)
def test_what_is_not_doubted(a: Features, b: Features) -> None:
    assert review_rule_of(compare_fully(a, b)) is None


def test_one_identifier_one_place_or_one_abstract_is_firm() -> None:
    assert is_firm(compare_fully(of(doi="10.5555/owl.1"), of(doi="10.5555/owl.1")))
    assert is_firm(compare_fully(of(volume="4", pages="11-19"), of(volume="4", pages="11-19")))
    assert is_firm(compare_fully(of(abstract=ABSTRACT), of(abstract=ABSTRACT)))
    assert not is_firm(compare_fully(of(TITLE, INES), of(TITLE, INES)))
