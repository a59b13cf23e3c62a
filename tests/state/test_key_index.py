"""Insert, then read, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import combinations
from random import Random

import pytest

from streams.matching.blocking import Key
from streams.matching.prefilter import prefilter
from streams.records.stored import id_of
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.formats import FIRST, LATEST
from streams.state.key_index import ADD_TO_KEYS, REMOVE_FROM_KEYS, Entry, KeyIndex, KeyRecords
from streams.state.key_index import places as index_places
from streams.state.layout import Layout
from streams.state.places import Slot, pack, places_of, slots

New = Callable[[], Connection]


SIGNATURE = b"\xe0\x01\x02\x03"
STRONG, WEAK = "title", "begin"
FORMS = [(STRONG, LATEST, 8), (WEAK, LATEST, 12), (STRONG, FIRST, 12), (WEAK, FIRST, 12)]
"""Kinds of keys, formats of the state, and the bytes that an entry has there."""


def every(packed: bytes, at: int) -> bool:
    return True


class Place:
    """One key with its members."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        cap: int = 64,
        value: str = "hot",
        kind: str = STRONG,
        form: int = LATEST,
    ) -> None:
        layout = Layout(settings.namespace, settings.generation, settings.buckets, form)
        (self.place,) = index_places(layout, [Key(kind, value)])
        self.name, self.fingerprint = layout.key(kind, value)
        self.places = places_of(layout, [Key(kind, value)])
        self.connection, self.index, self.cap = connection, KeyIndex(layout, cap, together=True), cap
        connection.register(ADD_TO_KEYS, REMOVE_FROM_KEYS)

    def add(self, record: bytes, signature: bytes = SIGNATURE) -> list[bytes]:
        entries = [Entry(record, signature, self.places)]
        (keys,) = self.index.found(entries, self.connection.execute(self.index.add(entries)))
        packed = keys.get(0, b"")
        assert self.index.is_full(packed, loose=self.place.loose) == (len(packed) >= self.place.entry * self.cap)
        return self._ids(packed)

    def remove(self, record: bytes) -> int:
        """How many members fewer there are."""
        before = len(self.members())
        self.connection.execute(self.index.remove(record, self.places))
        return before - len(self.members())

    def kept(self) -> KeyRecords:
        (reply,) = self.connection.execute([KeyRecords.get(self.place)])
        return KeyRecords.of(self.place, reply)

    def members(self) -> list[bytes]:
        packed = self.connection.call("HGET", self.name, self.fingerprint) or b""
        assert isinstance(packed, bytes)
        return self._ids(packed)

    def _ids(self, packed: bytes) -> list[bytes]:
        return self.index.candidates(packed, every if self.place.loose else None)


@pytest.fixture
def place(generation: Settings, new_connection: New) -> Place:
    return Place(generation, new_connection())


def ids(count: int) -> list[bytes]:
    return [id_of(f"s:{number}") for number in range(count)]


def test_each_sees_who_was_there_before(place: Place) -> None:
    a, b, c = ids(3)
    assert place.add(a) == []
    assert place.add(b) == [a]
    assert place.add(c) == [a, b]
    assert place.members() == [a, b, c]


def test_adding_again_changes_nothing_and_reads_all(place: Place) -> None:
    a, b = ids(2)
    place.add(a)
    place.add(b)
    assert place.add(a) == [a, b]
    assert place.members() == [a, b]


def test_a_key_is_read_without_being_changed(place: Place) -> None:
    a, b = ids(2)
    assert place.connection.execute(place.index.get([place.place])) == [None]
    place.add(a)
    place.add(b)
    (packed,) = place.connection.execute(place.index.get([place.place]))
    assert place.index.candidates(packed) == place.members() == [a, b]


def test_an_id_found_across_two_others_is_not_taken_for_a_member(place: Place) -> None:
    first, second = b"AAAABBBB", b"CCCCDDDD"
    across = b"BBBBCCCC"
    place.add(first)
    place.add(second)
    assert place.add(across) == [first, second]
    assert place.members() == [first, second, across]
    assert place.remove(b"DDDDBBBB") == 0
    assert place.remove(across) == 1
    assert place.members() == [first, second]


def test_who_is_taken_out_is_gone_and_the_last_leaves_nothing(place: Place) -> None:
    a, b, c = ids(3)
    for record in (a, b, c):
        place.add(record)
    assert [place.remove(b), place.remove(b)] == [1, 0]
    assert place.members() == [a, c]
    place.remove(a)
    place.remove(c)
    assert place.connection.call("HEXISTS", place.name, place.fingerprint) == 0


