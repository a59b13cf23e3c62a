"""States of clusters as a few bytes, and where two of them differ."""

from __future__ import annotations

import msgspec

from streams.events.published import PublishedState, decode_state
from streams.verification.states import (
    ENDED,
    STATE_BYTES,
    Values,
    differing,
    ended,
    is_live,
    pack,
    packed_state,
    revision_of,
)

VALUES = Values(["c1"])


def state(revision: int = 3, records: tuple[str, ...] = ("s:a",), document: bytes = b'{"title":"T"}') -> bytes:
    return pack(VALUES, "c1", revision, records, b"[]", document)


def test_a_state_is_of_one_size_and_keeps_its_revision() -> None:
    assert len(state()) == len(ENDED) == STATE_BYTES
    assert (revision_of(state(7)), revision_of(ended(7)), revision_of(ENDED)) == (7, 7, 0)


def test_a_cluster_without_records_is_no_more() -> None:
    assert state(3, ()) == ended(3)
    assert (is_live(state()), is_live(ended(3)), is_live(None)) == (True, False, False)


def test_a_message_is_packed_as_the_state_it_tells() -> None:
    published = PublishedState("c1", 3, ["s:a"], msgspec.Raw(b'{"title":"T"}'), msgspec.Raw(b"[]"))
    assert (
        packed_state(VALUES, decode_state(msgspec.json.encode(published))) == packed_state(VALUES, published) == state()
    )


def test_where_two_places_differ() -> None:
    assert differing(state(), state()) == ()
    assert differing(state(), state(4, ("s:b",))) == ("revision", "records")
    assert differing(state(), state(document=b'{"title":"U"}')) == ("document",)
    assert differing(state(), ended(3)) == ("standing",)
    assert differing(state(), None) == ("standing",)
    assert differing(ended(3), None) == (), "no place has it"
    assert differing(ended(3), ENDED) == (), "of one the revision is not known"


def test_a_document_that_was_cut_agrees_with_any() -> None:
    cut = state(document=b'{"truncated":["abstract"]}')
    assert differing(cut, state()) == ()
    assert differing(cut, state(4)) == ("revision",)


def test_what_differs_is_shown_for_the_clusters_that_are_asked_for() -> None:
    mine, theirs = state(), state(4, ("s:a", "s:b"))
    assert VALUES.texts("revision", [mine, theirs, None]) == ("3", "4", "")
    assert VALUES.texts("records", [mine, theirs]) == ("s:a", "s:a, s:b")
    assert VALUES.texts("standing", [mine, ENDED, None]) == ("there", "gone", "gone")
    unshown = Values()
    digests = unshown.texts("records", [pack(unshown, "c1", 1, ("s:a",), b"", b"x"), ENDED])
    assert digests == (mine[4:12].hex(), "")
