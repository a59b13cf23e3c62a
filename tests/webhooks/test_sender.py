"""Events of a real topic at a real receiver: all of them, in order, and again where they were not taken."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from pathlib import Path
from zlib import crc32

import msgspec
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.events import EVENTS, Outgoing
from streams.kafka.connection import KafkaConnection
from streams.kafka.partitions import partition_of
from streams.kafka.reader import extents
from streams.kafka.topics import create_topics
from streams.settings import Settings
from streams.webhooks.parking import Parked
from streams.webhooks.sender import group_of
from tests.client.topics import publish
from tests.webhooks.feed import dispatching, event, events_of, run, until
from tests.webhooks.receiver import Receiver, Said

pytestmark = pytest.mark.system

BEGINNING = 'start = "beginning"'
SOON = "park_after = 0.0002"
"""Hours: an event is parked after .7 seconds."""


def ids(messages: list[Outgoing]) -> list[str]:
    return [orjson.loads(each.value or b"")["event_id"] for each in messages]


async def committed(settings: Settings, name: str = "a") -> dict[int, int | None]:
    """The committed offsets of an endpoint's group."""
    consumer = AIOKafkaConsumer(group_id=group_of(settings, name), **KafkaConnection.of(settings).consumer("test"))
    await consumer.start()
    try:
        return {
            number: await consumer.committed(TopicPartition(settings.topic_prefix + EVENTS, number))
            for number in range(settings.partitions)
        }
    finally:
        await consumer.stop()


def test_every_event_is_taken_once_and_those_of_a_cluster_in_order(
    topics: Settings, tmp_path: Path, broker_kind: str
) -> None:
    sent = events_of(40, 1)

    async def story() -> None:
        await publish(topics, sent)
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: len(receiver.taken) >= len(sent), "all are taken")
            await until(lambda: hooks.state().taken == len(sent), "the state says so")
            assert hooks.state().status == "sending"
            assert hooks.state().lag == (0 if broker_kind == "kafka" else None)
            assert hooks.counted("taken") == len(sent)
        ends = await extents(KafkaConnection.of(topics), topics.topic_prefix + EVENTS)
        at = await committed(topics)
        assert all(
            # On the embedded broker a marker was written to find the end.
            at[place.partition] in (extent.end, extent.end - 1)
            for place, extent in ends.items()
        )

    with Receiver() as receiver:
        run(story)
    assert sorted(each["event_id"] for each in receiver.taken) == sorted(ids(sent))
    revisions = defaultdict(list)
    for each in receiver.taken:
        revisions[each["cluster_id"]].append(each["revision"])
    assert all(each == sorted(each) for each in revisions.values())
    assert max(map(len, revisions.values())) > 1
    assert not any("document" in each for each in receiver.taken)
    assert receiver.unverified == []


def test_an_event_that_is_not_taken_is_sent_again_before_the_next_one_of_its_cluster(
    topics: Settings, tmp_path: Path
) -> None:
    answers = [Said(500), Said(503), Said(429), Said(404), Said(400), Said(302), Said(cut=True)]
    tried: dict[str, int] = defaultdict(int)

    def answer(name: str) -> Said:
        tried[name] += 1
        number = crc32(name.encode())
        return Said() if tried[name] > number % 4 else answers[(number + tried[name]) % len(answers)]

    sent = [event(f"c{number % 5}", 1 + number // 5) for number in range(40)]

    async def story() -> None:
        await publish(topics, sent)
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING), (0.02, 0.02, 0.02, 0.02)) as hooks:
            await until(lambda: len(receiver.taken) >= len(sent), "all are taken")
            await until(lambda: hooks.state().taken == len(sent), "the state says so")
            assert hooks.state().failed == sum(tried.values()) - len(sent) > 20
            assert hooks.state().parked == 0
            assert hooks.state().failing_since == 0

    with Receiver(answer) as receiver:
        run(story)
    revisions = defaultdict(list)
    for each in receiver.taken:
        revisions[each["cluster_id"]].append(each["revision"])
    assert revisions == {f"c{number}": list(range(1, 9)) for number in range(5)}


