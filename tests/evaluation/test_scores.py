import gzip
import io
import random
import sys
from itertools import combinations
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.evaluation.scores import cluster_scores, connected_components, cross_scores, decision_scores, read_rows


def test_cluster_scores_of_a_known_example() -> None:
    gold = {"s:1": "A", "s:2": "A", "s:3": "A", "s:4": "B", "s:5": "B", "s:6": "C"}
    scores = cluster_scores([("s:1", "s:2"), ("s:3", "s:4", "s:5"), ("s:6",)], gold)
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (2, 4, 4)
    assert scores.pairs.precision == scores.pairs.recall == scores.pairs.f1 == 0.5
    # by record: 1, 1, 1/3, 2/3, 2/3, 1 and 2/3, 2/3, 1/3, 1, 1, 1
    assert scores.b_cubed.precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3 + 1) / 6)
    assert scores.b_cubed.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)
    assert scores.over_merged == ((("s:3",), ("s:4", "s:5")),)
    assert scores.under_merged == ((("s:1", "s:2"), ("s:3",)),)
    assert (scores.records, scores.clusters, scores.gold_clusters) == (6, 3, 3)


def test_records_gold_does_not_know_are_left_out_and_lost_ones_cost_recall() -> None:
    gold = {"s:1": "A", "s:2": "A"}
    scores = cluster_scores([("s:1", "s:9"), ("s:8",)], gold)
    assert (scores.missing, scores.unlabelled) == (1, 2)
    assert (scores.pairs.precision, scores.pairs.recall) == (1.0, 0.0)


def test_a_record_in_two_clusters_is_refused() -> None:
    with pytest.raises(UsageError, match="s:1 is in two clusters"):
        cluster_scores([("s:1",), ("s:1", "s:2")], {"s:1": "A"})


def test_nothing_scores_as_perfect_not_as_an_error() -> None:
    scores = cluster_scores([], {})
    assert (scores.pairs.f1, scores.b_cubed.f1) == (1.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=25))
def test_cluster_scores_agree_with_counting_every_pair(rows: list[tuple[int, int]]) -> None:
    gold = {f"s:{i}": str(truth) for i, (_, truth) in enumerate(rows)}
    found = {f"s:{i}": cluster for i, (cluster, _) in enumerate(rows)}
    clusters = [[record for record in found if found[record] == c] for c in set(found.values())]
    scores = cluster_scores(clusters, gold)
    pairs = list(combinations(gold, 2))
    same = {pair for pair in pairs if found[pair[0]] == found[pair[1]]}
    true = {pair for pair in pairs if gold[pair[0]] == gold[pair[1]]}
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (len(same & true), len(same), len(true))
    if rows:
        mates = {r: {o for o in found if found[o] == found[r]} for r in found}
        truths = {r: {o for o in gold if gold[o] == gold[r]} for r in gold}
        precision = sum(len(mates[r] & truths[r]) / len(mates[r]) for r in gold) / len(gold)
        assert scores.b_cubed.precision == pytest.approx(precision)


def test_only_cross_source_pairs_count() -> None:
    clusters = [("d:1", "g:1", "g:2"), ("d:2", "d:3"), ("d:4",), ("g:4",)]
    scores = cross_scores(clusters, [("g:1", "d:1"), ("d:1", "g:1"), ("d:4", "g:4")])
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (1, 2, 2)
    assert scores.missed == (("d:4", "g:4"),)


def test_a_gold_pair_of_records_never_seen_is_missed() -> None:
    assert cross_scores([], [("d:1", "g:1")]).missed == (("d:1", "g:1"),)


def test_decision_scores_ignore_unsure_and_count_review() -> None:
    judged = [
        ("duplicate", "duplicate"),
        ("duplicate", "review"),
        ("distinct", "duplicate"),
        ("distinct", "related"),
        ("unsure", "duplicate"),
    ]
    scores = decision_scores(judged)
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (1, 2, 2)
    assert (scores.total, scores.unsure, scores.review) == (4, 1, 1)
    assert scores.review_share == 0.25
    assert scores.confusion["duplicate", "review"] == 1


@pytest.mark.parametrize("couple", [("same", "duplicate"), ("duplicate", "match")])
def test_unknown_words_are_refused(couple: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="unknown"):
        decision_scores([couple])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15), st.randoms())
def test_closure_does_not_depend_on_the_order_of_links(links: list[tuple[int, int]], rng: random.Random) -> None:
    named = [(str(a), str(b)) for a, b in links]
    records = [str(i) for i in range(10)]
    shuffled = [(b, a) for a, b in named]
    rng.shuffle(shuffled)
    result = connected_components(records, named)
    assert connected_components(reversed(records), shuffled) == result
    assert sorted(record for cluster in result for record in cluster) == records


def test_rows_are_read_plain_gzip_and_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'{"a": 1}\n\n{"a": 2}\n'
    plain, packed = tmp_path / "rows.jsonl", tmp_path / "rows.renamed"
    plain.write_bytes(lines)
    packed.write_bytes(gzip.compress(lines))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lines))))
    for source in (plain, packed, "-"):
        assert [row["a"] for row in read_rows(source)] == [1, 2]


@pytest.mark.parametrize("line", [b"{", b"[1]", orjson.dumps("text")])
def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"{}\n" + line + b"\n")
    with pytest.raises(UsageError, match=r"rows\.jsonl, line 2"):
        list(read_rows(path))


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_rows(tmp_path / "none.jsonl"))
