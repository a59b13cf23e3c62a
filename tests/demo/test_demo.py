from collections import Counter
from importlib.resources import files

import orjson
import pytest

import streams
from streams.api.record_pool import RecordPool
from streams.clusters.review_queue import Budget, Doubtful, choose
from streams.demo import feed
from streams.errors import PayloadError
from streams.matching.decision import REVIEW
from streams.records.record import Delete, Record
from streams.records.stored import id_of
from streams.sources import Item, parse

GOLD = {
    row["record"]: row["cluster"]
    for row in map(orjson.loads, files("streams.demo").joinpath("gold.jsonl").read_bytes().splitlines())
}


@pytest.fixture(scope="module")
def items() -> list[tuple[str, Item]]:
    return [(source, item) for source, key, payload in feed() for item in parse(source, payload, key)]


@pytest.fixture(scope="module")
def records(items: list[tuple[str, Item]]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for _, item in items:
        if isinstance(item, Record):
            found.setdefault(item.id, []).append(item)
    return found


def test_it_is_the_same_each_time_and_mixes_the_sources() -> None:
    messages = feed()
    assert messages == feed()
    assert len({source for source, _, _ in messages}) == 9
    assert len({source for source, _, _ in messages[:20]}) >= 5


def test_every_payload_parses_as_intended(items: list[tuple[str, Item]]) -> None:
    problems = Counter((source, item.code) for source, item in items if isinstance(item, PayloadError))
    assert problems == {("crossref", "not_json"): 1, ("openalex", "no_identity"): 1, ("arxiv", "no_identity"): 1}
    deletes = {(source, item.reason) for source, item in items if isinstance(item, Delete)}
    assert deletes == {
        ("arxiv", "oai_deleted"),
        ("internet_archive", "fatcat_deleted"),
        ("semantic_scholar", "tombstone"),
    }


def test_nothing_had_to_be_repaired(records: dict[str, list[Record]]) -> None:
    assert {record.id: record.warnings for versions in records.values() for record in versions if record.warnings} == {}


def test_a_key_names_its_record() -> None:
    for source, key, payload in feed():
        items = parse(source, payload, key)
        if len(items) == 1 and isinstance(items[0], Record | Delete):
            assert items[0].source_id == key.decode()
        else:
            assert key == b""


def test_deletes_take_back_what_came_before(items: list[tuple[str, Item]]) -> None:
    seen = set()
    for _, item in items:
        if isinstance(item, Record):
            seen.add(item.id)
        elif isinstance(item, Delete) and item.reason != "oai_deleted":
            assert item.id in seen


def test_arxiv_versions_come_in_order(records: dict[str, list[Record]]) -> None:
    versions = {name: [r.version for r in found] for name, found in records.items() if len(found) > 1}
    assert versions["arxiv:1706.03762"] == versions["arxiv:1810.04805"] == [1, 2]
    assert versions["arxiv:1412.6980"] == [1, 9]


def test_facts_survive_the_shapes(records: dict[str, list[Record]]) -> None:
    bert = records["crossref:10.18653/v1/n19-1423"][0]
    assert bert.identifier("doi") == "10.18653/v1/n19-1423"
    assert bert.authors[0].name == "Jacob Devlin"
    transformer = records["arxiv:1706.03762"][0]
    assert len(transformer.authors) == 8
    copies = [r for r in records.values() if r[0].source == "semantic_scholar" and r[0].title.startswith("Attention")]
    assert len(copies[0][0].authors) == 7
    assert records["crossref:10.1016/j.physletb.2012.08.020"][0].authors[0].organization
    correction = records["crossref:10.1051/0004-6361/201833910e"][0].relations[0]
    assert (correction.kind, correction.value) == ("corrects", "10.1051/0004-6361/201833910")


def test_gold_names_every_record_that_stays(records: dict[str, list[Record]], items: list[tuple[str, Item]]) -> None:
    gone = {item.id for _, item in items if isinstance(item, Delete)}
    assert set(GOLD) == set(records) - gone
    assert len(set(GOLD.values())) == 121


def test_a_person_is_asked_about_a_dozen_pairs(items: list[tuple[str, Item]]) -> None:
    """Those between two clusters, within the budget that even one micro-batch of the whole feed has."""
    live = [item for _, item in items if isinstance(item, Record | Delete)]
    home = {
        id_of(record): (b"", number)
        for number, cluster in enumerate(streams.deduplicate(live))
        for record in cluster.record_ids
    }
    pool = RecordPool()
    pool.add((item, place) for place, item in enumerate(live))
    _, compared = RecordPool().add(
        (entry.record, place) for place, entry in enumerate(pool.entries.values()) if entry.live
    )
    doubtful = [
        Doubtful(one.arrived, one.other, one.decision.score, 1) for one in compared if one.decision.verdict == REVIEW
    ]
    choice = choose(doubtful, home.__getitem__, Budget().earn(len(live)))
    assert 12 <= len(choice.asked) <= 20
    assert choice.capped == 0