def test_only_what_the_filter_lets_pass_is_sent_and_the_position_moves_over_the_rest(
    topics: Settings, tmp_path: Path
) -> None:
    sent = [event(f"c{number}", type="merged" if number % 4 == 0 else "created") for number in range(20)]
    more = f'{BEGINNING}\ntypes = ["merged"]\ndocument = true'

    async def story() -> None:
        await publish(topics, sent, [Outgoing(EVENTS, b"c1", b"no event")])
        async with dispatching(topics, receiver.file(tmp_path, more)) as hooks:
            await until(lambda: sum(hooks.state().positions.values()) >= 21, "all is read")
        assert sum(at or 0 for at in (await committed(topics)).values()) >= 21

    with Receiver() as receiver:
        run(story)
    assert sorted(each["event_id"] for each in receiver.taken) == sorted(f"c{number}:1" for number in range(0, 20, 4))
    assert all(each["document"] == {"title": each["cluster_id"]} for each in receiver.taken)


@pytest.mark.long
def test_an_endpoint_that_begins_now_is_sent_what_comes_then_also_when_it_is_started_again(
    topics: Settings, tmp_path: Path
) -> None:
    async def story() -> None:
        await publish(topics, [event(f"a{number}") for number in range(10)])
        file = receiver.file(tmp_path)
        async with dispatching(topics, file) as hooks:
            await until(lambda: len(hooks.state().positions) == 3, "it has begun")
        await publish(topics, [event(f"b{number}") for number in range(10)])
        async with dispatching(topics, file):
            await until(lambda: len(receiver.taken) >= 10, "those of the meantime")

    with Receiver() as receiver:
        run(story)
    assert {each["event_id"] for each in receiver.taken} == {f"b{number}:1" for number in range(10)}


@pytest.mark.long
def test_while_the_endpoint_is_down_every_event_waits_and_nothing_is_lost(topics: Settings, tmp_path: Path) -> None:
    down = [True]
    sent = [event(f"c{number}") for number in range(12)]

    async def story() -> None:
        await publish(topics, sent)
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING), (0.05, 0.05, 60.0)) as hooks:
            await until(lambda: len(hooks.state().retries) == 3, "each partition waits")
            await until(lambda: hooks.state().failed >= 9, "for a minute")
            state = hooks.state()
            assert (state.status, state.reason, state.taken) == ("retrying", "it answered 503", 0)
            assert hooks.gauge("streams_webhook_failing") == 1
            assert (hooks.gauge("streams_webhook_lag_seconds") or 0) > 0
            down[0] = False
            hooks.store.enable("a", time.time())
            await until(lambda: len(receiver.taken) >= len(sent), "all are taken")
            await until(lambda: hooks.gauge("streams_webhook_failing") == 0, "it is said")

    with Receiver(lambda _id: Said(503) if down[0] else Said()) as receiver:
        run(story)
    assert sorted(each["event_id"] for each in receiver.taken) == sorted(ids(sent))


@pytest.mark.long
def test_one_event_that_is_taken_ends_the_waits_of_the_others(topics: Settings, tmp_path: Path) -> None:
    down = [True]
    by_partition: dict[int, list[Outgoing]] = defaultdict(list)
    for number in range(30):
        by_partition[partition_of(b"c%d" % number, [0, 1, 2])].append(event(f"c{number}"))

    async def story() -> None:
        await publish(topics, by_partition[0], by_partition[1])
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING), (600.0,)) as hooks:
            await until(lambda: len(hooks.state().retries) == 2, "two partitions wait for ten minutes")
            down[0] = False
            await publish(topics, by_partition[2])
            await until(lambda: len(receiver.taken) >= 30, "all are taken")

    with Receiver(lambda _id: Said(503) if down[0] else Said()) as receiver:
        run(story)


