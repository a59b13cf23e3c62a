import msgspec
import pytest
from matching_factory import ABSTRACT, OTHER_ABSTRACT, features, record

from streams.matching.doi_classes import COMPONENT, PREPRINT, REPORT, REPOSITORY, REVIEW, WORK, doi_class, is_entry
from streams.matching.features import MAX_AUTHORS, STOP_TITLE, Features, extract
from streams.matching.fingerprint import fingerprint, likeness
from streams.records import Identifier, Record


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


@pytest.mark.parametrize(
    ("doi", "base", "kind"),
    [
        ("10.21203/rs.3.rs-123456/v2", "10.21203/rs.3.rs-123456", PREPRINT),
        ("10.20944/preprints202001.0001.v3", "10.20944/preprints202001.0001", PREPRINT),
        ("10.26434/chemrxiv.12345.v1", "10.26434/chemrxiv.12345", PREPRINT),
        ("10.26434/chemrxiv-2022-abcde-v2", "10.26434/chemrxiv-2022-abcde", PREPRINT),
        ("10.6084/m9.figshare.12345.v4", "10.6084/m9.figshare.12345", REPOSITORY),
        ("10.1101/2021.05.12.443798", "10.1101/2021.05.12.443798", PREPRINT),
        ("10.2196/preprints.24906", "10.2196/preprints.24906", PREPRINT),
        ("10.12688/f1000research.1234.2", "10.12688/f1000research.1234", PREPRINT),
        ("10.1021/acs.xyz.1c00001.s001", "10.1021/acs.xyz.1c00001.s001", COMPONENT),
        ("10.5194/abc-2020-1-rc1", "10.5194/abc-2020-1-rc1", REPORT),
        ("10.3410/f.1234.5678", "10.3410/f.1234.5678", REVIEW),
        ("10.1145/1111111.2222222", "10.1145/2222222", WORK),
        ("10.1145/3333333.2222222", "10.1145/2222222", WORK),
        ("10.1002/ange.202000001", "10.1002/anie.202000001", WORK),
        ("10.1016/j.reef.2020.01.002", "10.1016/j.reef.2020.01.002", WORK),
    ],
)
def test_dois_fold_by_registrant_only(doi: str, base: str, kind: str) -> None:
    found = doi_class(doi)
    assert (found.base, found.kind) == (base, kind)


def test_some_registrants_number_the_objects_of_a_collection() -> None:
    assert is_entry("10.13145/bacdive1.2.3")
    assert not is_entry("10.1016/j.reef.2020.01.002")


def test_fingerprints_tell_how_much_two_abstracts_share() -> None:
    one = fingerprint(ABSTRACT)
    assert likeness(one, fingerprint("Abstract: " + ABSTRACT)) > 0.8
    assert likeness(one, fingerprint(ABSTRACT.replace("slowly", "rapidly"))) > 0.6
    assert likeness(one, fingerprint(OTHER_ABSTRACT)) < 0.25
    assert fingerprint("5 pages, 2 figures") == b""
    assert likeness(one, b"") == -1


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
