from streams.matching.fingerprint import fingerprint, likeness
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT


def test_fingerprints_tell_how_much_two_abstracts_share() -> None:
    one = fingerprint(ABSTRACT)
    assert likeness(one, fingerprint("Abstract: " + ABSTRACT)) > 0.8
    assert likeness(one, fingerprint(ABSTRACT.replace("slowly", "rapidly"))) > 0.6
    assert likeness(one, fingerprint(OTHER_ABSTRACT)) < 0.25
    assert fingerprint("5 pages, 2 figures") == b""
    assert likeness(one, b"") == -1
