"""What can be wrong, with what it means."""

from __future__ import annotations

from streams.verification.differences import MEANINGS, PLACES, Difference, split_healed


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert all(meaning.what and meaning.do for meaning in MEANINGS.values())


def test_a_difference_stays_itself_however_much_of_it_is_shown() -> None:
    plain = Difference("redis_differs", "c1", "s:a", fingerprint=b"1")
    shown = plain._replace(detail="of two", fields=(("revision", ("1", "2", "2")),))
    assert shown.identity == plain.identity
    assert shown.identity != plain._replace(fingerprint=b"2").identity


def test_a_conflict_is_healed_where_nothing_else_is_wrong_with_its_cluster() -> None:
    conflict, chain = (
        Difference("event_conflict", "c1", clusters=("c1",)),
        Difference("event_chain", "c1", clusters=("c1",)),
    )
    other = Difference("events_differ", "c2", clusters=("c2",))
    assert split_healed([conflict, chain, other]) == ([other], [conflict, chain])
    wrong = Difference("events_differ", "c1", clusters=("c1",))
    assert split_healed([conflict, chain, wrong]) == ([conflict, chain, wrong], [])
    assert split_healed([chain]) == ([chain], []), "without a conflict it is a fault of ours"
    redirect = Difference("redirect_differs", "c3", clusters=("c3", "c1"))
    assert split_healed([conflict, redirect]) == ([conflict, redirect], [])


def test_as_json_each_place_says_its_own() -> None:
    found = Difference("redis_differs", "c1", fields=(("revision", ("1", "2", "")),)).as_json()
    assert found["fields"] == {"revision": dict(zip(PLACES, ("1", "2", ""), strict=True))}
    assert (found["code"], found["cluster_id"], found["record"]) == ("redis_differs", "c1", "")
