"""Everything that serves subscribers is killed at random while a feed runs: in the end all of them have what `dedup.clusters` says.

Subscribers read Kafka, Server-Sent Events, a plain iterator, and a snapshot with what follows. Beside them the totals equal what
`streams verify` counts, and their open pairs are those of the review queue. The embedded broker loses its topics when it ends, so
the broker is killed on Apache Kafka alone.
"""

# ruff: noqa: S311 - a seed makes a test repeatable
from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from random import Random

import httpx
import pytest

from streams.local.serve import ServeProcess
from streams.local.valkey import Valkey
from tests.brokers import AnyBroker, Kafka
from tests.client.topics import clusters_now
from tests.system.fault_scenario import FaultScenario
from tests.system.feeds import make_feed
from tests.system.keepers import checked_totals
from tests.system.processes import wait_for
from tests.system.scenario_report import Report
from tests.system.test_subscribers_killed import Subscriber

pytestmark = pytest.mark.system

SUBSCRIBERS = ("rows", "http", "plain", "snapshot")
_CAUGHT_UP_SECONDS = 120.0
Tell = Callable[[str, Report], None]


@pytest.mark.long
def test_three_kills(
    tmp_path: Path, own_broker: AnyBroker, own_redis: Valkey, session_seconds: float, tell: Tell
) -> None:
    kill_everything(tmp_path, own_broker, own_redis, session_seconds, kills=3, seed=1, tell=tell)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_ten_kills(
    tmp_path: Path, own_broker: AnyBroker, own_redis: Valkey, session_seconds: float, seed: int, tell: Tell
) -> None:
    kill_everything(tmp_path, own_broker, own_redis, session_seconds, kills=10, seed=seed, tell=tell)


def kill_everything(
    directory: Path, broker: AnyBroker, redis: Valkey, session_seconds: float, *, kills: int, seed: int, tell: Tell
) -> None:
    random = Random(seed)
    with ExitStack() as stack:
        scenario = stack.enter_context(
            FaultScenario(directory, broker, redis, workers=2, batch_records=16, session_timeout=session_seconds)
        )
        settings = scenario.settings.model_copy(update={"serve_port": 0, "serve_data": str(directory / "data")})
        api = stack.enter_context(ServeProcess(settings, directory / "serve.log"))
        api.wait_ready()
        subscribers = {}
        for kind in SUBSCRIBERS:
            address = api.url if kind == "http" else settings.kafka_url
            subscribers[kind] = Subscriber(address, settings.topic_prefix, directory, kind)
            stack.callback(subscribers[kind].end)
        kill = {
            "worker": lambda: scenario.kill(random.randrange(2)),
            "serve": lambda: end_and_start(scenario, "serve", api.child.kill, api.child.start),
            "Redis": lambda: end_and_start(scenario, "Redis", redis.kill, redis.start),
        }
        if isinstance(broker, Kafka):
            kill["broker"] = lambda: end_and_start(scenario, "broker", broker.kill, broker.start)
        rounds = [random.sample([*kill], len(kill)) for _ in range(kills)]
        names = list(chain.from_iterable(rounds))[:kills]
        scenario.begin(make_feed(seed, 30 * kills))
        for (
            kind,
            subscriber,
        ) in subscribers.items():  # a server that is away when a program begins is an error for its user
            wait_for(subscriber.clusters, f"{kind} has begun", _CAUGHT_UP_SECONDS)
        for number, name in enumerate(names):
            scenario.reach(number / (kills + 1))
            time.sleep(random.random())
            kill[name]()
        tell(f"{kills} kills of workers, Redis, `serve` and the broker, beside subscribers", scenario.finish())
        expected = {
            name: (state["revision"], state["records"]) for name, state in asyncio.run(clusters_now(settings)).items()
        }
        assert len(expected) > 5 * kills
        for kind, subscriber in subscribers.items():
            wait_for(
                lambda s=subscriber: s.clusters() == expected,  # type: ignore[misc]
                f"{kind} has the clusters",
                _CAUGHT_UP_SECONDS,
            )
        checked_totals(settings, scenario.verify())
        check_reviews(api)


def check_reviews(api: ServeProcess) -> None:
    """Wait until the totals have as many open pairs as `/review` lists, page by page, after a look at each."""

    def agree() -> bool:
        review = httpx.get(f"{api.url}/api/v1/stats").json()["totals"]["review"]
        listed = len(open_pairs(api))
        return listed > 0 and review is not None and (review["open"], review["unlooked"]) == (listed, 0)

    wait_for(agree, "the open pairs are counted", _CAUGHT_UP_SECONDS)


def open_pairs(api: ServeProcess) -> set[str]:
    found: set[str] = set()
    page: str | None = f"{api.url}/api/v1/review?limit=100"
    while page:
        answer = httpx.get(page)
        found |= {item["id"] for item in answer.json()["items"]}
        page = answer.links["next"]["url"] if "next" in answer.links else None
    return found


def end_and_start(scenario: FaultScenario, name: str, end: Callable[[], None], start: Callable[[], None]) -> None:
    end()
    scenario.fault(f"{name} killed")
    start()
