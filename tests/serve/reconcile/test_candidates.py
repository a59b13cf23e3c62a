"""Scores, and when one cluster is the match."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.decision import DUPLICATE, RELATED, REVIEW
from streams.query.answers import ClusterAnswer, LookupAnswer, MatchAnswer, MatchedCluster
from streams.serve.reconcile.candidates import Weighed, candidate, described, named, weigh
from tests.serve.reconcile import schemas

A, B = "caaaaaaaaaaaaa", "cbbbbbbbbbbbbb"


def matched(cluster: str, verdict: str = DUPLICATE, score: float = 0.9, *, joins: bool | None = None) -> MatchedCluster:
    joining = verdict == DUPLICATE if joins is None else joins
    return MatchedCluster(
        cluster_id=cluster,
        joins=joining,
        verdict=verdict,
        score=score,
        reasons=("title_exact_rare",),
        relation="",
        record="mine:1",
        title="Corals",
        size=2,
    )


def named_by(*clusters: str, **more: Any) -> list[LookupAnswer]:
    return [LookupAnswer(asked="x", clusters=clusters, **more)]


def brief(found: list[Weighed]) -> list[tuple[str, float, bool]]:
    return [(each.cluster_id, each.score, each.match) for each in found]


def test_the_only_duplicate_is_the_match() -> None:
    found = weigh([], MatchAnswer(clusters=(matched(A), matched(B, REVIEW, 0.6))))
    assert brief(found) == [(A, 90.0, True), (B, 60.0, False)]
    assert {each.id: each.value for each in found[0].features} == {
        "probability": 0.9,
        "joins": True,
        "identifier": False,
        "size": 2,
        "reason_title_exact_rare": True,
    }


def test_two_duplicates_are_no_match() -> None:
    assert brief(weigh([], MatchAnswer(clusters=(matched(A), matched(B, score=0.8))))) == [
        (A, 90.0, False),
        (B, 80.0, False),
    ]


def test_a_duplicate_that_is_kept_out_or_not_divided_is_no_match() -> None:
    assert not weigh([], MatchAnswer(clusters=(matched(A, joins=False),)))[0].match
    assert not weigh([], MatchAnswer(clusters=(matched(A),), partitioned=False))[0].match


def test_doubtful_and_related_come_after_duplicates_whatever_their_probability() -> None:
    found = weigh(
        [], MatchAnswer(clusters=(matched(A, score=0.7), matched(B, REVIEW, 0.99), matched("cc", RELATED, 1.0)))
    )
    assert brief(found) == [(A, 70.0, True), (B, 69.0, False), ("cc", 49.0, False)]


def test_an_identifier_in_another_cluster_prevents_a_match() -> None:
    found = weigh(named_by(B), MatchAnswer(clusters=(matched(A),)))
    assert brief(found) == [(A, 90.0, False), (B, 50.0, False)]
    assert weigh(named_by(A), MatchAnswer(clusters=(matched(A),)))[0].match
    assert weigh([LookupAnswer(asked="x", code="unknown_identifier")], MatchAnswer(clusters=(matched(A),)))[0].match


def test_identifiers_alone_match_the_only_cluster_that_they_name() -> None:
    assert brief(weigh(named_by(A), None)) == [(A, 100.0, True)]
    assert brief(weigh(named_by(A) + named_by(A), None)) == [(A, 100.0, True)]
    assert brief(weigh(named_by(A, B), None)) == [(A, 50.0, False), (B, 50.0, False)]
    assert brief(weigh(named_by(A, key_full=True), None)) == [(A, 100.0, False)]
    assert weigh([], None) == []


verdicts = st.sampled_from([DUPLICATE, REVIEW, RELATED])
found_clusters = st.lists(
    st.builds(
        lambda cluster, verdict, score, joins: matched(
            cluster, verdict, max(score, 0.7 * (verdict == DUPLICATE)), joins=joins
        ),
        st.sampled_from("abcd"),
        verdicts,
        st.floats(0, 1),
        st.booleans(),
    ),
    unique_by=lambda each: each.cluster_id,
)


@given(found_clusters, st.lists(st.sampled_from("abcdef"), max_size=3), st.booleans())
def test_a_match_is_alone_and_has_the_highest_score(
    clusters: list[MatchedCluster], identified: list[str], partitioned: bool
) -> None:
    found = weigh(named_by(*identified), MatchAnswer(clusters=tuple(clusters), partitioned=partitioned))
    assert sum(each.match for each in found) <= 1
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)
    assert not any(each.match for each in found[1:])
    assert {each.cluster_id for each in found} == {each.cluster_id for each in clusters} | set(identified)
    for each in found:
        assert len({feature.id for feature in each.features}) == len(each.features)


def test_a_candidate_has_the_name_and_the_line_of_its_cluster() -> None:
    document = {"title": "Corals", "authors": ["A", "B", "C", "D"], "journal": "Seas", "year": 2021}
    cluster = ClusterAnswer(cluster_id=A, revision=1, size=2, records=("mine:1", "mine:2"), document=document)
    made = candidate(Weighed(A, 90.0, True, ()), cluster)
    assert (made.id, made.name, made.description) == (A, "Corals", "A, B, C et al. · Seas · 2021 · 2 records")
    bare = ClusterAnswer(cluster_id=A, revision=1, size=1, records=("mine:1",), document={})
    assert (named(bare), described(bare)) == (A, "1 record")
    schemas.check(schemas.CANDIDATE, json.loads(msgspec.json.encode(made)))
