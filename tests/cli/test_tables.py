"""Tables of decisions and scores as they are printed where no terminal is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.console import RenderableType

from streams.cli.context import console
from streams.cli.tables import cluster_table, cross_table, decision_table, explanation_table, score_cells
from streams.evaluation.scores import B3, Pairwise, cluster_scores, cross_scores, decision_scores
from streams.matching.decide import explain
from tests.matching.matching_factory import features

TITLE = "Hearing of burrowing owls under snow cover in boreal winters"


Show = Callable[[RenderableType], str]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Print, and return what was printed."""

    def printed(shown: RenderableType) -> str:
        console().print(shown)
        return capsys.readouterr().out

    return printed


def test_scores_have_four_digits() -> None:
    assert score_cells(Pairwise(1, 2, 4)) == ("0.5000", "0.2500", "0.3333")
    assert score_cells(B3(1.0, 0.5)) == ("1.0000", "0.5000", "0.6667")


def test_a_pair_is_a_waterfall_that_ends_in_the_verdict(show: Show) -> None:
    found = explain(features(TITLE, "Ines Halvorsen", date="2011"), features(TITLE, "I. Halvorsen", date="2011"))
    lines = show(explanation_table(found, title="one pair")).splitlines()
    assert lines[0].strip() == "one pair"
    assert any("exact rare" in line and "█" in line for line in lines)
    assert any(line.startswith(f"duplicate, score {found.decision.score:.3f}") for line in lines)


def test_a_rule_that_settled_a_pair_is_named_beside_the_sum(show: Show) -> None:
    found = explain(features(TITLE, "Ines Halvorsen"), features(f"Erratum to: {TITLE}", "Ines Halvorsen"))
    assert "related (corrects), score" in show(explanation_table(found))
    assert "derived_corrects" in show(explanation_table(found))


def test_clusters_are_shown_with_what_went_wrong(show: Show) -> None:
    gold = {"s:1": "A", "s:2": "A", "s:3": "B", "s:4": "B", "s:5": "C"}
    text = show(cluster_table(cluster_scores([("s:1", "s:2", "s:3"), ("s:4",), ("s:9",)], gold)))
    assert "1 gold records are in no cluster" in text
    assert "1 records gold does not know were left out" in text
    assert "s:1, s:2  |  s:3" in text
    assert "under-merged" in text


def test_pairs_across_sources_are_shown_with_those_that_were_missed(show: Show) -> None:
    text = show(cross_table(cross_scores([("d:1", "g:1")], [("d:1", "g:1"), ("d:2", "g:2")])))
    assert "missed" in text
    assert "d:2  |  g:2" in text


def test_verdicts_are_counted_by_label(show: Show) -> None:
    judged = [("duplicate", "duplicate"), ("distinct", "review"), ("unsure", "duplicate")]
    text = show(decision_table(decision_scores(judged)))
    assert "left for review: 1 (50.0%)" in text
    assert "1 labelled unsure were left out" in text
