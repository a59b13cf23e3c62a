"""Which blocking keys the decision cache finds that two stored records share, against the key index itself."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from streams.engine.decision_cache import DecisionCache
from streams.matching.candidate_pairs import are_candidates, shared_key_kinds
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.matching.ruleset import DEFAULT
from streams.records.record import Record
from streams.sources import parse
from streams.state.layout import Layout
from streams.state.record_store import RecordStore
from streams.synthetic import generate

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def made() -> dict[str, Features]:
    items = [parse("document", item.value or None, item.key)[0] for item in generate(41, 50, noise=2.0)]
    return {record.id: extract(record) for record in items if isinstance(record, Record)}


def test_records_meet_in_the_index_as_they_do_without_one(made: dict[str, Features]) -> None:
    layout = Layout("n", "1", 16)
    store = RecordStore(layout)
    decisions = DecisionCache(store, layout, DEFAULT)
    stored = {name: store.encode_features(features) for name, features in made.items()}
    met = {(a, b): are_candidates(made[a], made[b]) for a, b in combinations(made, 2)}
    assert any(met.values())
    assert any(shared_key_kinds(made[a], made[b]) for (a, b), together in met.items() if not together), (
        "the screen parts some"
    )
    assert {pair: decisions.share_blocking_key(stored[pair[0]], stored[pair[1]]) for pair in met} == met


def test_records_meet_in_the_bench_as_they_do_without_it(
    made: dict[str, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from world import World

    world: Any = World(made)
    assert all(
        world.are_candidates(world.number[a], world.number[b]) == are_candidates(made[a], made[b])
        for a, b in combinations(made, 2)
    )