def test_an_event_that_is_never_taken_is_parked_and_sent_again_when_a_person_asks(
    topics: Settings, tmp_path: Path
) -> None:
    poison = [True]

    async def story() -> None:
        await publish(topics, [event("c1", revision) for revision in (1, 2, 3)])
        async with dispatching(topics, receiver.file(tmp_path, f"{BEGINNING}\n{SOON}")) as hooks:
            await until(lambda: hooks.state().taken == 2, "the others are taken")
            (parked,) = hooks.store.parked("a")
            assert (parked.event_id, parked.reason) == ("c1:2", "it answered 500")
            assert parked.attempts == len(receiver.statuses("c1:2")) > 1
            assert (hooks.state().parked, hooks.gauge("streams_webhook_parked"), hooks.counted("parked")) == (1, 1, 1)
            assert (hooks.state().status, hooks.state().retries) == ("sending", {})
            poison[0] = False
            hooks.store.redeliver("a")
            await until(lambda: hooks.gauge("streams_webhook_parked") == 0, "it is taken")
            await until(lambda: hooks.state().taken == 3, "it is counted")

    with Receiver(lambda name: Said(500) if poison[0] and name == "c1:2" else Said()) as receiver:
        run(story)
    assert [each["event_id"] for each in receiver.taken] == ["c1:1", "c1:3", "c1:2"]


@pytest.mark.long
def test_what_is_parked_outlasts_a_restart_and_may_be_discarded(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        file = receiver.file(tmp_path, f"{BEGINNING}\n{SOON}")
        await publish(topics, [event(f"c{number}") for number in range(9)])
        async with dispatching(topics, file) as hooks:
            await until(lambda: hooks.state().parked == 3, "three are parked")
            await until(lambda: hooks.state().taken == 6, "the others are taken")
        async with dispatching(topics, file) as hooks:
            await until(lambda: hooks.gauge("streams_webhook_parked") == 3, "they still are")
            count = len(receiver.received)
            hooks.store.redeliver("a")
            await until(lambda: hooks.state().redelivered_at, "each was sent again")
            assert len(receiver.received) == count + 3
            assert all(each.passed_over for each in hooks.store.parked("a"))
            count = len(receiver.received)
            hooks.store.discard("a")
            await until(lambda: hooks.gauge("streams_webhook_parked") == 0, "they are given up")
            assert (hooks.state().given_up, hooks.counted("given_up")) == (3, 3)
            assert len(receiver.received) == count

    with Receiver(lambda name: Said(422) if name in ("c0:1", "c4:1", "c8:1") else Said()) as receiver:
        run(story)


@pytest.mark.long
def test_events_that_were_parked_while_all_failed_are_sent_again_when_the_endpoint_is_back(
    topics: Settings, tmp_path: Path
) -> None:
    """Each once, and without a person: they were not to blame."""
    down = [True]
    sent = [event("c1", revision) for revision in range(1, 7)]

    async def story() -> None:
        await publish(topics, sent)
        async with dispatching(topics, receiver.file(tmp_path, f"{BEGINNING}\n{SOON}")) as hooks:
            await until(lambda: hooks.state().parked >= 2, "the first ones are parked")
            down[0] = False
            await until(lambda: len(receiver.taken) == 6, "all are taken")
            await until(lambda: hooks.gauge("streams_webhook_parked") == 0, "none is parked")

    with Receiver(lambda _id: Said(503) if down[0] else Said()) as receiver:
        run(story)
    assert sorted(each["event_id"] for each in receiver.taken) == sorted(ids(sent))


@pytest.mark.long
def test_where_too_many_are_parked_the_next_event_waits_at_its_position(
    topics: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.webhooks.parking.MOST_PARKED", 2)

    async def story() -> None:
        await publish(topics, [event("c1", revision) for revision in (1, 2, 3, 4)])
        async with dispatching(topics, receiver.file(tmp_path, f"{BEGINNING}\n{SOON}")) as hooks:
            await until(lambda: len(receiver.statuses("c1:3")) >= 6, "it is sent for longer than the others were")
            assert (hooks.state().parked, receiver.statuses("c1:4")) == (2, [])
            hooks.store.discard("a")
            await until(lambda: receiver.statuses("c1:4"), "there is room")

    with Receiver(lambda _id: Said(500)) as receiver:
        run(story)


@pytest.mark.long
def test_a_parked_event_that_the_topic_no_longer_has_is_given_up(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        await publish(topics, [event("c1")])
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: hooks.state().taken == 1, "the endpoint is sent to")
        place = partition_of(b"c1", [0, 1, 2])
        gone = [Parked(place, 0, "c1:other", 1.0, 2.0), Parked((place + 1) % 3, 7, "c2:1", 1.0, 2.0)]
        for _ in range(2):  # the first takes the lease
            hooks.store.write("test", {}, {"a": msgspec.json.encode(gone)})
        hooks.store.write("test", {}, release=True)
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: hooks.gauge("streams_webhook_parked") == 2, "they are parked")
            hooks.store.redeliver("a")
            await until(lambda: hooks.state().given_up == 2, "they are given up")
            await until(lambda: hooks.store.parked("a") == [], "and parked no more")

    with Receiver() as receiver:
        run(story)
    assert len(receiver.received) == 1


@pytest.mark.long
def test_gone_turns_the_endpoint_off_and_enabled_it_continues_where_it_was(topics: Settings, tmp_path: Path) -> None:
    gone = [False]
    sent = [event(f"c{number}") for number in range(9)]

    async def story() -> None:
        await publish(topics, sent[:3])
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: len(receiver.taken) >= 3, "the first are taken")
            gone[0] = True
            await publish(topics, sent[3:6])
            await until(lambda: hooks.state().status == "off", "it is off")
            state = hooks.state()
            assert state.reason == "it answered 410 Gone"
            assert state.off_since > 0
            assert hooks.gauge("streams_webhook_failing") == 1
        gone[0] = False
        before = len(receiver.received)
        await publish(topics, sent[6:])
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: hooks.gauge("streams_webhook_failing") == 1, "it stays off over a restart")
            await asyncio.sleep(0.5)
            assert len(receiver.received) == before
            hooks.store.enable("a")
            await until(lambda: len({each["event_id"] for each in receiver.taken}) >= 9, "all are taken")
            await until(lambda: hooks.state().status == "sending", "it is on")
            assert (hooks.state().reason, hooks.state().off_since) == ("", 0)

    with Receiver(lambda _id: Said(410) if gone[0] else Said()) as receiver:
        run(story)


