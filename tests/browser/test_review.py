"""A curator at the keyboard: decisions reach the clusters and their subscribers, come back by undo, and are never lost."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import orjson
import pytest
from playwright.sync_api import Page, expect

from streams.events import EVENTS, REVIEWS, Outgoing
from streams.feed_files.payloads import Payload
from streams.kafka.connection import KafkaConnection
from streams.kafka.producer import Publisher
from streams.kafka.reader import read_to_now
from tests.browser.stack import Stack, run_apart
from tests.browser.visitor import PHONE, Visitors
from tests.system.processes import wait_for

_NUMBERS, _CHANCE = itertools.count(1), random.Random(7)  # noqa: S311 - titles, not secrets


class Doubts:
    """Asks questions about pairs of a source of their own, so that tests do not see each other's."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.source = f"doubts{next(_NUMBERS)}"
        self.path = f"/review?source={self.source}&order=new"

    def ask(self, number: int, titles: Sequence[str] = (), mark: str = "") -> None:
        """Send so many pairs in doubt, and wait until all are in the queue. `titles` are those of first records, `mark` ends ids.

        The questions are published here: a worker asks one for each 70 records that arrive, to spare people.
        """
        names = [(f"{self.source}:{place}-a{mark}", f"{self.source}:{place}-b{mark}") for place in range(number)]
        for place, pair in enumerate(names):
            # One DOI under two titles, each of its own: no record is in doubt of one of another pair.
            for record, year in zip(pair, (1999, 2011), strict=True):
                source, _, name = record.partition(":")
                title = f"On {' '.join(_CHANCE.sample(_WORDS, 4))}"
                if place < len(titles) and year == 1999:
                    title = titles[place]
                paper = {"source": source, "id": name, "title": title, "year": year, "doi": f"10.5555/{source}.{place}"}
                self.stack.send(Payload("document", record.encode(), orjson.dumps(paper)))
        wait_for(lambda: all(map(self.is_stored, itertools.chain(*names))), "all records are stored")
        run_apart(self.publish(names))
        wait_for(lambda: self.open() == number, f"{number} open pairs")

    async def publish(self, pairs: list[tuple[str, str]]) -> None:
        settings = self.stack.settings
        questions = [
            Outgoing(
                REVIEWS,
                f"{a}|{b}".encode(),
                orjson.dumps(
                    {"a": a, "b": b, "decision": "review", "score": 0.5, "reasons": ["titles_differ"], "ruleset": "r"}
                ),
            )
            for a, b in pairs
        ]
        async with Publisher(KafkaConnection.of(settings), settings.topic_prefix) as publisher:
            await publisher.publish(questions)

    def is_stored(self, record: str) -> bool:
        try:
            return bool(self.stack.answer(f"/api/v1/lookup?record={quote(record)}")["clusters"])
        except HTTPError:
            return False

    def open(self) -> int:
        return len(self.stack.answer(f"/api/v1/review?source={self.source}&limit=100")["items"])

    def cluster(self, name: str) -> str:
        """The id of the cluster of a record."""
        (found,) = self.stack.answer(f"/api/v1/lookup?record={self.source}:{name}")["clusters"]
        return str(found)

    def events(self) -> list[dict[str, Any]]:
        """The published events that corrections of pairs of this source brought about, oldest first."""

        async def read() -> list[dict[str, Any]]:
            settings = self.stack.settings
            kafka = KafkaConnection.of(settings)
            messages = [m async for m in read_to_now(kafka, [settings.topic_prefix + EVENTS])]
            return [orjson.loads(message.value) for message in messages if message.value]

        found: list[dict[str, Any]] = run_apart(read())
        return [each for each in found if any(self.source in made["a"] for made in each.get("corrections", []))]


_WORDS = (
    "granite", "velvet", "harbour", "mosaic", "thunder", "saffron", "lantern", "orchid", "copper", "meadow", "falcon", "quartz",
    "island", "feather", "cinder", "marble", "willow", "comet", "prairie", "anchor", "glacier", "tundra", "pepper", "violin",
)  # fmt: skip


@pytest.fixture
def doubts(stack: Stack) -> Doubts:
    return Doubts(stack)


def pair_on(page: Page) -> str:
    """The id of the pair on a page."""
    return str(page.locator("[data-pair]").get_attribute("data-pair"))


def press(page: Page, key: str) -> None:
    """Press a key, and wait for what it brings: the main part of the page is another one then."""
    page.evaluate("document.querySelector('main').dataset.old = '1'")
    page.keyboard.press(key)
    expect(page.locator("main:not([data-old])")).to_be_visible(timeout=20_000)
    expect(page.locator("main:not([aria-busy])")).to_be_visible()


def test_a_decision_by_keyboard_changes_the_cluster_and_undo_brings_it_back(
    stack: Stack, visitors: Visitors, doubts: Doubts
) -> None:
    doubts.ask(2)
    page = visitors.open(doubts.path, token=stack.token)
    pair = pair_on(page)
    name = page.locator(".beside thead .id").first.inner_text()
    place = re.sub(r".*:(\d+)-.*", r"\1", name)
    assert doubts.cluster(f"{place}-a") != doubts.cluster(f"{place}-b")

    page.keyboard.press("n")
    page.keyboard.type("One book, says S and D")
    assert pair_on(page) == pair, "letters in a field are no keys"
    page.keyboard.press("Enter")
    assert pair_on(page) == pair, "neither is Enter"
    press(page, "s")
    expect(page.get_by_role("status")).to_contain_text("2 clusters became one, of 2 records")
    assert pair_on(page) != pair
    assert doubts.cluster(f"{place}-a") == doubts.cluster(f"{place}-b")

    merged = wait_for(
        lambda: [e for e in doubts.events() if e["type"] == "merged" and e.get("merged_from")], "the event"
    )
    assert merged[0]["corrections"][0]["reason"] == "One book, says S and D"
    assert merged[0]["corrections"][0]["author"] == "operator"

    press(page, "u")
    expect(page.get_by_role("status")).to_contain_text("1 cluster became 2")
    assert pair_on(page) == pair
    assert doubts.cluster(f"{place}-a") != doubts.cluster(f"{place}-b")
    assert wait_for(lambda: [e for e in doubts.events() if e["type"] == "split"], "the event of the undo")
    page.reload()
    assert pair_on(page) == pair


