"""The headline of a pair, by what holds and why."""

from __future__ import annotations

from typing import Any

import pytest

from streams.clusters.corrections import Correction
from streams.matching.decide import explain
from streams.matching.decision import Decision, Explanation
from streams.matching.features import extract
from streams.query.dossier import PairDossier
from streams.query.explain import PairExplanation
from streams.serve.page.views.pair import PairView, pair_view
from tests.clusters.test_canonical import ARXIV, CROSSREF

MADE = Correction(id="k1", action="same", author="ada", time="2026-01-01T00:00:00Z", a=ARXIV.id, b=CROSSREF.id)


def view(
    decision: Decision | None = None, *, together: bool = False, rule: str = "", key: bool = True, **said: Any
) -> PairView:
    explanation = (
        explain(extract(ARXIV), extract(CROSSREF)) if decision is None else Explanation(decision, (), -2.0, rule)
    )
    found = PairExplanation(explanation, together, said.get("same", []), said.get("different", []))
    return pair_view(PairDossier(ARXIV, CROSSREF, found, "ca", "ca" if together else "cb", key))


def decided(verdict: str, **more: Any) -> Decision:
    return Decision(verdict, 0.8, ("same_doi",), "r", **more)


@pytest.mark.parametrize(
    ("given", "headline", "tone"),
    [
        ({"decision": decided("duplicate"), "together": True}, "The same paper", "good"),
        ({"decision": decided("review"), "together": True}, "In one cluster, by way of other records", "warn"),
        ({"decision": decided("duplicate")}, "Alike, but kept apart", "warn"),
        ({"decision": decided("duplicate"), "key": False}, "Alike, but never compared", "warn"),
        ({"decision": decided("review")}, "Doubtful", "warn"),
        ({"decision": decided("related", relation="corrects")}, "Related, not the same", ""),
        ({"decision": decided("distinct"), "rule": "dois_differ"}, "Different papers", "bad"),
        ({"decision": decided("distinct"), "same": [MADE], "together": True}, "The same paper", "good"),
        ({"decision": decided("duplicate"), "different": [MADE]}, "Different papers", "bad"),
    ],
)
def test_the_headline_says_what_holds(given: dict[str, Any], headline: str, tone: str) -> None:
    shown = view(**given)
    assert (shown.headline, shown.tone) == (headline, tone)
    assert shown.why[0].isupper()
    assert shown.why.endswith(".")


def test_it_has_the_evidence_and_both_records() -> None:
    shown = view(together=True)
    assert (shown.a.record, shown.b.record, shown.a.cluster_id) == (ARXIV.id, CROSSREF.id, "ca")
    assert {row.field for row in shown.evidence.rows} >= {"title", "authors"}
    assert {row.field for row in shown.rows} >= {"title", "authors", "abstract"}


def test_a_correction_that_says_both_is_listed_once() -> None:
    shown = view(decided("duplicate"), same=[MADE], together=True)
    assert ([row.id for row in shown.corrections], shown.says_same, shown.says_different) == (["k1"], True, False)