@pytest.mark.long
def test_an_endpoint_that_takes_nothing_for_too_long_is_turned_off(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        await publish(topics, [event("c1")])
        async with dispatching(topics, receiver.file(tmp_path, BEGINNING), (0.1,), off_after=1.0) as hooks:
            await until(lambda: hooks.state().status == "off", "it is off")
            assert "it answered 500" in hooks.state().reason
            count = len(receiver.received)
            assert count >= 2
            await asyncio.sleep(0.5)
            assert len(receiver.received) == count
        assert set((await committed(topics)).values()) <= {0, 1, None}

    with Receiver(lambda _id: Said(500)) as receiver:
        run(story)


@pytest.mark.long
def test_an_endpoint_waits_for_the_topic(topics: Settings, tmp_path: Path) -> None:
    later = topics.model_copy(update={"topic_prefix": topics.topic_prefix + "later."})

    async def story() -> None:
        async with dispatching(later, receiver.file(tmp_path, BEGINNING)) as hooks:
            await until(lambda: hooks.state().status == "waiting", "there is no topic")
            assert f"Kafka has no topic {later.topic_prefix}{EVENTS}" in hooks.state().reason
            await create_topics(later)
            await publish(later, [event("c1")])
            await until(lambda: hooks.state().taken == 1, "it is sent")
            await until(lambda: hooks.state().status == "sending", "and the state says so")
            assert hooks.state().reason == ""

    with Receiver() as receiver:
        run(story)


@pytest.mark.long
def test_a_group_that_kafka_has_deleted_continues_at_the_stored_position(topics: Settings, tmp_path: Path) -> None:
    """As it does a week after the last commit; here another name of the application has no group yet."""

    async def story() -> None:
        file = receiver.file(tmp_path)
        async with dispatching(topics, file) as hooks:
            await until(lambda: len(hooks.state().positions) == 3, "it has begun")
            await publish(topics, [event(f"a{number}") for number in range(6)])
            await until(lambda: hooks.state().taken == 6, "the first are taken")
        await publish(topics, [event(f"b{number}") for number in range(6)])
        async with dispatching(topics.model_copy(update={"app_id": topics.app_id + "-2"}), file) as hooks:
            await until(lambda: hooks.state().taken == 12, "the others are taken")

    with Receiver() as receiver:
        run(story)
    assert sorted(each["event_id"] for each in receiver.taken) == sorted(
        f"{letter}{number}:1" for letter in "ab" for number in range(6)
    )
