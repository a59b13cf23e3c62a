"""Why three mechanisms publish again: each schedule of ADR 26, with the mechanism in place and with its simplification.

A simplification is a subclass that does what was proposed. The real engine plays each schedule on a real Redis twice: with the
mechanism in place the promise holds, and simplified it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from streams import events
from streams.clusters.group import cluster_key
from streams.engine.engine import Engine
from streams.engine.messages import Batch, Incoming
from streams.engine.outbox import Outbox
from streams.events import Outgoing
from streams.settings import Settings
from streams.state.connection import Command, Connection
from streams.state.group_store import Commit, GroupStore, PendingEvents, SingletonCommit
from streams.state.late import LateStates
from streams.state.layout import Layout
from streams.state.progress import Step
from tests.engine.interleaving import Crash, Stepped
from tests.engine.worlds import (
    CONTENTS,
    check,
    differences,
    drain,
    event_ids,
    fold_clusters,
    fold_events,
    handle,
    make_due,
    message,
    settle,
    stored_partition,
)

FIRST, SECOND = message("s:a", CONTENTS[0], 1, 0), message("t:b", CONTENTS[0], 2, 1)
NOTHING = Batch((), ())


class Crew:
    """Workers on one index version, all with an outbox of one class, and what they published, in its order."""

    def __init__(self, settings: Settings, connect: Callable[[], Connection], outbox: type[Outbox] = Outbox) -> None:
        self.settings = settings
        self.layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self.published: list[Outgoing] = []
        self._connect = connect
        self._outbox = outbox

    def worker(self) -> Engine:
        engine = Engine(self.settings, self._connect())
        engine.outbox = self._outbox(engine.groups, engine.store, self.late(engine), engine.connection)
        return engine

    def late(self, engine: Engine) -> LateStates:
        return LateStates(self.layout, engine.connection)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages

    @staticmethod
    def store_position(engine: Engine, done: Incoming) -> None:
        """Store that a message is processed: the last thing that its worker does about it."""
        step = Step(done.topic, done.offset, 0, 1)  # each message is of a partition of its own
        back, _ = engine.progress.mark([step], engine.progress.look().histories)
        assert back == {}

    def is_older_state_last(self) -> bool:
        """Whether all is acknowledged and the events are complete, but the compacted topic ends with an older state."""
        engine = self.worker()
        stored = stored_partition(engine)
        assert stored == fold_events(self.published)
        return not engine.groups.pending_events() and fold_clusters(self.published) != stored


@pytest.fixture
def crew(generation: Settings, new_connection: Callable[[], Connection]) -> Callable[[type[Outbox]], Crew]:
    return lambda outbox: Crew(generation, new_connection, outbox)


Make = Callable[[type[Outbox]], Crew]


# A queue of clusters in place of events -------------------------------------------------------------------------------


class QueueOfClusters(Outbox):
    """Publishes the current states of the clusters that have pending events: a queue of clusters has no more."""

    def drain(self) -> Batch:
        batch = super().drain()
        return batch._replace(outgoing=[out for out in batch.outgoing if out.topic != events.EVENTS])


def dies_before_it_publishes(crew: Crew) -> None:
    """W1 commits and dies; W2 gets its partition, publishes what is pending and processes the message again."""
    crew.worker().process([FIRST])
    heir = crew.worker()
    drain(heir, crew.publish)
    handle(heir, [FIRST], crew.publish)
    crew.store_position(heir, FIRST)


@pytest.mark.parametrize("outbox", [Outbox, QueueOfClusters])
def test_a_queue_of_clusters_loses_the_event_of_a_worker_that_died(crew: Make, outbox: type[Outbox]) -> None:
    played = crew(outbox)
    dies_before_it_publishes(played)
    if outbox is Outbox:
        check(played.worker(), played.published, [FIRST])
    else:
        assert fold_clusters(played.published) == stored_partition(played.worker()), "the state is there"
        assert event_ids(played.published) == set(), "and no subscriber of events knows how it came to be"


# Events written in a second script ------------------------------------------------------------------------------------


class TwoScripts(GroupStore):
    """Commits a group first, and then writes its events elsewhere."""

    def commit_events(self, commits: Sequence[Commit]) -> list[PendingEvents | None]:
        done = super().commit_events([commit._replace(pending={}) for commit in commits])
        for commit, earlier in zip(commits, done, strict=True):
            if earlier is not None and commit.pending:
                fields = [part for pair in commit.pending.items() for part in pair]
                key = self.outbox(commit.id)
                self._connection.execute([Command(key, ("HSET", key, *fields))])
        return done

    def commit_singletons(self, commits: Sequence[SingletonCommit]) -> tuple[set[bytes], set[bytes]]:
        done = self.commit_events(
            [Commit(c.id, b"", c.singleton.group, {c.field.decode(): c.singleton.event}) for c in commits]
        )
        return {c.id for c, earlier in zip(commits, done, strict=True) if earlier is None}, set()


def dies_at_each_round_trip(
    settings: Callable[[], Settings], connect: Callable[[], Connection]
) -> Iterator[tuple[Crew, bool]]:
    """W1 dies after its first round trip, then its second, …; W2 does the rest. Yields each with whether W1 died."""
    died, most = True, 0
    while died:
        most += 1
        played, trips = Crew(settings(), connect), 0
        dying = Engine(played.settings, connection := Stepped(connect()))

        def after() -> None:
            nonlocal trips
            trips += 1
            if trips == most:  # noqa: B023 - called in this turn of the loop only
                raise Crash

        connection.after = after
        try:
            handle(dying, [FIRST], played.publish)
        except Crash:
            dies = True
        else:
            dies = False
        heir = played.worker()
        drain(heir, played.publish)
        handle(heir, [FIRST], played.publish)
        died = dies
        yield played, died


@pytest.mark.parametrize("store", [GroupStore, TwoScripts])
def test_events_written_after_their_group_are_lost_in_a_crash_between(
    store: type[GroupStore],
    new_generation: Callable[[], Settings],
    new_connection: Callable[[], Connection],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.engine.engine.GroupStore", store)
    ends = [event_ids(played.published) for played, _ in dies_at_each_round_trip(new_generation, new_connection)]
    assert len(ends) > 3
    assert (set() in ends) == (store is TwoScripts)


# Events that are due after some seconds -------------------------------------------------------------------------------


class DueLater(Outbox):
    """Publishes pending events of clusters that the queue hands out: two seconds after they were committed."""

    def drain(self) -> Batch:
        due = {self._late.cluster(member) for member in self._late.take(1000)}
        batch = super().drain() if due else NOTHING
        assert {cluster_key(out.key.decode()) for out in batch.outgoing if out.topic == events.EVENTS} <= due
        return batch


@pytest.mark.parametrize("outbox", [Outbox, DueLater])
def test_events_that_are_due_later_come_after_the_position_is_stored(crew: Make, outbox: type[Outbox]) -> None:
    """`streams run` ends once all positions are stored: it would end without the event."""
    played = crew(outbox)
    dying = played.worker()
    committed = dying.process([FIRST])
    if outbox is DueLater:  # the commit puts the cluster into the queue
        played.late(dying).note(committed.clusters)
    heir = played.worker()
    handle(heir, [FIRST], played.publish)
    drain(heir, played.publish)
    played.store_position(heir, FIRST)
    at_the_end = event_ids(played.published)
    assert at_the_end == (event_ids(committed.outgoing) if outbox is Outbox else set())
    if outbox is DueLater:
        make_due(heir.connection, played.layout.late)
        drain(heir, played.publish)
        assert event_ids(played.published) == event_ids(committed.outgoing), "seconds later"


# Events that are due at once ------------------------------------------------------------------------------------------


class DueAtOnce(Outbox):
    """Publishes at every check of the queue, once a second, also what is pending."""

    def repeat(self) -> Batch:
        return self.drain()


@pytest.mark.parametrize("outbox", [Outbox, DueAtOnce])
def test_events_that_are_due_at_once_are_taken_from_a_worker_that_is_alive(crew: Make, outbox: type[Outbox]) -> None:
    """W1 commits and is about to publish; W2 checks the queue: all that is in flight would come five times more."""
    played = crew(outbox)
    alive, other = played.worker(), played.worker()
    in_flight = alive.process([FIRST])
    settle(other, other.outbox.repeat(), played.publish)
    settle(alive, in_flight, played.publish)
    scheduled = make_due(other.connection, played.layout.late)
    ids = [out.key for out in played.published if out.topic == events.EVENTS]
    assert (len(ids), scheduled) == ((1, 0) if outbox is Outbox else (2, 1))
    check(other, played.published, [FIRST])


# A queue in place of the answer of the acknowledgement ----------------------------------------------------------------


class QueueInPlaceOfTheAnswer(Outbox):
    """Puts a cluster that another worker changed into the queue, for any worker, and acknowledges the batch."""

    def acknowledge(self, batch: Batch) -> Batch:
        answer = super().acknowledge(batch)
        if not answer.is_empty:
            self._groups.forget(answer.drained)
            self._late.note(answer.clusters)
        return NOTHING


@pytest.mark.parametrize("outbox", [Outbox, QueueInPlaceOfTheAnswer])
def test_without_the_answer_two_workers_that_stop_in_order_leave_an_older_state_last(
    crew: Make, outbox: type[Outbox]
) -> None:
    """W1 commits; W2 commits, publishes, acknowledges, stores; W1 publishes, acknowledges, stores. Both are stopped."""
    played = crew(outbox)
    slow, fast = played.worker(), played.worker()
    first = slow.process([FIRST])
    handle(fast, [SECOND], played.publish)
    played.store_position(fast, SECOND)
    settle(slow, first, played.publish)
    played.store_position(slow, FIRST)
    if outbox is Outbox:
        check(slow, played.published, [FIRST, SECOND])
    else:
        assert played.is_older_state_last()
        assert differences(slow, played.published)


class TakenWithoutComparison(Outbox):
    """Publishes a state of the queue and does not compare it afterwards."""

    def acknowledge(self, batch: Batch) -> Batch:
        if not batch.repeated:
            return super().acknowledge(batch)
        self._late.done(batch.repeated)
        return NOTHING


@pytest.mark.parametrize("outbox", [Outbox, TakenWithoutComparison])
def test_the_worker_that_takes_a_cluster_from_the_queue_is_overtaken_in_turn(crew: Make, outbox: type[Outbox]) -> None:
    """W1 takes the cluster from the queue; W2 changes it, publishes and acknowledges; W1 publishes what it took."""
    played = crew(outbox)
    slow, fast = played.worker(), played.worker()
    handle(slow, [FIRST], played.publish)
    played.late(slow).note(cluster_key(name) for name in stored_partition(slow))
    make_due(slow.connection, played.layout.late)
    taken = slow.outbox.repeat()
    assert taken.outgoing
    handle(fast, [SECOND], played.publish)
    settle(slow, taken, played.publish)
    if outbox is Outbox:
        check(slow, played.published, [FIRST, SECOND])
    else:
        assert played.is_older_state_last()


# The events of a batch that was overtaken -----------------------------------------------------------------------------


class ForgetsAtOnce(Outbox):
    """Removes the events of a batch at its acknowledgement, also where the state has to be published again."""

    def acknowledge(self, batch: Batch) -> Batch:
        answer = super().acknowledge(batch)
        self._groups.forget(answer.drained)
        return answer._replace(drained={})


@pytest.mark.parametrize("outbox", [Outbox, ForgetsAtOnce])
def test_events_removed_before_the_state_is_out_again_hide_that_their_worker_died(
    crew: Make, outbox: type[Outbox]
) -> None:
    """W1 is overtaken by W2, publishes, acknowledges, and dies before it publishes the answer; W3 reads the outbox."""
    played = crew(outbox)
    slow, fast = played.worker(), played.worker()
    first = slow.process([FIRST])
    handle(fast, [SECOND], played.publish)
    played.publish(first.outgoing)
    assert slow.outbox.acknowledge(first).outgoing
    heir = played.worker()
    drain(heir, played.publish)
    handle(heir, [FIRST], played.publish)  # its offset was not committed
    if outbox is Outbox:
        check(heir, played.published, [FIRST, SECOND])
    else:
        assert played.is_older_state_last()
