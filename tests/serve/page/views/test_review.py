"""The page of the queue: its words, its addresses, and what is shown of a pair."""

from __future__ import annotations

from typing import Any

import pytest

from streams.clusters.corrections import Verdict
from streams.curation.claims import Claim
from streams.curation.corrections import make_correction
from streams.curation.review_queue import Asked, Facets, Filters
from streams.matching.decision import Comparison, Decision, Explanation
from streams.query.answers import PreviewAnswer, PreviewCluster
from streams.query.doubts import OpenDoubt, Side
from streams.records.record import Record
from streams.serve.corrections import CorrectionAnswer
from streams.serve.deciding import Decided, Foreseen, Further, InCluster, Settled
from streams.serve.page.views.review import (
    Part,
    bulk_view,
    done_view,
    further_view,
    item_view,
    mine_rows,
    outcome_rows,
    queue_view,
    settled_words,
)  # fmt: skip
from streams.serve.review import OpenPair

DECISION = Decision("review", 0.5, ("title_different", "year_more"), "r1")
PAIR = OpenPair(
    Asked("p1", "mine:1", "other:2", 0.5, ("title_different",), 5_000),
    OpenDoubt(Side("mine:1", "On corals", "c1", 3), Side("other:2", "Of trees", "c2", 1), DECISION),
)
A, B = (
    Record(source="mine", source_id="1", title="On corals"),
    Record(source="other", source_id="2", title="Of trees"),
)


def answer(action: Any = "same", status: Any = "active", **more: str) -> CorrectionAnswer:
    return CorrectionAnswer(id="k1", action=action, status=status, author="ada", time="t", **more)


def clusters(*sizes: int) -> tuple[InCluster, ...]:
    return tuple(InCluster(f"c{place}", size) for place, size in enumerate(sizes))


def test_addresses_have_what_is_not_usual() -> None:
    assert Part().address() == "/review"
    part = Part("effect", source="arxiv", low=0.25, after="x")
    assert part.address(done="d") == "/review?order=effect&source=arxiv&low=0.25&after=x&done=d"
    assert part.address("/review/bulk", action="") == "/review/bulk?order=effect&source=arxiv&low=0.25&after=x"
    assert part.filters == Filters("arxiv", "", 0.25, 1.0)
    assert part.is_filtered
    assert not Part("new", after="x").is_filtered


def test_a_pair_as_a_person_sees_it() -> None:
    explanation = Explanation(DECISION, (Comparison("title", "on corals", "of trees", "different", -5.0),), -2.0)
    shown = item_view(PAIR, A, B, explanation, "ada")
    assert (shown.a.source, shown.b.size, shown.asked, shown.effect) == ("mine", 1, 5.0, 4)
    assert [row.state for row in shown.rows] == ["differs"]
    assert (shown.same_words, shown.different_words) == (
        "one cluster of 4 records", "two clusters, 3 and 1 records",
    )  # fmt: skip
    assert len(shown.why) == 2
    assert shown.claimed_by == ""
    mine, theirs = (PAIR._replace(claim=Claim(name, 9_000)) for name in ("ada", "bob"))
    assert item_view(mine, A, B, explanation, "ada").claimed_by == ""
    claimed = item_view(theirs, A, B, explanation, "ada")
    assert (claimed.claimed_by, claimed.claimed_until) == ("bob", 9.0)


def test_the_queue_counts_with_words() -> None:
    shown = queue_view(Facets(5, [("mine", 5)], [("title_different", 2)], is_all=False), is_current=True)
    assert (shown.count, shown.is_all, shown.sources) == (5, False, (("mine", 5),))
    code, words, count = shown.reasons[0]
    assert (code, count) == ("title_different", 2)
    assert " " in words


@pytest.mark.parametrize(
    ("action", "before", "after", "pairs", "words"),
    [
        ("same", (2, 3), (5,), 3, "2 clusters became one, of 5 records; 3 further open pairs are settled."),
        ("same", (2, 3), (5,), 1, "2 clusters became one, of 5 records; 1 further open pair is settled."),
        ("same", (5,), (5,), 0, "They are one cluster."),
        ("different", (2, 3), (2, 3), 0, "They stay in two clusters."),
        ("different", (5,), (2, 3), 0, "1 cluster became 2."),
        ("undo", (5,), (2, 3), 0, "1 cluster became 2."),
        ("same", (), (), 0, "The clusters follow when a worker has decided it."),
    ],
)
def test_what_was_settled_in_words(
    action: str, before: tuple[int, ...], after: tuple[int, ...], pairs: int, words: str
) -> None:
    assert settled_words(action, Settled(before=clusters(*before), after=clusters(*after), pairs=pairs)) == words


