"""Places of blocking keys as bytes, beside those that are values of their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.matching.blocking import Key
from streams.matching.prefilter import WEAK_KINDS
from streams.state.key_index import Place, places
from streams.state.layout import Layout
from streams.state.places import (
    bucket_numbers,
    count,
    fingerprints,
    is_weak,
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
    names = [LAYOUT.key_names[number] for number in bucket_numbers(packed)]
    read = tuple(Place(name, prints[4 * n : 4 * n + 4], is_weak(packed, n)) for n, name in enumerate(names))
    assert read == places(LAYOUT, keys)
    assert (count(packed), pack(slots(packed))) == (len(keys), packed)


@given(KEYS, KEYS)
def test_places_in_common_and_others(mine: list[Key], theirs: list[Key]) -> None:
    a, b = places_of(LAYOUT, mine), places_of(LAYOUT, theirs)
    known = places(LAYOUT, theirs)
    in_common = [place in known for place in places(LAYOUT, mine)]
    assert slots(shared(a, b)) == [slot for slot, known in zip(slots(a), in_common, strict=True) if known]
    assert slots(without(a, b)) == [slot for slot, known in zip(slots(a), in_common, strict=True) if not known]
