from __future__ import annotations

from streams.clusters.corrections import Correction, Verdict
from streams.events import Cause, Evidence
from streams.matching.decision import DUPLICATE, Decision

DECISION = Decision(DUPLICATE, 0.9, ("title_exact",), "1")
INSIDE, ACROSS = Evidence("s:a", "s:b", DECISION), Evidence("s:b", "t:c", DECISION)
DECISIONS = {"s:a": [INSIDE], "s:b": [INSIDE, ACROSS], "t:c": [ACROSS]}


def test_messages_are_causes_of_the_events_of_their_cluster_only() -> None:
    cause = Cause.messages(["s:b", "s:a", "t:c"], DECISIONS)
    assert cause.of(["s:a"], ["s:a", "s:b"]) == (["s:a", "s:b"], [INSIDE])
    assert cause.of([], ["t:c"]) == (["t:c"], [])
    assert cause.of(["s:x"], ["s:x"]) == ([], [])


def test_a_relation_has_the_decision_across_the_border_as_its_evidence() -> None:
    cause = Cause.messages(["s:a", "s:b"], DECISIONS)
    assert cause.of(["s:a", "s:b"], ["s:a", "s:b"], frozenset({("s:b", "t:c")})) == (["s:b"], [ACROSS])


def test_a_correction_is_the_only_cause_and_has_no_evidence() -> None:
    correction = Correction(id="k1", action="same", author="ada", time="2026-01-01T00:00:00Z", a="s:a", b="s:b")
    cause = Cause.correction(Verdict(correction, 1, "s:a", "s:b", "same"))
    assert cause.of(["s:a"], ["s:a", "s:b"]) == (["correction:k1"], [])
    assert cause.verdict is not None
    assert cause.verdict.fields()["id"] == "k1"


def test_a_rebuild_names_its_generation_and_shows_its_decisions() -> None:
    assert Cause.rebuild("g2", DECISIONS).of([], ["s:a", "s:b"]) == (["rebuild:g2"], [INSIDE])
    assert Cause.rebuild("g2", {}).of(["s:a"], []) == (["rebuild:g2"], [])


def test_a_failover_names_its_generation() -> None:
    assert Cause.failover("g1").of(["s:a"], []) == (["forgotten:g1"], [])
