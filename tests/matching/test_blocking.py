import pytest

from streams.matching.blocking import MAX_KEYS, Key, blocking_keys
from streams.matching.feature_values import Features
from tests.matching.matching_factory import features


def meet(a: Features, b: Features) -> set[str]:
    return {key.kind for key in set(blocking_keys(a)) & set(blocking_keys(b))}


TITLE = "Stochastic lattice models of slowly growing coral colonies"


@pytest.mark.parametrize(
    "other",
    [
        features(TITLE.upper()),
        features("Stochastic lattice modles of slowly growing coral colonies", "Ana López"),
        features("Stochastik lattice models of slowly growing coral colonies"),
        features("Stochastic lattice models of slowly growing coral colonies: an early warning sign"),
        features("Stochastic lattice models of slowly growing coral"),
        features("Lopez A stochastic lattice models of slowly growing coral colonies"),
        features("Stochastic latticemodels of slowlygrowing coral colonies"),
        features("Lattice models of coral colonies growing slowly", "López, A."),
    ],
)
def test_a_title_with_an_error_still_meets_the_right_one(other: Features) -> None:
    assert meet(features(TITLE, "Ana López", date="2020"), other)


def test_a_retitled_paper_meets_by_its_identifier() -> None:
    a = features("On corals", "A. López", arxiv="2101.00001")
    b = features("Reefs that warn of warming", "A. López", arxiv="2101.00001", doi="10.1234/reef.5")
    assert "id" in meet(a, b)


def test_versions_of_a_doi_meet() -> None:
    assert meet(features("", doi="10.21203/rs.3.rs-1/v1"), features("", doi="10.21203/rs.3.rs-1/v2")) == {"id"}


def test_translated_titles_meet_in_print() -> None:
    a = features("Korallen", volume="12", pages="101-9", date="2020")
    b = features("Coral growth", volume="12", pages="101-109", date="2020")
    assert meet(a, b) == {"place"}


def test_a_stop_title_is_a_key_only_with_author_or_place() -> None:
    assert blocking_keys(features("Editorial")) == ()
    found = blocking_keys(features("Editorial", "Ana López", date="2020", journal="Reef Science", volume="3"))
    assert {key.kind for key in found} == {"stop"}
    assert not meet(features("Editorial", "Ana López", date="2020"), features("Editorial", "Bo Li", date="2020"))


def test_no_title_and_no_identifier_is_no_key() -> None:
    assert blocking_keys(features("")) == ()
    assert blocking_keys(features("!!!")) == ()


def test_a_short_title_needs_its_author() -> None:
    assert blocking_keys(features("Corals")) == ()
    assert blocking_keys(features("Corals", "Ana López")) == (
        Key("short", "corals lopez"),
        Key("author", "lopez a corals"),
    )


def test_keys_are_few_and_short() -> None:
    found = blocking_keys(
        features(
            TITLE + ": an early warning sign in three lagoons", "Ana López", date="2020", volume="3", pages="7",
            doi="10.1/a", arxiv="2101.00001",
            pmid="123", other_titles=("Modelos estocásticos de redes", "Modèles stochastiques"),
        )
    )  # fmt: skip
    assert len(found) <= MAX_KEYS
    assert len(set(found)) == len(found)
    assert all(len(key.value) < 100 for key in found)
