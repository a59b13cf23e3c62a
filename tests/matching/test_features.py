import msgspec

from streams.matching.feature_values import MAX_AUTHORS, STOP_TITLE, Features
from streams.matching.features import extract
from streams.records.record import Identifier, Record
from tests.matching.matching_factory import ABSTRACT, features, record


def test_features_carry_normal_forms() -> None:
    found = features(
        "Coral Growth: A Lattice Model", "Ana López", "B. Jørgensen", date="2021-03-04", journal="Journal of Reef Science",
        volume="Vol. 12", number="03", pages="S101-S109", doi="10.1234/reef.5", abstract=ABSTRACT,
    )  # fmt: skip
    assert found.title == "coral growth a lattice model"
    assert found.main == "coral growth"
    assert found.authors == ("lopez|ana", "jorgensen|b")
    assert (found.date, found.year) == (20210304, 2021)
    assert (found.journal, found.volume, found.number, found.page) == ("reef scie", "12", "3", "s101")
    assert found.ids == ("doi:10.1234/reef.5",)
    assert len(found.abstract) == 16


def test_features_do_not_depend_on_the_record_id() -> None:
    assert features("Coral growth", source_id="1") == features("Coral growth", source_id="2")


def test_features_survive_being_stored() -> None:
    found = features("Coral growth", "Ana López", date="2021", abstract=ABSTRACT, doi="10.1234/reef.5")
    stored = msgspec.msgpack.encode(found)
    assert msgspec.msgpack.decode(stored, type=Features) == found
    assert len(stored) < 200


def test_a_year_is_not_the_first_of_january() -> None:
    assert features("Coral growth", date="2021").date == 20210000


def test_author_lists_are_bounded_but_counted() -> None:
    found = features("Coral growth", *(f"Name{chr(97 + i)} Familie{chr(97 + i)}" for i in range(20)))
    assert len(found.authors) == MAX_AUTHORS
    assert found.n_authors == 20


def test_records_without_a_title_have_none() -> None:
    found = features("", doi="10.1234/reef.5")
    assert found.title == ""
    assert found.flags & STOP_TITLE


def test_a_preprint_has_no_place_in_print() -> None:
    found = features(
        "Coral growth", source="semantic_scholar", journal="ArXiv", volume="abs/2101.00001", arxiv="2101.00001"
    )
    assert found.volume == ""


def test_thesis_is_read_from_the_abstract() -> None:
    one, two = (
        features("Coral growth", abstract="In this thesis " + ABSTRACT),
        features("Coral growth", abstract=ABSTRACT),
    )
    assert one.flags != two.flags


def test_extract_keeps_other_titles() -> None:
    assert extract(record("Korallenwachstum", other_titles=("Coral growth",))).others == ("coral growth",)


def test_the_id_a_record_has_at_its_source_counts_as_its_identifier() -> None:
    arxiv = Record(
        source="arxiv",
        source_id="2111.12710",
        title="Perceptual codebooks",
        identifiers=(Identifier("arxiv", "2111.12710"),),
    )
    crossref = Record(
        source="crossref",
        source_id="10.5555/abc",
        title="On codebooks",
        identifiers=(Identifier("doi", "10.5555/abc"),),
    )
    assert extract(arxiv).ids == ("arxiv:2111.12710",)
    assert extract(crossref).ids == ("doi:10.5555/abc",)
