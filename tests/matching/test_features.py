import msgspec
import pytest

from streams.matching.doi_classes import (
    ARCHIVE,
    COMPONENT,
    DATA,
    PREPRINT,
    REPORT,
    REPOSITORY,
    REVIEW,
    WORK,
    doi_class,
    is_entry,
)
from streams.matching.features import MAX_AUTHORS, STOP_TITLE, Features, extract
from streams.matching.fingerprint import fingerprint, similarity
from streams.records.record import Identifier, Record
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT, features, record


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
        ("10.1101/2021.05.12.443798v2", "10.1101/2021.05.12.443798", PREPRINT),
        ("10.1101/19012345v1", "10.1101/19012345", PREPRINT),
        ("10.1101/gr.123456.115", "10.1101/gr.123456.115", WORK),
        ("10.64898/2025.12.05.123456v1", "10.64898/2025.12.05.123456", PREPRINT),
        ("10.7554/elife.54321.2", "10.7554/elife.54321", WORK),
        ("10.7554/elife.54321.002", "10.7554/elife.54321.002", COMPONENT),
        ("10.7554/elife.54321.sa1", "10.7554/elife.54321.sa1", REPORT),
        ("10.7554/elife.54321.2.sa0", "10.7554/elife.54321.2.sa0", REPORT),
        ("10.7287/peerj.preprints.123v2", "10.7287/peerj.preprints.123", PREPRINT),
        ("10.7287/peerj.123v0.1/reviews/2", "10.7287/peerj.123v0.1/reviews/2", REPORT),
        ("10.32388/abc123.3", "10.32388/abc123", PREPRINT),
        ("10.14293/pr2199.000123.v1", "10.14293/pr2199.000123", PREPRINT),
        ("10.12688/hrbopenres.123.2", "10.12688/hrbopenres.123", PREPRINT),
        ("10.12688/openreseurope.7", "10.12688/openreseurope.7", PREPRINT),
        ("10.31222/osf.io/abcde_v2", "10.31222/osf.io/abcde", PREPRINT),
        ("10.35542/osf.io/abcde_v1", "10.35542/osf.io/abcde", PREPRINT),
        ("10.17605/osf.io/abcde", "10.17605/osf.io/abcde", REPOSITORY),
        ("10.5194/abcd-9-123-2009", "10.5194/abcd-9-123-2009", WORK),
        ("10.5194/acpd-9-123-2009", "10.5194/acpd-9-123-2009", PREPRINT),
        ("10.5194/acp-10-123-2010", "10.5194/acp-10-123-2010", WORK),
        ("10.5194/gmd-10-123-2010", "10.5194/gmd-10-123-2010", WORK),
        ("10.5194/acp-2016-52", "10.5194/acp-2016-52", PREPRINT),
        ("10.5194/egusphere-2023-123", "10.5194/egusphere-2023-123", PREPRINT),
        ("10.5194/egusphere-egu21-123", "10.5194/egusphere-egu21-123", WORK),
        ("10.5281/zenodo.123", "10.5281/zenodo.123", REPOSITORY),
        ("10.26180/5c1.figshare.12.v1", "10.26180/5c1.figshare.12", REPOSITORY),
        ("10.17632/abcdefghij.2", "10.17632/abcdefghij", DATA),
        ("10.5061/dryad.abc12", "10.5061/dryad.abc12", DATA),
        ("10.5061/dryad.abc12/1", "10.5061/dryad.abc12/1", COMPONENT),
        ("10.7910/dvn/abcdef", "10.7910/dvn/abcdef", DATA),
        ("10.3386/w12345", "10.3386/w12345", PREPRINT),
        ("10.2307/1234567", "10.2307/1234567", ARCHIVE),
        ("10.1037/e521232012-001", "10.1037/e521232012-001", ARCHIVE),
        ("10.1037/0003-066x.59.1.29", "10.1037/0003-066x.59.1.29", WORK),
    ],
)
def test_dois_fold_by_registrant_only(doi: str, base: str, kind: str) -> None:
    found = doi_class(doi)
    assert (found.base, found.kind) == (base, kind)


def test_an_edition_is_no_version_but_shares_its_stem() -> None:
    new, old = doi_class("10.1002/9781118445112.reef01.pub2"), doi_class("10.1002/9781118445112.reef01")
    assert new.base != old.base
    assert new.stem == old.stem == old.base
    assert doi_class("10.1002/14356007.a01_123.pub3").stem == "10.1002/14356007.a01_123"
    review = doi_class("10.1002/14651858.cd000001.pub2")
    assert (review.base, review.stem) == ("10.1002/14651858.cd000001", "10.1002/14651858.cd000001")


def test_some_registrants_number_the_objects_of_a_collection() -> None:
    assert is_entry("10.13145/bacdive1.2.3")
    assert not is_entry("10.1016/j.reef.2020.01.002")


def test_fingerprints_tell_how_much_two_abstracts_share() -> None:
    one = fingerprint(ABSTRACT)
    assert similarity(one, fingerprint("Abstract: " + ABSTRACT)) > 0.8
    assert similarity(one, fingerprint(ABSTRACT.replace("slowly", "rapidly"))) > 0.6
    assert similarity(one, fingerprint(OTHER_ABSTRACT)) < 0.25
    assert fingerprint("5 pages, 2 figures") == b""
    assert similarity(one, b"") == -1


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
