from streams.matching.fingerprint import fingerprint, similarity
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT


def test_fingerprints_tell_how_much_two_abstracts_share() -> None:
    one = fingerprint(ABSTRACT)
    assert similarity(one, fingerprint("Abstract: " + ABSTRACT)) > 0.8
    assert similarity(one, fingerprint(ABSTRACT.replace("slowly", "rapidly"))) > 0.6
    assert similarity(one, fingerprint(OTHER_ABSTRACT)) < 0.25
    assert fingerprint("5 pages, 2 figures") == b""
    assert similarity(one, b"") == -1