def test_a_full_key_keeps_the_smallest_ids_whatever_the_order(generation: Settings, new_connection: New) -> None:
    connection, everybody = new_connection(), ids(40)
    for seed in range(6):
        place = Place(generation, connection, cap=8, value=f"hot{seed}")
        order = Random(seed).sample(everybody, len(everybody))  # noqa: S311 - a seed makes a test repeatable
        for record in order:
            assert len(place.add(record)) <= 8
        assert sorted(place.members()) == sorted(everybody)[:8]


@pytest.mark.parametrize(("kind", "form", "entry"), FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_a_key_holds_as_many_of_its_live_records_as_it_may(
    seed: int, kind: str, form: int, entry: int, generation: Settings, new_connection: New
) -> None:
    """Any shuffle of adds and removes: the smallest ids are compared, the others wait in the overflow, until there is room."""
    chance, everybody = Random(seed), ids(40)  # noqa: S311 - a seed makes a test repeatable
    place, live = Place(generation, new_connection(), cap=8, kind=kind, form=form), dict[bytes, bytes]()
    for step in range(200):
        record, signature = chance.choice(everybody), bytes((0xE0, 1, 2, chance.randrange(3)))
        if chance.random() < (0.3 if step < 80 else 0.6):
            place.remove(record)
            live.pop(record, None)
        else:
            place.add(record, signature)
            live[record] = signature
        kept, order = place.kept(), sorted(live)
        assert sorted(place.members()) == order[:8]
        signatures = [live[record][: entry - 8] for record in order]
        assert [kept.signature(record) for record in order[:8]] == signatures[:8]
        assert [kept.overflow_signature(record) for record in order[8:]] == signatures[8:]
        assert len(kept.overflow or b"") == entry * len(order[8:])
        assert not kept.may_lack_records(8) or (kept.overflow is None and 4 <= len(live) < 8)
    for record in everybody:
        place.remove(record)
    assert place.connection.call("HKEYS", place.name) == [], "nothing is left of a key without records"


def test_what_even_the_overflow_has_no_room_for_is_remembered(generation: Settings, new_connection: New) -> None:
    place, everybody = Place(generation, new_connection(), cap=2), sorted(ids(14))
    for record in everybody:
        place.add(record)
        assert place.kept().may_lack_records(2) == (record > everybody[9] or len(place.members()) == 1)
    assert [r for r in everybody if place.kept().overflow_signature(r) is not None] == everybody[2:10]
    for record in everybody[:10]:
        place.remove(record)
    assert place.members() == []
    assert place.kept().may_lack_records(2), "four records are in no key"
    for record in everybody[10:]:
        place.add(record)
    assert place.members() == everybody[10:12]


def test_a_full_key_of_a_version_without_an_overflow(generation: Settings, new_connection: New) -> None:
    place, everybody = Place(generation, new_connection(), cap=3, form=FIRST), sorted(ids(6))
    packed = b"".join(record + SIGNATURE for record in everybody[:3])
    place.connection.call("HSET", place.name, place.fingerprint, packed)
    assert place.kept().may_lack_records(3), "it may have left records out"
    assert place.add(everybody[3]) == everybody[:3]
    place.remove(everybody[0])
    assert sorted(place.members()) == everybody[1:4]
    assert place.kept().may_lack_records(3), "it still may lack records that came before the update"
    place.connection.call("HDEL", place.name, place.fingerprint + b"+")
    place.remove(everybody[1])
    assert place.kept() == KeyRecords(packed[24:] + everybody[3] + SIGNATURE, b"-", 12)


def test_two_keys_with_one_bucket_are_kept_apart(generation: Settings, new_connection: New) -> None:
    connection = new_connection()
    one, two = Place(generation, connection, value="one"), Place(generation, connection, value="two")
    two.name = one.name
    two.places = pack([(slots(one.places)[0][0], slots(two.places)[0][1])])
    one.add(b"AAAAAAAA")
    assert two.add(b"BBBBBBBB") == []
    assert (one.members(), two.members()) == ([b"AAAAAAAA"], [b"BBBBBBBB"])


def test_a_loose_key_gives_only_whom_the_signature_allows(generation: Settings, new_connection: New) -> None:
    place = Place(generation, new_connection(), kind=WEAK)
    kin, stranger = ids(2)
    place.add(kin, b"\x04\x20\x00\xff")
    place.add(stranger, b"\x04\x2f\xf0\x00")
    packed = place.connection.call("HGET", place.name, place.fingerprint)
    assert isinstance(packed, bytes)
    assert place.index.candidates(packed, prefilter(b"\x04\x20\x00\x7f")) == [kin]
    assert place.members() == [kin, stranger]


def test_a_changed_signature_replaces_the_old_one(generation: Settings, new_connection: New) -> None:
    place = Place(generation, new_connection(), kind=WEAK)
    a, b = ids(2)
    place.add(a, b"\x00\x01\x02\x03")
    place.add(b)
    place.add(a, b"\xe1\x04\x05\x06")
    packed = place.connection.call("HGET", place.name, place.fingerprint)
    assert packed == a + b"\xe1\x04\x05\x06" + b + SIGNATURE


def test_on_a_cluster_each_key_has_a_call_of_its_own(generation: Settings, new_connection: New) -> None:
    connection = new_connection()
    layout = Layout(generation.namespace, generation.generation, generation.buckets)
    connection.register(ADD_TO_KEYS, REMOVE_FROM_KEYS)
    places = places_of(layout, [Key(kind, "one") for kind in (STRONG, WEAK, "short")])
    apart, together = KeyIndex(layout, 64, together=False), KeyIndex(layout, 64, together=True)
    a, b = ids(2)
    first, second = [Entry(a, SIGNATURE, places)], [Entry(b, SIGNATURE, places)]
    assert (len(apart.add(first)), len(together.add(first))) == (3, 1)
    connection.execute(apart.add(first))
    seen = together.found(second, connection.execute(together.add(second)))
    assert seen == [{0: a, 1: a + SIGNATURE, 2: a}]
    seen = apart.found(second, connection.execute(apart.add(second)))
    assert seen == [{0: a + b, 1: a + SIGNATURE + b + SIGNATURE, 2: a + b}]


@pytest.mark.parametrize("together", [True, False])
def test_many_records_are_added_as_if_one_after_the_other(
    together: bool, generation: Settings, new_connection: New
) -> None:
    connection = new_connection()
    layout = Layout(generation.namespace, generation.generation, generation.buckets)
    connection.register(ADD_TO_KEYS)
    chance = Random(7)  # noqa: S311 - a seed makes a test repeatable
    index, kept = KeyIndex(layout, 64, together=together), dict[Slot, bytes]()
    where = slots(places_of(layout, [Key((STRONG, WEAK)[n % 2], f"{together}{n}") for n in range(40)]))
    for lot in (1, 32, 33, 100):  # far from a full key
        some = [chance.sample(where, chance.randrange(4)) for _ in range(lot)]
        entries = [Entry(id_of(f"{lot}:{n}"), SIGNATURE, pack(places)) for n, places in enumerate(some)]
        expected: list[dict[int, bytes]] = []
        for record, signature, places in entries:
            expected.append({n: kept[slot] for n, slot in enumerate(slots(places)) if slot in kept})
            for slot in slots(places):
                kept[slot] = kept.get(slot, b"") + record + (signature if slot[1][1] > 127 else b"")
        assert index.found(entries, connection.execute(index.add(entries))) == expected


def test_of_any_two_that_insert_at_once_one_sees_the_other(generation: Settings, new_connection: New) -> None:
    """Threads with connections of their own hammer one key, in many rounds that all start together."""
    workers, rounds = 6, 25
    seen: dict[bytes, set[bytes]] = {}
    barrier = threading.Barrier(workers)
    places = [[Place(generation, connection, cap=1000, value=f"{r}") for r in range(rounds)] for connection in
              [new_connection() for _ in range(workers)]]  # fmt: skip
    batches: list[list[list[bytes]]] = [[[] for _ in range(rounds)] for _ in range(workers)]
    for worker in range(workers):
        for turn in range(rounds):
            batches[worker][turn] = [id_of(f"{worker}:{turn}:{number}") for number in range(3)]
    failures: list[BaseException] = []

    def hammer(worker: int) -> None:
        try:
            for turn in range(rounds):
                barrier.wait(20)
                for record in batches[worker][turn]:
                    seen[record] = set(places[worker][turn].add(record))
        except BaseException as error:  # shown by the test
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=hammer, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    mixed = 0
    for turn in range(rounds):
        records = [record for worker in range(workers) for record in batches[worker][turn]]
        for a, b in combinations(records, 2):
            assert a in seen[b] or b in seen[a]
            mixed += 1
    assert mixed == rounds * (18 * 17 // 2)
