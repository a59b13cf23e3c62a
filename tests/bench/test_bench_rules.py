"""The bench on rules: weights that are fitted, rules that are left out, changes that should or should not part a pair."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from streams.matching.decide import decide
from streams.matching.features import extract
from streams.matching.pair import Levels, compare
from streams.matching.ruleset import DEFAULT, load
from streams.records.record import Author, Identifier, Record

pytest.importorskip("numpy")

BENCH = Path(__file__).parents[2] / "bench"

RANDOM = Random(7)  # noqa: S311 - not for secrets
UNKNOWN = Levels(*["unknown"] * len(Levels._fields))
STORKS = Record(
    source="one",
    source_id="1",
    title="Nesting of white storks in 12 villages: a behaviour study with colour rings – Évora",
    authors=(Author("Ana Lourenço Pereira"), Author("Müller, Jörg")),
    date="2009-05",
    journal="Journal of Iberian Ornithology",
    volume="14",
    number="2",
    pages="221-228",
    abstract="White storks nested on roofs and poles. " * 8,
    identifiers=(Identifier("doi", "10.5555/jio.2009.0221"), Identifier("arxiv", "0905.00021")),
)


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts of the bench import each other as modules beside them."""
    monkeypatch.syspath_prepend(str(BENCH))


def test_weights_follow_the_examples_within_order_and_bounds(tmp_path: Path) -> None:
    from train import Example, difference, fit, write
    from train_opinion import CEIL, FLOOR, OPINION, ORDER, PRIOR_MAX

    same = [Example(UNKNOWN._replace(title="typo_rare", year=year), True, "", 500.0) for year in ("same", "one")]
    other = [Example(UNKNOWN._replace(title="exact_rare", year="same"), False, "", 500.0)]
    learned = fit([*same, *other])
    rules = learned.rules()
    weights = rules.weights
    assert weights["title"]["exact_rare"] < OPINION["title"]["exact_rare"]
    for field, chains in ORDER.items():
        for chain in chains:
            held = [weights[field][level] for level in chain]
            bound = any((field, level) in FLOOR or (field, level) in CEIL for level in chain)
            assert bound or held == sorted(held)
    assert all(weights[field][level] >= least for (field, level), least in FLOOR.items())
    assert all(weights[field][level] <= most for (field, level), most in CEIL.items())
    assert rules.prior <= PRIOR_MAX
    assert fit([*same, *other]).rules() == rules, "nothing is drawn at random"
    write(tmp_path / "weights.toml", learned)
    assert load((tmp_path / "weights.toml").read_text()) == rules
    assert difference(rules, rules)[0] == 0.0


def test_nothing_to_learn_from_leaves_what_was_believed() -> None:
    from train import fit
    from train_opinion import OPINION

    weights = fit([]).rules().weights
    assert weights["authors"] == OPINION["authors"] | {"unknown": 0.0}


def test_the_bits_of_a_doubt_follow_the_pairs_it_holds_back() -> None:
    from train import Example, fit
    from train_opinion import DOUBT_MAX

    levels = UNKNOWN._replace(title="exact_rare", authors="same_many")
    right = fit([Example(levels, True, "title_alone", 900.0)]).doubts["title_alone"]
    wrong = fit([Example(levels, True, "", 900.0), Example(levels, False, "title_alone", 900.0)]).doubts["title_alone"]
    assert wrong < right <= DOUBT_MAX


def test_a_rule_is_left_out_of_every_table_and_comes_back() -> None:
    from rules_in_use import decider, without

    other_villages = replace(STORKS, title=STORKS.title.replace("12", "13"), identifiers=(), pages="", abstract="")
    one, other = extract(STORKS), extract(other_villages)
    pair = compare(one, other)
    assert pair is not None
    rule = decider(pair, DEFAULT)
    assert rule is not None
    assert rule.code == "numbers_differ"
    with without("numbers_differ"):
        left = decider(pair, DEFAULT)
        assert left is None or left.code != "numbers_differ"
        assert decide(one, other).reasons[0] != "numbers_differ"
    assert decide(one, other).reasons[0] == "numbers_differ"


def test_every_harmless_change_applies_and_leaves_a_full_record_together() -> None:
    from harmless_changes import HARMLESS
    from mutate import _became

    for harmless in HARMLESS:
        changed = harmless.change(STORKS, RANDOM)
        assert changed is not None, harmless.code
        assert changed != STORKS, harmless.code
        assert _became(STORKS, changed)[0] == "together", harmless.code


def test_every_decisive_change_applies_and_differs_in_one_thing_alone() -> None:
    from decisive_changes import DECISIVE

    for decisive in DECISIVE:
        trio = decisive.change(STORKS, replace(STORKS, source="two"), RANDOM)
        assert trio is not None, decisive.code
        assert trio.same != trio.other, decisive.code


def test_a_change_that_should_part_is_tried_only_where_the_rest_keeps_together() -> None:
    from mutate import mutate
    from sets import FeedSet
    from subjects import Subject

    records = {"one:1": STORKS, "two:2": replace(STORKS, source="two", source_id="2")}
    subject = Subject(FeedSet("storks", "storks", records, dict.fromkeys(records, "w")))
    trials = {trial.code: trial for trial in mutate(subject, subject.world)}
    assert (trials["full stop"].tried, trials["full stop"].together, trials["full stop"].rate) == (1, 1, 1.0)
    assert (trials["number"].tried, trials["number"].apart) == (1, 1)
    assert trials["arXiv id"].rate == 1.0


def replace(record: Record, **changed: object) -> Record:
    from msgspec.structs import replace as changed_copy

    return changed_copy(record, **changed)
