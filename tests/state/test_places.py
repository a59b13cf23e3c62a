"""Places of blocking keys as bytes, beside those that are values of their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.matching.blocking import Key
from streams.matching.prefilter import WEAK_KINDS
from streams.state.key_index import Place, places
from streams.state.layout import Layout
from streams.state.places import (
    count,
    fingerprints,
    is_weak,
    names,
    pack,
    places_of,
    shared,
    slots,
    without,
)

LAYOUT = Layout("n", "g", 16)
KEYS = st.lists(st.builds(Key, st.sampled_from(["title", *sorted(WEAK_KINDS)]), st.text(max_size=3)), max_size=14)


@given(KEYS)
def test_the_bytes_say_what_the_places_say(keys: list[Key]) -> None:
    packed = places_of(LAYOUT, keys)
    prints = fingerprints(packed)
    keys_of = names(packed, LAYOUT.key_names)
    read = []
    for n, name in enumerate(keys_of):
        weak = is_weak(packed, n)
        read.append(Place(name, prints[4 * n + 1 : 4 * n + 4], weak, 12 if weak else 8))
        assert (read[n].fingerprint[0] > 127) == weak
    assert tuple(read) == places(LAYOUT, keys)
    assert (count(packed), pack(slots(packed))) == (len(keys), packed)


@given(KEYS, KEYS)
def test_places_in_common_and_others(mine: list[Key], theirs: list[Key]) -> None:
    a, b = places_of(LAYOUT, mine), places_of(LAYOUT, theirs)
    known = places(LAYOUT, theirs)
    in_common = [place in known for place in places(LAYOUT, mine)]
    both = {place for place in places(LAYOUT, mine) if place in known}
    assert shared(a, b) == (sum(not place.loose for place in both), sum(place.loose for place in both))
    assert slots(without(a, b)) == [slot for slot, known in zip(slots(a), in_common, strict=True) if not known]
