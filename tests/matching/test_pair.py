"""Two records and what comparison finds of them."""

from __future__ import annotations

import msgspec

from streams.matching.feature_values import Features
from streams.matching.pair import Pair, compare, compare_fully, is_bare, is_translated, stated
from streams.records.record import Relation
from tests.matching.matching_factory import ABSTRACT, features

OWLS = "Hearing of burrowing owls under snow cover in boreal winters"
RIFTS = "Magma chambers beneath slow continental rifts of the Cretaceous"


def compared(a: Features, b: Features) -> Pair:
    found = compare(a, b)
    assert found is not None
    return found


def test_all_fields_are_compared() -> None:
    a = features(OWLS, "Ines Halvorsen", date="2011", source="arxiv", arxiv="1105.00001")
    b = features(OWLS, "I. Halvorsen", date="2012", journal="Owl Science", doi="10.5555/owl.1", arxiv="1105.00001")
    pair = compared(a, b)
    assert (pair.levels.title, pair.levels.authors, pair.levels.year) == ("exact_rare", "same_one", "lag")
    assert (pair.levels.identifier, pair.shared) == ("same", "arxiv:1105.00001")
    assert pair.agreement.matched == 1
    assert pair.preprints == 1
    assert compare_fully(a, b) == pair


def test_other_titles_with_nothing_else_in_common_are_not_looked_at() -> None:
    assert compare(features(OWLS, "Ines Halvorsen"), features(RIFTS, "Kwame Bediako")) is None
    assert compare_fully(features(OWLS), features(RIFTS)).levels.title == "different"


def test_other_titles_are_looked_at_where_something_else_may_make_them_one_work() -> None:
    assert compare(features(OWLS, abstract=ABSTRACT), features(RIFTS, abstract=ABSTRACT))
    assert compare(features(OWLS, doi="10.5555/owl.1"), features(RIFTS, doi="10.5555/owl.1"))
    place = {"volume": "4", "pages": "11-19"}
    assert compare(features(OWLS, **place), features(RIFTS, **place))


def test_an_announcement_that_both_titles_have_the_words_of_is_none() -> None:
    title = "Comments on hearing of burrowing owls"
    notice, plain = features(title), msgspec.structs.replace(features(OWLS), title=title.lower(), cut=0)
    assert notice.derived == "comments_on"
    assert compared(notice, plain).a.derived == ""
    assert compared(notice, features("Hearing of burrowing owls")).a.derived == "comments_on"


def stating(kind: str, **more: str) -> Features:
    return features(OWLS, relations=(Relation(kind, "doi", "10.5555/owl.2"),), **more)


def test_what_a_source_states_of_the_other_record_is_found_from_both_sides() -> None:
    other = features(OWLS, doi="10.5555/owl.2")
    assert stated(stating("corrects"), other) == stated(other, stating("corrects")) == "corrects"
    assert stated(stating("corrects"), features(OWLS, doi="10.5555/owl.3")) == ""


def test_a_relation_to_another_work_outranks_one_to_the_same() -> None:
    back = features(
        OWLS, doi="10.5555/owl.2", relations=(Relation("version_of", "doi", "10.5555/owl.1"),), source="other"
    )
    assert stated(stating("supplements", doi="10.5555/owl.1"), back) == "supplements"


def test_one_title_is_marked_as_a_translation() -> None:
    pair = compare_fully(features(f"[{OWLS}]"), features("Das Gehör der Kaninchenkäuze"))
    assert is_translated(pair)
    assert not is_translated(compare_fully(features(OWLS), features(OWLS)))


def test_a_bare_record_has_neither_a_place_nor_a_doi() -> None:
    assert is_bare(features(OWLS, arxiv="1105.00001"))
    assert not is_bare(features(OWLS, doi="10.5555/owl.1"))
    assert not is_bare(features(OWLS, journal="Owl Science"))
