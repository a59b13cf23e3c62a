"""Several processes with one file: one sends, another takes over, and a person is obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.settings import Settings
from tests.client.topics import publish
from tests.webhooks.feed import dispatching, event, run, until
from tests.webhooks.receiver import Receiver, Said

pytestmark = pytest.mark.system

BEGINNING = 'start = "beginning"'


def test_one_of_two_sends_and_the_other_takes_over_when_it_ends(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        file = receiver.file(tmp_path, BEGINNING)
        async with dispatching(topics, file) as two:
            await until(lambda: two.dispatcher.is_sending, "it sends")
            async with dispatching(topics, file) as one:
                await publish(topics, [event(f"a{number}") for number in range(10)])
                await until(lambda: two.state().taken == 10, "it has sent all")
                assert not one.dispatcher.is_sending
                assert one.gauge("streams_webhook_failing") is None
                await two.dispatcher.__aexit__(None, None, None)
                await until(lambda: one.dispatcher.is_sending, "the other one sends", 8)
                await publish(topics, [event(f"b{number}") for number in range(10)])
                await until(lambda: one.state().taken == 20, "the rest is sent")

    with Receiver() as receiver:
        run(story)
    names = [each["event_id"] for each in receiver.taken]
    assert sorted(names) == sorted(f"{letter}{number}:1" for letter in "ab" for number in range(10))


@pytest.mark.long
def test_an_endpoint_that_fails_does_not_hold_up_another(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        file = good.file(tmp_path, BEGINNING, name="good")
        text = file.read_text()
        file.write_text(
            f'{text}\n[[endpoint]]\nname = "bad"\nurl = "{bad.url}"\nsecrets = ["{bad.secret}"]\n{BEGINNING}\n'
            f'[[endpoint]]\nname = "idle"\nurl = "{bad.url}"\nsecrets = ["{bad.secret}"]\nenabled = false\n'
        )
        await publish(topics, [event(f"a{number}") for number in range(10)])
        async with dispatching(topics, file, (600.0,)) as hooks:
            await until(lambda: hooks.state("good").taken == 10, "the one takes all")
            await until(lambda: hooks.state("bad").retries, "the other one waits")
            assert list(hooks.store.read()) == ["bad", "good", "idle"]
            assert (hooks.state("idle").status, hooks.state("idle").reason) == ("disabled", "the file says so")
            assert hooks.state("good").origin == f"http://127.0.0.1:{good.port}"
            assert hooks.gauge("streams_webhook_failing", "bad") == 1
            assert hooks.gauge("streams_webhook_failing", "good") == 0

    with Receiver() as good, Receiver(lambda _id: Said(500)) as bad:
        run(story)


@pytest.mark.long
def test_attempts_are_counted_over_a_restart_and_the_wait_goes_on(topics: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        file = receiver.file(tmp_path, BEGINNING)
        await publish(topics, [event("c1")])
        async with dispatching(topics, file, (0.1, 600.0)) as hooks:
            await until(lambda: hooks.state().failed == 2, "it waits for ten minutes")
            (before,) = hooks.state().retries.values()
        async with dispatching(topics, file, (0.1, 600.0)) as hooks:
            await until(lambda: hooks.gauge("streams_webhook_failing") == 1, "it waits again")
            (after,) = hooks.state().retries.values()
            assert (after, after.attempts) == (before, 2)
            assert len(receiver.received) == 2
            hooks.store.enable("a")
            await until(lambda: len(receiver.received) == 3, "it is tried at once")

    with Receiver(lambda _id: Said(500)) as receiver:
        run(story)


def test_without_endpoints_no_server_is_asked(tmp_path: Path) -> None:
    async def story() -> None:
        nowhere = Settings(kafka_url="127.0.0.1:1", redis_url="redis://127.0.0.1:1")
        file = tmp_path / "webhooks.toml"
        file.write_text("")
        async with dispatching(nowhere, file) as hooks:
            assert not hooks.dispatcher.is_sending

    run(story)
