"""The replay of topics into a new generation: exactly up to where the live one is, and on from where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from streams.engine.engine import Engine
from streams.errors import ForgottenError
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.feed import send
from streams.kafka.producer import Publisher
from streams.kafka.topics import create_topics
from streams.local.services import Services
from streams.rebuild import shadow as shadow_module
from streams.rebuild.shadow import ShadowReplay
from streams.settings import Settings
from streams.state.connection import connect

pytestmark = pytest.mark.system

TOPIC = "records.document"
COUNT = 50


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A topic with 50 documents, of which every tenth cannot be read."""
    with Services(Settings(buckets=16, partitions=1, batch_records=8)) as services:
        bad = b'{"source":"s","title":"Nobody knows my id"}'
        good = (b'{"source":"s","id":"%d","title":"Title number %d of many"}' % (n, n) for n in range(COUNT))
        payloads = [Payload("document", b"s:%d" % n, value if n % 10 else bad) for n, value in enumerate(good)]

        async def publish() -> None:
            await create_topics(services.settings)
            async with Publisher(KafkaConnection.of(services.settings), shared=True) as publisher:
                async for _ in send(publisher, payloads):
                    pass

        asyncio.run(publish())
        yield services.settings


class Built:
    """A generation that is built; every call is a run of its own, as after a kill."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.engine = Engine(settings.model_copy(update={"generation": name}), connect(settings))
        self.shadow = ShadowReplay(self.engine, lambda _: None)

    def replay(self, target: int, **others: int) -> int:
        targets: Mapping[tuple[str, int], int] = {(TOPIC, 0): target, **{(name, 0): at for name, at in others.items()}}
        self.shadow = ShadowReplay(self.engine, lambda _: None)

        async def go() -> int:
            async with self.shadow:
                return await self.shadow.replay(targets)

        return asyncio.run(go())

    def position(self) -> int:
        return self.engine.progress.positions()[TOPIC, 0]

    def records(self) -> int:
        return sum(len(group.members) for _, group in self.engine.groups.all_groups())


def test_it_goes_as_far_as_it_is_told_and_on_from_there(settings: Settings) -> None:
    built = Built(settings, "steps")
    assert built.replay(23) == 23
    assert (built.position(), built.records()) == (23, 20)
    assert built.shadow.refused == {"no_identity": 3}
    assert built.replay(23) == 0
    assert built.replay(COUNT, **{"dedup.corrections": 7, "somebody.elses": 9}) == COUNT - 23
    assert (built.position(), built.records()) == (COUNT, 45)
    assert built.shadow.behind({(TOPIC, 0): COUNT + 2}) == 2
    assert built.engine.groups.pending_events() == {}


def test_messages_that_are_gone_are_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow_module, "_QUIET_SECONDS", 1.0)
    built = Built(settings, "gone")
    assert built.replay(COUNT + 30) == COUNT
    assert built.shadow.lost == 30
    assert (built.position(), built.records()) == (COUNT + 30, 45)


def test_what_redis_has_forgotten_is_not_passed_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    built = Built(settings, "forgotten")
    assert built.replay(23) == 23
    built.engine.progress.put({(TOPIC, 0): 20})
    now = built.engine.progress.look()
    monkeypatch.setattr(built.engine.progress, "look", lambda: now._replace(histories=(b"of another server",)))
    with pytest.raises(ForgottenError, match="failed over"):
        built.replay(COUNT)
    assert built.position() == 20, "nothing is marked, and the next run goes on from here"
    again = Built(settings, "forgotten")
    assert again.replay(COUNT) == COUNT - 20
    assert (again.position(), again.records()) == (COUNT, 45)


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(settings: Settings) -> None:
    built = Built(settings, "anew")
    built.engine.progress.put({(TOPIC, 0): 1000})
    assert built.replay(COUNT) == COUNT
    assert (built.position(), built.records()) == (COUNT, 45)
