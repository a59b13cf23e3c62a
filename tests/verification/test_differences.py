"""What can be wrong, with what it means."""

from __future__ import annotations

from streams.verification.differences import MEANINGS, PLACES, Difference


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert all(meaning.what and meaning.do for meaning in MEANINGS.values())


def test_a_difference_stays_itself_however_much_of_it_is_shown() -> None:
    plain = Difference("redis_differs", "c1", "s:a", fingerprint=b"1")
    shown = plain._replace(detail="of two", fields=(("revision", ("1", "2", "2")),))
    assert shown.identity == plain.identity
    assert shown.identity != plain._replace(fingerprint=b"2").identity


def test_as_json_each_place_says_its_own() -> None:
    found = Difference("redis_differs", "c1", fields=(("revision", ("1", "2", "")),)).as_json()
    assert found["fields"] == {"revision": dict(zip(PLACES, ("1", "2", ""), strict=True))}
    assert (found["code"], found["cluster_id"], found["record"]) == ("redis_differs", "c1", "")
