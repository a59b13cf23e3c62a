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