def test_a_bounded_count_says_so() -> None:
    settled = Settled(before=clusters(1, 1), after=clusters(2), pairs=200, is_all=False)
    assert settled_words("same", settled).endswith("; at least 200 further open pairs are settled.")


def test_what_was_decided_just_now() -> None:
    made = Decided(
        pair="p1", a="mine:1", b="other:2", score=0.625, correction=answer(),
        settled=Settled(before=clusters(1, 1), after=clusters(2)),
    )  # fmt: skip
    shown = done_view(made, {"mine:1": "Corals", "other:2": "Corals"})
    assert shown is not None
    assert shown.titles == ("Corals",)
    assert (shown.words, shown.percent, shown.clusters, shown.correction) == ("The same paper", 62.5, ("c0",), "k1")
    waiting = done_view(Decided(pair="p1", a="a", b="b", score=0, correction=answer("different", "sent")), {})
    assert waiting is not None
    assert waiting.is_waiting
    assert "when one does" in waiting.settled
    undone = done_view(Decided(pair="p1", a="a", b="b", score=0, correction=answer("undo", "done")), {})
    assert undone is not None
    assert (undone.words, undone.correction) == ("Undone", "")
    assert done_view(Decided(pair="p1", a="a", b="b", score=0, code="x", problem="y"), {}) is None


def test_rows_of_decisions_and_outcomes() -> None:
    (mine,) = mine_rows([answer(a="mine:1", b="other:2")], {"mine:1": "Corals", "other:2": "Reefs"})
    assert (mine.id, mine.a, mine.titles) == ("k1", "mine:1", ("Corals", "Reefs"))
    rows = outcome_rows(
        [
            Decided(pair="p", a="a", b="b", score=0, correction=answer()),
            Decided(pair="p", a="a", b="b", score=0, correction=answer("different")),
            Decided(pair="p", a="a", b="b", score=0, correction=answer(status="sent")),
            Decided(pair="p", a="a", b="b", score=0, code="correction_conflict", problem="it contradicts k7"),
        ]
    )
    assert [row.kind for row in rows] == ["good", "good", "warn", "bad"]
    assert rows[3].words == "it contradicts k7"


def test_a_preview_of_many() -> None:
    joined = PreviewAnswer(clusters=(PreviewCluster("c1", ("mine:1", "other:2"), ("c1", "c2"), False),), changes=True)
    view = bulk_view([PAIR], "same", Foreseen({}, joined, Further([(PAIR.asked, PAIR.doubt)])), is_cut=True)
    assert (view.accepted, view.refused, view.is_cut) == (1, 0, True)
    assert view.result == "2 clusters of today become 1."
    assert view.rows[0].percent == 50.0
    assert view.further.words == "1 further open pair would be settled as well."
    assert [(a.record, b.record) for a, b in view.further.pairs] == [("mine:1", "other:2")]
    apart = bulk_view([PAIR], "different", Foreseen({}, PreviewAnswer(), Further()), is_cut=False)
    assert "2 clusters of today stay" in apart.result
    assert apart.further.words == "No further open pair would be settled."
    refused = Verdict(make_correction("same", "ada", a="mine:1", b="other:2"), 1, code="c", detail="it contradicts k7")
    none = bulk_view([PAIR], "same", Foreseen({"p1": refused}, PreviewAnswer(), Further()), is_cut=False)
    assert (none.accepted, none.rows[0].refused, none.result) == (0, "it contradicts k7", "Nothing would change.")
    large = bulk_view([PAIR], "same", Foreseen({}, PreviewAnswer(computed=False), Further()), is_cut=False)
    assert "too large" in large.result
    assert "not known" in large.further.words


def test_many_further_pairs_are_counted_and_the_first_are_named() -> None:
    view = further_view(Further([(PAIR.asked, PAIR.doubt)] * 60, is_all=False), is_done=True)
    assert view.words == "At least 60 further open pairs are settled as well."
    assert (len(view.pairs), view.left_out) == (50, 10)
    assert (
        further_view(Further((), is_all=False), is_done=True).words == "Of the further pairs looked at none is settled."
    )
