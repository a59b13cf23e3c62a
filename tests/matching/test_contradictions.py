"""What outweighs even equal titles and authors."""

from __future__ import annotations

from typing import Any

import pytest

from streams.matching.contradictions import contradicted_by, is_of_one_day, is_proven, two_works_of_one_source
from streams.matching.feature_values import Features
from streams.matching.pair import compare_fully
from tests.matching.matching_factory import ABSTRACT, features

TITLE = "Lichens on basalt cliffs of the northern isles"
INES, TOMAS = "Ines Halvorsen", "Tomas Reyk"


def of(title: str = TITLE, *authors: str, **fields: Any) -> Features:
    return features(title, *(authors or (INES, TOMAS)), **fields)


@pytest.mark.parametrize(
    ("code", "a", "b"),
    [
        ("title_missing", of(""), of(TITLE)),
        ("pmids_differ", of(pmid="30111222"), of(pmid="31222333")),
        ("entries_differ", of(doi="10.13145/bacdive1.1"), of(doi="10.13145/bacdive2.1")),
        ("books_differ", of(doi="10.5555/978-3-16-148410-0_3"), of(doi="10.4444/978-1-40-289462-6_8")),
        ("dois_differ", of(doi="10.5555/l.1", date="1999"), of(doi="10.4444/l.1", date="2004")),
        ("listed_twice", of(source="dblp"), of(source="dblp")),
        ("printed_twice", of(journal="Lichen Science", volume="4", pages="11", date="1999"),
         of(journal="Cliff Letters", volume="8", pages="77", date="2000")),
        ("journals_differ", of(journal="Lichen Science", volume="4", date="1999"), of(journal="Cliff Letters", date="2000")),
        ("thesis_and_paper", of(type="thesis"), of(journal="Lichen Science")),
        ("recurring_title", of("Editorial", date="1999"), of("Editorial", date="2000")),
        ("listed_again", of("Coastal lichens of Norway", source="feed", journal="Lichens", date="1999"),
         of("Coastal lichens of Norway", source="feed", journal="Lichens", date="2000")),
        ("numbers_differ", of("Lichens of station 5 on basalt"), of("Lichens of station 7 on basalt")),
        ("signs_differ", of("Lichen models in C for cliffs"), of("Lichen models in C++ for cliffs")),
        ("letters_differ", of("Vitamin C of lichens on basalt"), of("Vitamin E of lichens on basalt")),
        ("part_on_one_side", of("Lichens on basalt cliffs"), of("Lichens on basalt cliffs II")),
        ("negation", of("Growth of lichens with shade"), of("Growth of lichens without shade")),
        ("alternative", of("Lichens under acute stress of heat"), of("Lichens under chronic stress of heat")),
        ("prefixed", of("On the periodic growth of lichens"), of("On the aperiodic growth of lichens")),
    ],
)  # fmt: skip
def test_each_contradiction_is_found(code: str, a: Features, b: Features) -> None:
    for one, other in ((a, b), (b, a)):
        rule = contradicted_by(compare_fully(one, other))
        assert rule is not None
        assert rule.code == code


def test_nothing_contradicts_where_nothing_differs() -> None:
    assert contradicted_by(compare_fully(of(), of())) is None


def test_words_do_not_contradict_what_one_place_in_print_proves() -> None:
    place = {"volume": "4", "pages": "11-19"}
    a, b = of("Lichens under acute stress of heat", **place), of("Lichens under chronic stress of heat", **place)
    assert is_proven(compare_fully(a, b))
    assert contradicted_by(compare_fully(a, b)) is None


def test_a_preprint_is_proven_by_its_abstract_and_two_articles_are_not() -> None:
    preprint = of(source="arxiv", arxiv="1105.00001", abstract=ABSTRACT)
    assert is_proven(compare_fully(preprint, of(abstract=ABSTRACT)))
    assert not is_proven(compare_fully(of(abstract=ABSTRACT), of(abstract=ABSTRACT)))


def test_on_one_day_a_team_posts_two_parts_too() -> None:
    day = {"date": "2011-05-04"}
    one, two = (
        of("Lichens on basalt: Part I", source="arxiv", arxiv="1105.00001", **day),
        of("Lichens on basalt: Part II", **day),
    )
    assert is_of_one_day(compare_fully(one, two))
    rule = contradicted_by(compare_fully(one, two))
    assert rule is not None
    assert rule.code == "numbers_differ"


def test_a_source_with_two_dois_knows_two_works_unless_one_is_a_preprint() -> None:
    a, b = of(source="feed", doi="10.5555/l.1"), of(source="feed", doi="10.4444/l.2")
    assert two_works_of_one_source(a, b)
    assert not two_works_of_one_source(a, of(source="other", doi="10.4444/l.2"))
    assert not two_works_of_one_source(a, of(source="feed", doi="10.21203/rs.3.rs-1/v1"))
