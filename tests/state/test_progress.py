"""Marks of progress on a real server, and against a model of a server that forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.connection import Connection, connect
from streams.state.layout import Layout
from streams.state.progress import Place, Progress, Step

New = Callable[[], Connection]
A, B = ("records.arxiv", 0), ("records.arxiv", 11)


@pytest.fixture(params=[False, True], ids=["one key", "64 keys"])
def progress(request: pytest.FixtureRequest, layout: Layout, new_connection: New) -> Progress:
    return Progress(layout, new_connection(), spread=request.param)


def mark(progress: Progress, *steps: tuple[Place, int, int]) -> dict[Place, int]:
    known = progress.look().histories
    back, now = progress.mark([Step(*place, begins, ends) for place, begins, ends in steps], known)
    assert now == known, "nobody forgot anything"
    return back


def test_positions_are_remembered_by_partition(progress: Progress) -> None:
    other = ("pre:fix", 1)
    assert progress.positions() == {}
    assert mark(progress, (A, 0, 5), (B, 0, 7), (other, 0, 1)) == {}
    assert mark(progress, (A, 5, 6)) == {}
    assert progress.positions() == progress.look().positions == {A: 6, B: 7, other: 1}
    progress.forget_positions()
    assert progress.positions() == {}


def test_a_mark_beyond_a_gap_writes_nothing_and_tells_where_to_go_back_to(progress: Progress) -> None:
    mark(progress, (A, 0, 5), (B, 0, 5))
    assert mark(progress, (A, 7, 9), (B, 5, 6)) == {A: 5}, "each partition for itself"
    assert progress.positions() == {A: 5, B: 6}
    assert mark(progress, (A, 5, 7), (A, 7, 9)) == {}, "steps of one batch follow each other"
    assert progress.positions()[A] == 9


def test_a_check_tells_of_a_gap_and_marks_nothing(progress: Progress) -> None:
    mark(progress, (A, 0, 5))
    known = progress.look().histories

    def check(*steps: tuple[Place, int, int]) -> dict[Place, int]:
        return progress.check([Step(*place, begins, ends) for place, begins, ends in steps], known)[0]

    assert check((A, 5, 7), (B, 0, 2), (A, 7, 9)) == {}, "what follows on the first is no gap"
    assert check((A, 6, 7), (A, 7, 9), (B, 0, 2)) == {A: 5}
    assert progress.positions() == {A: 5}


def test_a_mark_never_goes_back(progress: Progress) -> None:
    mark(progress, (A, 0, 9))
    assert mark(progress, (A, 2, 4)) == {}
    assert progress.positions() == {A: 9}


def test_what_another_generation_remembers_is_taken_over(
    progress: Progress, new_generation: Callable[[], Settings], new_connection: New
) -> None:
    settings = new_generation()
    layout = Layout(settings.namespace, settings.generation, settings.buckets)
    new = Progress(layout, new_connection(), spread=len(progress.look().histories) > 1)
    mark(progress, (A, 0, 5))
    before = progress.look()
    mark(new, (A, 0, 3), (B, 0, 7))
    new.take_over(progress)
    assert new.look() == before, "also when it was marked, so that who begins here knows what may be forgotten"
    progress.forget_positions()
    new.take_over(progress)
    assert new.positions() == {}


def test_put_sets_positions_back(progress: Progress) -> None:
    progress.put({})
    progress.put({A: 9, B: 1})
    progress.put({A: 3})
    assert progress.positions() == {A: 3, B: 1}


def test_a_server_with_another_history_marks_nothing(progress: Progress) -> None:
    """Though the position stands, the first writes of the batch may be among those forgotten."""
    mark(progress, (A, 0, 5))
    known = progress.look().histories
    former = tuple(b"another" for _ in known)
    back, now = progress.mark([Step(*A, 5, 9), Step(*B, 0, 2)], former)
    assert (back, now) == ({A: 5, B: 0}, known)
    assert progress.positions() == {A: 5}


def test_what_one_shard_forgot_is_forgotten(layout: Layout, new_connection: New) -> None:
    connection = new_connection()
    progress = Progress(layout, connection, spread=True)
    mark(progress, (A, 0, 5), (B, 0, 5))
    connection.call("HSET", layout.spread_progress[17], "records.arxiv:0", 3)
    connection.call("HDEL", layout.spread_progress[63], "records.arxiv:11")
    assert progress.positions() == progress.look().positions == {A: 3, B: 0}
    assert mark(progress, (A, 5, 8)) == {A: 3}
    assert mark(progress, (A, 3, 8), (B, 0, 8)) == {}
    assert progress.positions() == {A: 8, B: 8}


def test_keys_of_positions_are_spread_evenly_over_the_slots(layout: Layout) -> None:
    keys = layout.spread_progress
    assert [key_slot(key) // 256 for key in keys] == list(range(64))
    assert {layout.progress, *keys} <= set(layout.all_keys())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    made = Valkey(tmp_path / "redis")
    made.start()
    yield made
    made.close()


def test_a_server_that_was_started_anew_has_another_history(server: Valkey) -> None:
    connection = connect(Settings(redis_url=server.url))
    progress = Progress(Layout("n", "1", 16), connection)
    mark(progress, (A, 0, 5))
    before = progress.look()
    assert all(before.histories)
    assert [marked.keys() for marked in before.marked] == [set(before.histories)]
    assert before.forgotten_since(()) is before.forgotten_since(before.histories) is None
    server.kill()
    server.start()
    after = progress.look()
    assert after.histories != before.histories
    assert after.marked == before.marked, "it is remembered when the former one was marked last"
    last = before.marked[0][before.histories[0]]
    assert after.forgotten_since(before.histories) == after.forgotten_since(()) == last
    mark(progress, (A, 5, 9))
    assert progress.look().forgotten_since(()) is None, "somebody went on, who looked after it"
    assert progress.look().forgotten_since(before.histories) == last, "but who did not know yet asks what he knew"
    assert progress.look().forgotten_since((b"unheard of",)) == last
    connection.close()


class Forgetful:
    """A model of a server and of what its replica has of it: writes in their order, of which the last ones may be forgotten."""

    def __init__(self) -> None:
        self.history = 0
        self.writes: list[tuple[str, int]] = []  # ("effect", offset) or ("mark", position)

    @property
    def position(self) -> int:
        return max((value for what, value in self.writes if what == "mark"), default=0)

    def fail_over(self, forgotten: int) -> None:
        self.writes = self.writes[: max(0, len(self.writes) - forgotten)]
        self.history += 1

    def mark(self, known: int, begins: int, ends: int) -> tuple[bool, int]:
        """As mark_progress.lua does it."""
        done = known == self.history and self.position >= begins
        stands = self.position
        if done and ends > stands:
            self.writes.append(("mark", ends))
        return done, stands

    def check(self) -> None:
        effects = {offset for what, offset in self.writes if what == "effect"}
        assert effects >= set(range(self.position)), "all before the position is there"


STEPS = st.lists(st.tuples(st.sampled_from(["read", "write", "mark", "fail", "late"]), st.integers(1, 5)), max_size=60)


@given(steps=STEPS)
@settings(max_examples=500)
def test_no_interleaving_of_marks_and_failovers_leaves_a_position_beyond_a_gap(steps: list[tuple[str, int]]) -> None:
    """A worker reads, writes effects and marks; the server forgets its last writes at any moment."""
    server = Forgetful()
    known, at = server.history, 0
    batch: tuple[int, int] | None = None
    written = 0
    late: list[tuple[int, int]] = []  # batches read before a rewind, handled and marked after it
    for step, number in steps:
        if step == "read" and batch is None:
            batch, written = (at, at + number), at
            at += number
        elif step == "write" and batch is not None and written < batch[1]:
            server.writes.append(("effect", written))
            written += 1
        elif step == "mark" and batch is not None and written == batch[1]:
            done, stands = server.mark(known, *batch)
            if not done:
                late.append((at, at + number))
                at = min(stands, batch[0])
            known, batch = server.history, None
        elif step == "late" and late and batch is None:
            begins, ends = late.pop()
            server.writes += [("effect", offset) for offset in range(begins, ends)]
            server.mark(known, begins, ends)
            known = server.history
        elif step == "fail":
            server.fail_over(number)
        server.check()
    # It goes on: whatever was forgotten is done again.
    for _ in range(3):
        end = at + 10
        server.writes += [("effect", offset) for offset in range(at, end)]
        done, stands = server.mark(known, at, end)
        known, at = server.history, end if done else min(at, stands)
        server.check()
    assert server.position == at
