import gzip
from collections import Counter, defaultdict
from itertools import islice, pairwise
from pathlib import Path

import orjson
import pytest

from streams.records.record import Delete, Record
from streams.sources import parse
from streams.synthetic import Generated, generate, gold_rows
from streams.synthetic.generator import main
from streams.synthetic.works import FAMILIES

KINDS = [
    "plain",
    "sibling",
    "part",
    "annual",
    "generic",
    "derived",
    "retitled",
    "template",
    "namesake",
    "translated",
    "thesis",
]


@pytest.fixture(scope="module")
def feed() -> list[Generated]:
    return list(generate(7, 4_000))


def test_the_same_seed_gives_the_same_feed_and_another_seed_another() -> None:
    assert list(generate(1, 300)) == list(generate(1, 300))
    assert list(generate(1, 300)) != list(generate(2, 300))


def test_it_streams() -> None:
    assert len(list(islice(generate(1, 10**12), 50))) == 50


def test_every_trap_is_set_and_plain_works_are_most(feed: list[Generated]) -> None:
    kinds = Counter({message.work: message.kind for message in feed}.values())
    assert set(kinds) == set(KINDS)
    assert kinds["plain"] > 0.5 * sum(kinds.values())
    assert sum(share for share, _ in FAMILIES) == pytest.approx(1)


def test_truth_is_whole(feed: list[Generated]) -> None:
    works = defaultdict(set)
    for message in feed:
        works[message.record_id].add(message.work)
    assert all(len(found) == 1 for found in works.values())
    assert {message.work for message in feed} == {f"w{n}" for n in range(4_000)}


def test_an_arxiv_id_or_doi_belongs_to_one_work(feed: list[Generated]) -> None:
    owners = defaultdict(set)
    for message in feed:
        for field in ("arxiv_id", "doi"):
            if value := message.document.get(field):
                plain = value.lower().rstrip(".").removeprefix("https://doi.org/").removeprefix("http://dx.doi.org/")
                owners[plain.removeprefix("doi:")].add(message.work)
    assert max(map(len, owners.values())) == 1


def test_events_of_a_record_come_in_their_true_order(feed: list[Generated]) -> None:
    order = {"new": 0, "resend": 1, "update": 1, "delete": 2}
    seen: dict[str, int] = {}
    for message in feed:
        assert order[message.event] == 0 or message.record_id in seen
        assert order[message.event] >= seen.get(message.record_id, 0)
        seen[message.record_id] = order[message.event]
    assert {m.record_id for m in feed if not m.live} == {m.record_id for m in feed if m.event == "delete"}


def test_records_of_one_work_do_not_come_together(feed: list[Generated]) -> None:
    together = sum(a.work == b.work for a, b in pairwise(feed))
    assert together < 0.02 * len(feed)


def test_plain_titles_are_naturally_distinct(feed: list[Generated]) -> None:
    titles = defaultdict(set)
    for message in feed:
        if message.kind == "plain" and message.event == "new":
            titles[message.document["title"]].add(message.work)
    assert sum(len(works) > 1 for works in titles.values()) <= 4


def test_without_noise_records_of_a_plain_work_agree() -> None:
    titles = defaultdict(set)
    for message in generate(3, 500, noise=0):
        assert message.event == "new"
        assert message.document["authors"]
        if message.kind == "plain" and "subtitle" not in message.document:
            titles[message.work].add(message.document["title"].partition(":")[0])
    assert all(len(found) == 1 for found in titles.values())


def test_noise_makes_the_errors_real_sources_make(feed: list[Generated]) -> None:
    documents = [message.document for message in feed if message.event == "new"]
    assert any("$" in d["title"] or "\\" in d["title"] for d in documents)
    assert any("authors" not in d for d in documents)
    assert any("year" not in d for d in documents)
    assert any(d.get("doi", "").startswith("doi:") for d in documents)
    assert any(d["title"].isupper() for d in documents)
    assert any("<jats:p>" in d.get("abstract", "") for d in documents)


@pytest.mark.parametrize("shapes", [False, True])
def test_every_message_is_read_as_the_record_it_is(shapes: bool) -> None:
    for message in generate(5, 400, shapes=shapes):
        (item,) = parse(message.feed, message.value, message.key)
        assert isinstance(item, Delete if message.event == "delete" else Record)
        assert item.id == message.record_id
        assert not getattr(item, "warnings", ())


def test_gold_holds_every_live_record_once(feed: list[Generated]) -> None:
    rows = list(gold_rows(iter(feed)))
    assert len({row["record"] for row in rows}) == len(rows)
    assert {row["record"] for row in rows} == {m.record_id for m in feed if m.live}


def test_the_command_writes_feed_and_gold_the_same_each_time(tmp_path: Path) -> None:
    out, gold = tmp_path / "feed.jsonl.gz", tmp_path / "gold.jsonl.gz"
    arguments = ["--works", "50", "--seed", "4", "--out", str(out), "--gold", str(gold)]
    main(arguments)
    first = out.read_bytes(), gold.read_bytes()
    main(arguments)
    assert (out.read_bytes(), gold.read_bytes()) == first
    documents = [orjson.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    records = {orjson.loads(line)["record"] for line in gzip.decompress(gold.read_bytes()).splitlines()}
    assert records <= {f"{d['source']}:{d['id']}" for d in documents}


def test_the_command_writes_payloads_for_the_sources(tmp_path: Path) -> None:
    out = tmp_path / "feed.jsonl"
    main(["--works", "50", "--seed", "4", "--shapes", "--out", str(out)])
    lines = [orjson.loads(line) for line in out.open("rb")]
    assert {"arxiv", "crossref"} <= {line["source"] for line in lines}
    assert all(set(line) == {"source", "key", "payload"} for line in lines)
