from hypothesis import given
from hypothesis import strategies as st

from streams.matching.fingerprint import _LEAD, _WORD, _WORDS, _words, fingerprint, similarity
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT


def test_fingerprints_tell_how_much_two_abstracts_share() -> None:
    one = fingerprint(ABSTRACT)
    assert similarity(one, fingerprint("Abstract: " + ABSTRACT)) > 0.8
    assert similarity(one, fingerprint(ABSTRACT.replace("slowly", "rapidly"))) > 0.6
    assert similarity(one, fingerprint(OTHER_ABSTRACT)) < 0.25
    assert fingerprint("5 pages, 2 figures") == b""
    assert similarity(one, b"") == -1


@given(
    st.lists(
        st.sampled_from(("abstract:", "coral", "reef2", "of", "the_", "ça", "don't", "x-ray", "\n", "<p>", "1"))
        | st.text(max_size=4)
    )
)
def test_words_of_ascii_are_those_of_the_pattern(pieces: list[str]) -> None:
    for text in (" ".join(pieces).lower(), "".join(pieces).lower(), ascii(pieces).lower()):
        lead = _LEAD.match(text)
        found = _WORD.findall(text, lead.end())[:_WORDS] if lead else []
        assert _words(text) == [word.encode() for word in found]


def test_an_abstract_of_marks_alone_has_no_fingerprint() -> None:
    assert fingerprint("… " * 60) == b""