def test_keys_move_skip_open_and_help(stack: Stack, visitors: Visitors, doubts: Doubts) -> None:
    doubts.ask(3)
    page = visitors.open(doubts.path, token=stack.person("mover"))
    first = pair_on(page)
    press(page, "ArrowDown")
    second = pair_on(page)
    press(page, "k")
    third = pair_on(page)
    assert len({first, second, third}) == 3
    page.go_back()
    expect(page.locator(f"[data-pair='{second}']")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert doubts.open() == 3, "nothing was decided meanwhile"
    press(page, "b")
    expect(page.get_by_role("heading", name="The score is hidden")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="The score is hidden")).to_be_visible()
    press(page, "b")
    expect(page.get_by_role("heading", name="What matching found")).to_be_visible()
    page.keyboard.press("o")
    page.wait_for_url("**/pairs/**")


def test_two_people_on_one_queue_see_different_pairs_and_lose_no_decision(
    stack: Stack, visitors: Visitors, doubts: Doubts
) -> None:
    doubts.ask(6)
    ada = visitors.open(doubts.path, token=stack.person("ada"))
    bob = visitors.open(doubts.path, token=stack.person("bob"))
    for _ in range(3):
        assert pair_on(ada) != pair_on(bob)
        press(ada, "s")
        press(bob, "d")
    expect(bob.get_by_text("No open pair")).to_be_visible()
    expect(ada.get_by_text("bob is looking at this pair")).to_be_visible()  # the last one, before bob decided it
    press(ada, "j")
    expect(ada.get_by_text(re.compile("end of the queue"))).to_be_visible()
    made = [
        each
        for each in stack.answer("/api/v1/corrections?limit=200")["items"]
        if each["author"] in ("ada", "bob") and doubts.source in each["a"]
    ]
    assert sorted((each["author"], each["action"], each["status"]) for each in made) == [
        ("ada", "same", "active")] * 3 + [("bob", "different", "active")] * 3  # fmt: skip


def test_a_pair_that_another_person_decided_is_not_decided_again(
    stack: Stack, visitors: Visitors, doubts: Doubts
) -> None:
    visitors.forgive("409")
    doubts.ask(1)
    ada = visitors.open(doubts.path, token=stack.person("early"))
    bob = visitors.open(f"{doubts.path}&pair={pair_on(ada)}", token=stack.person("late"))
    expect(bob.get_by_text("is looking at this pair")).to_be_visible()
    press(ada, "d")
    press(bob, "s")
    expect(bob.get_by_role("alert")).to_contain_text("settled meanwhile")
    made = [c for c in stack.answer("/api/v1/corrections?limit=200")["items"] if doubts.source in c["a"]]
    assert [(each["author"], each["action"]) for each in made] == [("early", "different")]


def test_what_the_service_does_not_take_leaves_the_pair(stack: Stack, visitors: Visitors, doubts: Doubts) -> None:
    visitors.forgive("ERR_INTERNET_DISCONNECTED|Failed to load")
    doubts.ask(1)
    page = visitors.open(doubts.path, token=stack.token)
    pair = pair_on(page)
    page.context.set_offline(True)  # a route that aborts was passed over once in some runs
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text("Not done: the service does not answer")
    assert pair_on(page) == pair
    page.context.set_offline(False)
    press(page, "s")
    expect(page.get_by_role("status")).to_contain_text("2 clusters became one")


def test_a_session_that_ended_leads_to_the_pair_after_signing_in(
    stack: Stack, visitors: Visitors, doubts: Doubts
) -> None:
    visitors.forgive("401")
    doubts.ask(1)
    page = visitors.open(doubts.path, token=stack.token)
    pair = pair_on(page)
    page.context.clear_cookies()
    page.keyboard.press("s")
    page.wait_for_url("**/sign-in?return=**")
    page.get_by_label("Token").fill(stack.token)
    page.get_by_role("button", name="Sign in").click()
    assert pair_on(page) == pair
    assert doubts.open() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_several_at_once_are_seen_before_they_are_sent(
    stack: Stack, visitors: Visitors, doubts: Doubts, scripts: bool
) -> None:
    doubts.ask(3)
    page = visitors.open(f"/review/bulk?source={doubts.source}", token=stack.token, scripts=scripts)
    page.get_by_label("all different papers").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("3 pairs would be different papers")).to_be_visible()
    page.locator("tbody input[type=checkbox]").first.uncheck()
    page.get_by_role("button", name=re.compile("Send")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 decisions in force", timeout=20_000)
    assert doubts.open() == 1


def test_ten_pairs_by_keyboard_within_a_minute(stack: Stack, visitors: Visitors, doubts: Doubts) -> None:
    doubts.ask(10)
    page = visitors.open(doubts.path, token=stack.token, width=PHONE)
    began = time.monotonic()
    for place in range(10):
        press(page, "sd"[place % 2])
    assert time.monotonic() - began < 60
    assert doubts.open() == 0
    expect(page.get_by_text(re.compile("No open pair"))).to_be_visible()
